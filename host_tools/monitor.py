"""Live monitor: what the device's acquisition gives, as a picture in the terminal and as a WFDB record."""

from __future__ import annotations

import math
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.beats import (
    CLASS_NAMES,
    FLAG_LEAD_OFF,
    FLAG_LEARNING,
    FLAG_NOISY,
    FLAG_SATURATED,
    FLAG_UNDECIDED,
)
from host_tools.errors import UserError
from host_tools.link.live import LiveSession, LiveUpdate
from host_tools.link.messages import LIVE_LEAD_OFF, LIVE_NO_SIGNAL, LiveStatus
from host_tools.link.session import LinkReport
from host_tools.records import EcgRecord
from host_tools.reference.params import ADU_PER_MV, DELAY_SAMPLES, FS_HZ
from host_tools.replay import Replay, flag_text, write_results

MISSING = -32768
#: Seconds of signal in the picture.
VIEW_S = 6.0
#: Beats behind the heart rate, and beats listed.
RATE_BEATS = 8
_BRAILLE = 0x2800
#: Bits of a braille character's dots: [column][row from the top].
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


@dataclass
class Picture:
    """The running state of an acquisition.

    Attributes
    ----------
    window : int16 [VIEW_S * FS_HZ]
        The newest samples, adu, -32768 where there is none.
    beats : deque of BEAT_DTYPE
        The newest beats.
    counts : list of int
        Beats of each class since the start.
    status : LiveStatus or None
        The newest one.
    gaps : int
        Samples that did not reach this host (lost frames), as far as known.
    """

    window: npt.NDArray[np.int16] = field(
        default_factory=lambda: np.full(int(VIEW_S * FS_HZ), MISSING, np.int16)
    )
    beats: deque[np.void] = field(default_factory=lambda: deque(maxlen=RATE_BEATS))
    counts: list[int] = field(default_factory=lambda: [0] * len(CLASS_NAMES))
    status: LiveStatus | None = None
    next_sample: int = 0
    gaps: int = 0
    beats_lost: int = 0

    def take(self, update: LiveUpdate) -> None:
        """Take what came."""
        for first, step, values in update.blocks:
            self._take_samples(first, step, values)
        for beat in update.beats:
            self.beats.append(beat[0])
            self.counts[int(beat["aami_class"][0])] += 1
        self.status = update.status or self.status
        self.beats_lost += update.beats_lost

    def _take_samples(self, first: int, step: int, values: npt.NDArray[np.int16]) -> None:
        skipped = max(first - self.next_sample, 0)
        self.gaps += skipped
        new = np.concatenate([np.full(skipped, MISSING, np.int16), np.repeat(values, max(step, 1))])
        keep = new[-len(self.window) :]
        self.window = np.concatenate([self.window[len(keep) :], keep])
        self.next_sample = first + step * len(values)

    @property
    def heart_rate_bpm(self) -> float:
        """Mean of the last RR intervals, beats per minute; NaN while there are none."""
        intervals = [int(beat["rr_prev_samples"]) for beat in self.beats if not beat["flags"] & FLAG_LEARNING]
        return 60.0 * FS_HZ * len(intervals) / sum(intervals) if intervals and sum(intervals) else math.nan

    @property
    def lead_off(self) -> bool:
        """True while an electrode is off: by its pins, or because the input is missing, flat or saturated."""
        return self.status is not None and bool(self.status.flags & (LIVE_LEAD_OFF | LIVE_NO_SIGNAL))

    @property
    def quality(self) -> str:
        """Signal quality in one word, from the lead-off pins and the newest beats' flags."""
        if self.lead_off:
            return "lead off"
        flags = 0
        for beat in list(self.beats)[-3:]:
            flags |= int(beat["flags"])
        for bit, word in (
            (FLAG_SATURATED, "saturated"),
            (FLAG_NOISY, "noisy"),
            (FLAG_LEAD_OFF, "recovering"),
            (FLAG_UNDECIDED, "bad"),
            (FLAG_LEARNING, "learning"),
        ):
            if flags & bit:
                return word
        return "good" if self.beats else "no beats yet"


