"""Beats of the C core, each beside what the reference says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from host_tools.beats import CLASS_NAMES, FLAG_UNDECIDED
from host_tools.ec57 import CLASSES, LEARNING_PERIOD_S, class_codes, pair_beats
from host_tools.ec57.labels import NOT_A_BEAT
from host_tools.native import run_core
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ

#: Codes of a reference beat that is none of the four classes, and of none at all; see ``ec57.CLASSES``.
CODE_Q = CLASSES.index("Q")
CODE_NONE = CLASSES.index("O")


@dataclass(frozen=True)
class JudgedBeats:
    """Scored beats of one or several records.

    Attributes
    ----------
    reference : int64 [n]
        Index into ``ec57.CLASSES``; ``O`` where the beat is false.
    predicted : int64 [n]
        Index into the classes N S V F.
    confidence : float64 [n]
        0 to 1, as the device gives it.
    sqi : int64 [n]
        Signal-quality index, 0 to 100.
    flags : int64 [n]
        ``FLAG_*``.
    at : int64 [n]
        Sample of the R peak.
    missed, missed_at : int64 [m]
        Reference beats without one of the device's: class and sample.
    """

    reference: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]
    sqi: NDArray[np.int64]
    flags: NDArray[np.int64]
    at: NDArray[np.int64]
    missed: NDArray[np.int64]
    missed_at: NDArray[np.int64]

    @property
    def undecided(self) -> NDArray[np.bool_]:
        """Beats that the device says not to trust."""
        return (self.flags & FLAG_UNDECIDED) != 0

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Beats with another class than the reference's, false beats among them."""
        return self.reference != self.predicted

    @property
    def classified(self) -> NDArray[np.bool_]:
        """All but those that the reference itself leaves unclassified (Q)."""
        return self.reference != CODE_Q

    def matrix(self, keep: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Beat-by-beat matrix, int64 [6, 6], of the beats in ``keep``; missed beats always count."""
        rows, columns = self.reference, self.predicted
        if keep is not None:
            rows, columns = rows[keep], columns[keep]
        matrix = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
        np.add.at(matrix, (rows, columns), 1)
        matrix[:, CODE_NONE] += np.bincount(self.missed, minlength=len(CLASSES))
        return matrix


def judge_beats(
    beats: NDArray[np.void],
    reference_samples: NDArray[np.int64],
    reference_labels: Sequence[str],
    *,
    start_s: float = LEARNING_PERIOD_S,
    mapping: str = "dechazal",
) -> JudgedBeats:
    """Pair the core's beats with the reference's after EC57.

    Parameters
    ----------
    beats : ndarray of BEAT_DTYPE, [n]
        All beats of a record, as the core gave them.
    reference_samples, reference_labels : int64 [m], sequence of str
        Annotations at the chain's rate.
    start_s : float
        Beats before this are not scored.
    mapping : {"dechazal", "bxb"}
        See ``ec57.MAPPINGS``.
    """
    at = beats["r_sample"].astype(np.int64) - DELAY_SAMPLES
    labels = [CLASS_NAMES[c] for c in beats["aami_class"]]
    compared = pair_beats(
        reference_samples, reference_labels, at, labels, FS_HZ, start_s=start_s, mapping=mapping
    )
    codes = class_codes(reference_labels, mapping)
    codes[codes == NOT_A_BEAT] = CODE_NONE  # a flutter wave outside of flutter: no beat, but it pairs
    truth = np.full(len(beats), -1, np.int64)
    truth[compared.pairs[:, 1]] = codes[compared.pairs[:, 0]]
    truth[compared.false_beats] = CODE_NONE
    scored = truth >= 0
    missed = compared.missed[codes[compared.missed] != CODE_NONE]
    return JudgedBeats(
        reference=truth[scored],
        predicted=beats["aami_class"][scored].astype(np.int64),
        confidence=beats["confidence_q8"][scored] / 255,
        sqi=beats["sqi"][scored].astype(np.int64),
        flags=beats["flags"][scored].astype(np.int64),
        at=at[scored],
        missed=codes[missed],
        missed_at=np.asarray(reference_samples, np.int64)[missed],
    )


def judge(
    samples: NDArray[np.int16], reference_samples: NDArray[np.int64], reference_labels: Sequence[str]
) -> JudgedBeats:
    """Run a record, int16 [n] in the chain's unit, through the C core; judge its beats from 5:00 on."""
    return judge_beats(run_core(samples).beats, reference_samples, reference_labels)


def join(parts: Sequence[JudgedBeats]) -> JudgedBeats:
    """All beats of several records."""
    columns = [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(JudgedBeats)]
    return JudgedBeats(*columns)


def stretches(beats: JudgedBeats, begin_s: float, length_s: float, every_s: float) -> JudgedBeats:
    """Keep the beats of stretches of ``length_s`` that begin at ``begin_s`` and each ``every_s`` after."""

    def inside(at: NDArray[np.int64]) -> NDArray[np.bool_]:
        since_s = at / FS_HZ - begin_s
        result: NDArray[np.bool_] = (since_s >= 0) & (since_s % every_s < length_s)
        return result

    kept, missed = inside(beats.at), inside(beats.missed_at)
    columns = {
        f.name: getattr(beats, f.name)[missed if f.name.startswith("missed") else kept]
        for f in fields(JudgedBeats)
    }
    return JudgedBeats(**columns)
