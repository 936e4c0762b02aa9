"""What a device may say, checked: a frame that no honest device sends ends the session in one line.

A device is not to be trusted more than a file is. Its frames have a good CRC by the time they come here, so
none of these faults is the line's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_tools.beats import CLASS_NAMES, CONDITION_NAMES
from host_tools.errors import DeviceError
from host_tools.reference.params import SPIKE_DELAY_SAMPLES

from . import messages as m

#: No heart beats faster, and no chain finds more beats, per second of signal; and a few at the end.
BEATS_PER_S_MAX = 10
_BEATS_MORE = 64
#: Bytes of trace that a sample may bring on the average, and those of a beat.
_TRACE_BYTES_PER_SAMPLE = 1024
_TRACE_BYTES_MORE = 1 << 16
#: A signal-quality index is 0..100.
SQI_MAX = 100
_CONDITIONS = sum(CONDITION_NAMES)


class LinkFault(DeviceError):
    """The device said what ends a session; the message lacks the port's URL."""


def fault(what: str) -> LinkFault:
    """Return the error about something that a device said."""
    return LinkFault(f"link error: {what}; the device's firmware is damaged, or no BitBeat")


def frame_name(type_: int) -> str:
    """Return what a frame of this type is called."""
    names = {getattr(m, name): name[4:].lower() for name in dir(m) if name.startswith("MSG_")}
    return f"a frame of type {type_}" + (f" ({names[type_]})" if type_ in names else "")


def check_hello(hello: m.Hello) -> None:
    """Refuse a greeting whose sizes no device has."""
    if not 1 <= hello.block_samples <= m.BLOCK_SAMPLES or hello.window_samples < hello.block_samples:
        raise fault(
            f"its hello names blocks of {hello.block_samples} samples in a window of {hello.window_samples}"
        )


def unwrapped(wire: int, near: int) -> int:
    """Return, of the sample numbers that wrap to these 32 bits, the one nearest to ``near``."""
    off = (wire - near) & 0xFFFFFFFF
    return near + (off - (1 << 32) if off & 0x80000000 else off)


class EventChecks:
    """Checks the events of a session against each other and against the samples that there can be.

    Parameters
    ----------
    first_sample : int
        Number of the session's first sample, modulo 2^32.
    fs_hz : int
        Sampling rate, Hz.
    """

    def __init__(self, first_sample: int, fs_hz: int) -> None:
        self._first = first_sample
        self._fs_hz = fs_hz
        self._beats = 0
        self._r_sample = self._changed_at = -1
        self._traced_at = 0
        self._trace_bytes = 0

    def _at(self, wire: int, near: int, end: int, what: str) -> int:
        """Return which sample of the session, from 0, has this number; it must be below ``end``."""
        sample = unwrapped(wire - self._first, max(near, 0))
        if not 0 <= sample < end:
            raise fault(f"{what} at sample {wire}; the device has {end} samples")
        return sample

    def beat(self, content: bytes, end: int) -> npt.NDArray[np.void]:
        """Return a beat, array [1] of BEAT_DTYPE; the device has at most the samples below ``end``.

        Its R peak lies on the filtered signal, which a flush lets run on by SPIKE_DELAY_SAMPLES.
        """
        beat = m.unpack_beat(content)
        if beat is None:
            raise fault(f"a beat of {len(content)} bytes")
        r_sample = self._at(int(beat["r_sample"][0]), self._r_sample, end + SPIKE_DELAY_SAMPLES, "a beat")
        aami_class, sqi = (int(beat[name][0]) for name in ("aami_class", "sqi"))
        if aami_class >= len(CLASS_NAMES):
            raise fault(f"a beat of class {aami_class}")
        if sqi > SQI_MAX:
            raise fault(f"a beat with a signal-quality index of {sqi}")
        if r_sample <= self._r_sample:
            raise fault(f"beats out of order: sample {r_sample} after {self._r_sample}")
        self._beats += 1
        if self._beats > self.events_max(end):
            raise fault(f"{self._beats} beats in {end / self._fs_hz:.1f} s")
        self._r_sample = r_sample
        return beat

    def events_max(self, end: int) -> int:
        """Return how many beats so many samples can bring."""
        return BEATS_PER_S_MAX * end // self._fs_hz + _BEATS_MORE

    def condition(self, content: bytes, end: int) -> npt.NDArray[np.void]:
        """Return a change of the conditions, array [1] of CONDITION_DTYPE."""
        change = m.unpack_condition(content)
        if change is None:
            raise fault(f"conditions of {len(content)} bytes")
        sample = self._at(int(change["sample"][0]), self._changed_at, end, "conditions")
        check_conditions(int(change["conditions"][0]))
        if sample <= self._changed_at:
            raise fault(f"conditions out of order: sample {sample} after {self._changed_at}")
        self._changed_at = sample
        return change

    def trace(self, payload: bytes, end: int) -> list[m.TraceItem]:
        """Return the items of a trace event."""
        items = m.unpack_trace(payload)
        if items is None:
            raise fault("a trace that cannot be read")
        sample = self._at(items[0].sample, self._traced_at, end, "a trace")
        if sample < self._traced_at:
            raise fault(f"traces out of order: sample {sample} after {self._traced_at}")
        self._traced_at = sample
        self._trace_bytes += len(payload)
        if self._trace_bytes > _TRACE_BYTES_PER_SAMPLE * end + _TRACE_BYTES_MORE:
            raise fault(f"{self._trace_bytes} bytes of trace for {end} samples")
        return items


def check_conditions(conditions: int) -> None:
    """Refuse conditions that have no name."""
    if conditions & ~_CONDITIONS:
        raise fault(f"unknown conditions, {conditions:#04x}")