def braille_wave(samples: npt.NDArray[np.int16], columns: int, rows: int) -> list[str]:
    """Draw a signal in braille characters, two by four dots each; the range follows the signal.

    Parameters
    ----------
    samples : int16 [n]
        adu, -32768 = none, drawn as a gap.
    columns, rows : int
        Size in characters.

    Returns
    -------
    list of str
        ``rows`` lines of ``columns`` characters.
    """
    width, height = 2 * columns, 4 * rows
    cells = np.zeros((rows, columns), np.int32)
    known = samples != MISSING
    if known.any():
        low, high = int(samples[known].min()), int(samples[known].max())
        span = max(high - low, ADU_PER_MV // 10)
        edges = np.linspace(0, len(samples), width + 1).astype(int)
        before: int | None = None
        for x in range(width):
            part = samples[edges[x] : edges[x + 1]]
            part = part[part != MISSING]
            if len(part) == 0:
                before = None
                continue
            ends = [int(part.max()), int(part.min())]
            if before is not None:  # joins the columns
                ends = [max(ends[0], min(before, ends[1])), min(ends[1], max(before, ends[0]))]
            before = int(part[-1])
            top, bottom = ((high - value) * (height - 1) // span for value in ends)
            for y in range(max(top, 0), min(bottom, height - 1) + 1):
                cells[y // 4, x // 2] |= _DOTS[x % 2][y % 4]
    return ["".join(chr(_BRAILLE + int(cell)) for cell in line) for line in cells]


def beat_line(beat: np.void) -> str:
    """One line about a beat: time of its R peak, class, confidence, heart rate, flags."""
    at_s = (int(beat["r_sample"]) - DELAY_SAMPLES) / FS_HZ
    rr = int(beat["rr_prev_samples"])
    rate = f"{60.0 * FS_HZ / rr:5.1f} bpm" if rr else "    - bpm"
    flags = flag_text(int(beat["flags"]))
    sure = int(beat["confidence_q8"]) / 255
    return f"{at_s:9.3f} s  {CLASS_NAMES[beat['aami_class']]}  {sure:4.2f}  {rate}" + (
        f"  {flags}" if flags else ""
    )


def status_line(picture: Picture) -> str:
    """One line of counters: never silent about what was lost."""
    status = picture.status
    if status is None:
        return "waiting for the device"
    counts = "  ".join(f"{name} {n}" for name, n in zip(CLASS_NAMES, picture.counts, strict=True))
    rate = picture.heart_rate_bpm
    return (
        f"{status.taken / FS_HZ:.0f} s  {'-' if math.isnan(rate) else f'{rate:.0f}'} bpm  {picture.quality}  "
        f"SQI {status.sqi}  {counts}  overruns {status.lost}  not received {picture.gaps}  "
        f"beats lost {picture.beats_lost}  late {status.late_max_us} us  "
        f"ring {status.ring_max}/{status.ring_size}"
    )


@dataclass
class Recording:
    """Collects a live session and writes it as a WFDB record."""

    samples: list[npt.NDArray[np.int16]] = field(default_factory=list)
    length: int = 0
    beats: list[npt.NDArray[np.void]] = field(default_factory=list)
    status: LiveStatus | None = None

    def take(self, update: LiveUpdate) -> None:
        """Take what came; samples that did not arrive are missing in the record, in their place."""
        for first, _, values in update.blocks:
            if first > self.length:
                self.samples.append(np.full(first - self.length, MISSING, np.int16))
            self.samples.append(values[max(self.length - first, 0) :])
            self.length = max(self.length, first + len(values))
        self.beats += update.beats
        self.status = update.status or self.status

    def write(self, folder: Path, name: str, device: dict[str, Any]) -> list[Path]:
        """Write ``NAME.dat``, ``NAME.hea`` (16 bits, 200 units per mV) and, as a replay does, the beats.

        Raises
        ------
        UserError
            There is nothing to write, or the folder cannot be written to.
        """
        if self.length == 0:
            raise UserError("nothing was recorded: no samples came")
        samples = np.concatenate(self.samples)
        record = EcgRecord(
            name=name,
            path=folder / name,
            lead="ECG",
            lead_index=0,
            samples=samples,
            spec_fs_hz=FS_HZ,
            fs_hz=FS_HZ,
            start=0,
            stop=len(samples),
            notes=self._notes(samples),
        )
        beats = np.concatenate(self.beats) if self.beats else np.zeros(0, _beat_dtype())
        r_samples = beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
        done = Replay(record, beats, r_samples, LinkReport(), len(samples) / FS_HZ, device)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files = self._write_signal(samples, folder, name, record.notes)
        except OSError as error:
            raise UserError(f"{folder}: cannot be written to ({error.strerror})") from error
        return files + write_results(done, folder)

    def _notes(self, samples: npt.NDArray[np.int16]) -> list[str]:
        lost = self.status.lost if self.status else 0
        return [
            f"{int((samples == MISSING).sum())} of {len(samples)} samples missing: lead off, overrun, lost",
            f"{lost} samples lost to overruns on the device",
        ]

    @staticmethod
    def _write_signal(
        samples: npt.NDArray[np.int16], folder: Path, name: str, notes: list[str]
    ) -> list[Path]:
        import wfdb

        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as aside:
            wfdb.wrsamp(
                name,
                fs=FS_HZ,
                units=["mV"],
                sig_name=["ECG"],
                d_signal=samples.reshape(-1, 1).astype(np.int64),
                fmt=["16"],
                adc_gain=[float(ADU_PER_MV)],
                baseline=[0],
                comments=notes,
                write_dir=aside,
            )
            return [(Path(aside) / f"{name}.{s}").replace(folder / f"{name}.{s}") for s in ("dat", "hea")]


def _beat_dtype() -> np.dtype[np.void]:
    from host_tools.beats import BEAT_DTYPE

    return BEAT_DTYPE


def run_monitor(
    session: LiveSession,
    *,
    on_update: Callable[[LiveUpdate], None],
    stop: Callable[[], bool],
    interval_s: float = 0.1,
) -> None:
    """Poll until ``stop()`` is true, then end the session; everything that came goes to ``on_update``."""
    while not stop():
        on_update(session.poll(interval_s))
    on_update(session.end())
