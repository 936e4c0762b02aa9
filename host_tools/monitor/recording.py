"""Writes a live session as a WFDB record while it runs: what was there before a kill stays readable."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from host_tools.beats import BEAT_DTYPE, CONDITION_DTYPE
from host_tools.errors import UserError
from host_tools.link.live import LiveUpdate
from host_tools.link.messages import LiveStatus
from host_tools.link.session import LinkReport
from host_tools.records import EcgRecord
from host_tools.reference.input import MISSING
from host_tools.reference.params import ADU_PER_MV, DELAY_SAMPLES, FS_HZ
from host_tools.replay import CSV_COLUMNS, Replay, csv_rows, write_results
from host_tools.summary import Summary, summarise
from host_tools.writing import claim_files, claim_folder, new_file, replacing
from host_tools.written import Entry, file_digest, note

#: All files of a record, in the order in which they come.
SUFFIXES = ("dat", "hea", "csv", "bbt", "json")
#: Missing samples written at once.
_PIECE = 1 << 16


class Recording:
    """A record that grows on disk: ``NAME.dat``, ``NAME.hea`` and, as a replay does, the beats.

    Samples and the beats' table go to the disk with each update. The header leaves the number of samples
    open, as WFDB allows: readers take it from the signal file. At the end it is written anew, with it, and
     the beats as annotations and JSON are added.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    name : str
        Of the record.
    force : bool
        Replace a record of this name.

    Raises
    ------
    UserError
        The folder cannot be written to, or there are files of this name.
    """

    def __init__(self, folder: Path, name: str, *, force: bool = False) -> None:
        self.folder, self.name = folder, name
        self.length = 0
        self._missing = 0
        self._failed = False
        self._sum = 0
        self._status: LiveStatus | None = None
        self._beats: list[npt.NDArray[np.void]] = []
        self._conditions: list[npt.NDArray[np.void]] = []
        paths = [self._path(suffix) for suffix in SUFFIXES]
        # A session cannot be had again: not even an earlier recording is replaced without being told to.
        claim_files("monitor", paths, force=force, new=True)
        self._data = self._new("dat")
        with self._new("hea") as header:
            self._write(header, self._header(None, ["the recording ended without its last words"]).encode())
        self._table = self._new("csv")
        self._write(self._table, _lines([CSV_COLUMNS]))
        for path in paths:  # of the record that is replaced
            if path.suffix in (".bbt", ".json"):
                path.unlink(missing_ok=True)

    def _new(self, suffix: str) -> BinaryIO:
        """Open one of the files without a buffer: what was written survives a kill of this process."""
        with new_file(self._path(suffix)) as made:
            return os.fdopen(os.dup(made.fileno()), "wb", buffering=0)

    def _path(self, suffix: str) -> Path:
        return self.folder / f"{self.name}.{suffix}"

    def _header(self, length: int | None, notes: list[str]) -> str:
        """Return a header; without a length its sum is not given either."""
        size = "" if length is None else f" {length}"
        checksum = ((self._sum + 0x8000) & 0xFFFF) - 0x8000
        first = self._first if length else 0
        return (
            f"{self.name} 1 {FS_HZ}{size}\n"
            f"{self.name}.dat 16 {ADU_PER_MV}(0)/mV 16 0 {first} {checksum if length else 0} 0 ECG\n"
            + "".join(f"#{note}\n" for note in notes)
        )

    def _write(self, file: BinaryIO, content: bytes) -> None:
        try:
            left = memoryview(content)
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            self._failed = True
            raise UserError(
                f"{self.folder}: cannot be written to ({error.strerror}); what was recorded before, "
                f"{self.length / FS_HZ:.0f} s, is in {self._path('dat')}"
            ) from error

    def take(self, update: LiveUpdate) -> None:
        """Write what came; samples that did not arrive are missing in the record, in their place.

        Raises
        ------
        UserError
            The disk is full, or the like.
        """
        for first, _, values in update.blocks:
            while first > self.length:
                self._append(np.full(min(first - self.length, _PIECE), MISSING, np.int16))
            self._append(values[max(self.length - first, 0) :])
        if update.beats:
            self._beats += update.beats
            self._write(self._table, _lines(csv_rows(self._replay(np.concatenate(update.beats), {}))))
        self._conditions += update.conditions
        self._status = update.status or self._status

    def _append(self, values: npt.NDArray[np.int16]) -> None:
        if self.length == 0 and len(values):
            self._first = int(values[0])
        self._write(self._data, values.astype("<i2").tobytes())
        self.length += len(values)
        self._missing += int((values == MISSING).sum())
        self._sum += int(values.sum(dtype=np.int64))

    def _replay(
        self, beats: npt.NDArray[np.void], device: dict[str, Any], notes: list[str] | None = None
    ) -> Replay:
        """Return beats as a replay of the record so far gives them."""
        samples: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        if self.length:
            samples = np.memmap(self._path("dat"), "<i2", mode="r", shape=(self.length,))
        record = EcgRecord(
            name=self.name,
            path=self.folder / self.name,
            lead="ECG",
            lead_index=0,
            samples=samples,
            spec_fs_hz=FS_HZ,
            fs_hz=FS_HZ,
            start=0,
            stop=max(self.length, 1),
            notes=notes or [],
        )
        r_samples = beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
        conditions = self.conditions
        return Replay(record, beats, r_samples, LinkReport(), self.length / FS_HZ, device, conditions)

    def close(self, device: dict[str, Any]) -> tuple[list[Path], Summary | None]:
        """Finish the record.

        Parameters
        ----------
        device : dict
            Engine, hashes and sizes from the device's hello.

        Returns
        -------
        list of Path
            Its files; none where nothing was recorded, and then none are left.
        Summary or None
            What the recording comes to; None where the disk did not take all of it.
        """
        self._data.close()
        self._table.close()
        if self._failed:  # the last words would not fit either, and what is there is readable without
            return [self._path(suffix) for suffix in ("dat", "hea", "csv")], None
        if self.length == 0:
            for suffix in SUFFIXES:
                self._path(suffix).unlink(missing_ok=True)
            return [], None
        notes = [
            f"{self._missing} of {self.length} samples missing: lead off, overrun, lost",
            f"{self._status.lost if self._status else 0} samples lost to overruns on the device",
        ]
        # From here on they are this session's own, and are replaced by their final contents.
        claim_folder("monitor", self.folder, force=True)
        claim_files("monitor", [self._path(suffix) for suffix in SUFFIXES], force=True)
        with replacing(self._path("hea")) as aside:
            aside.write_text(self._header(self.length, notes))
        beats = np.concatenate(self._beats) if self._beats else np.zeros(0, BEAT_DTYPE)
        done = self._replay(beats, device, notes)
        summary = summarise(
            done.input_beats(), FS_HZ, self.length, samples=done.record.samples, conditions=done.conditions
        )
        files = write_results(done, self.folder, summary)
        note(self.folder, {self._path("dat").name: Entry("monitor", "", (file_digest(self._path("dat")),))})
        return [self._path("dat"), self._path("hea"), *files], summary

    @property
    def conditions(self) -> npt.NDArray[np.void]:
        """All changes of the conditions so far."""
        return np.concatenate(self._conditions) if self._conditions else np.zeros(0, CONDITION_DTYPE)


def _lines(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
