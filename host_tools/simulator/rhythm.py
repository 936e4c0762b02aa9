"""Which beat comes when: a script of rhythms, turned into beats by a sinus node and ectopic foci."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .draw import Draw

#: Breathing: its rate, and by how much it varies the sinus cycle.
BREATH_HZ = 0.24
SINUS_ARRHYTHMIA = 0.035

#: Early beats come this share of a sinus cycle after the last normal beat.
PVC_COUPLING = 0.57
PAC_COUPLING = 0.66
FUSION_COUPLING = 0.93

_AF_MINIMUM_RR_S = 0.36
_QT_MEMORY = 0.3


@dataclass(frozen=True)
class Beat:
    """One beat: R peak, origin, the RR interval that its QT follows, ventricular focus."""

    at_s: float
    kind: str
    rr_s: float
    focus: str = "A"


@dataclass(frozen=True)
class Step:
    """One line of a rhythm script.

    ``kind`` is one of

    - ``sinus`` and ``fibrillation``, lasting until ``until_s``;
    - ``pvc``, ``pac``, ``fusion``: one such beat after the last normal one;
    - ``couplet``, ``run``, ``bigeminy``, ``trigeminy``: ``count`` ventricular beats, in a row or
      alternating with normal beats.
    """

    kind: str
    until_s: float = 0.0
    count: int = 1
    rate_bpm: float = 68.0
    focus: str = "A"


@dataclass(frozen=True)
class Span:
    """A stretch of time with a name."""

    kind: str
    start_s: float
    stop_s: float


@dataclass
class Rhythm:
    """Beats, P waves without a QRS complex (when its R peak would have come), and the script's episodes."""

    beats: list[Beat] = field(default_factory=list)
    lone_p_s: list[float] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


class _Heart:
    """Generates beats in time order; the sinus node's clock goes on through ventricular beats."""

    def __init__(self, seed: int) -> None:
        self.draw = Draw(seed, "rhythm")
        self.rhythm = Rhythm()
        self.at_s = 0.0
        self.rr_s = 0.85
        self.mean_rr_s = 0.85

    def beat(self, at_s: float, kind: str, focus: str = "A") -> None:
        previous = self.rhythm.beats[-1].at_s if self.rhythm.beats else at_s - self.rr_s
        # QT follows the rate with a delay of a few beats.
        self.mean_rr_s += _QT_MEMORY * (min(at_s - previous, 1.2) - self.mean_rr_s)
        self.rhythm.beats.append(Beat(at_s, kind, self.mean_rr_s, focus))
        self.at_s = at_s

    def cycle(self, step: Step) -> float:
        """Length of the sinus cycle that begins now."""
        breath = np.sin(2 * np.pi * BREATH_HZ * self.at_s)
        wobble = 0.010 * float(self.draw.normal(1)[0])
        self.rr_s = 60.0 / step.rate_bpm * (1.0 + SINUS_ARRHYTHMIA * float(breath) + wobble)
        return self.rr_s

    def sinus(self, step: Step) -> None:
        while self.at_s + self.rr_s < step.until_s:
            self.beat(self.at_s + self.cycle(step), "sinus")

    def fibrillation(self, step: Step) -> None:
        start_s = self.at_s
        mean_s = 60.0 / step.rate_bpm
        while self.at_s + mean_s < step.until_s:
            rr_s = mean_s * (1.0 + 0.24 * float(self.draw.normal(1)[0]))
            self.beat(self.at_s + min(max(rr_s, _AF_MINIMUM_RR_S), 2.0 * mean_s), "fibrillation")
        self.rhythm.spans.append(Span("fibrillation", start_s + 0.3, self.at_s + 0.45))
        self.rr_s = 60.0 / 68.0
        self.beat(self.at_s + 1.25 * self.rr_s, "sinus")

    def ventricular(self, step: Step, count: int) -> None:
        """``count`` ventricular beats in a row, then the pause until the next sinus beat in time."""
        sinus_s, cycle_s = self.at_s, self.cycle(step)
        at_s = sinus_s + PVC_COUPLING * cycle_s * self.draw.spread(0.03)
        for i in range(count):
            self.beat(at_s, "ventricular", step.focus)
            if i + 1 < count:
                at_s += 60.0 / 158.0 * self.draw.spread(0.05)
        next_s = sinus_s + cycle_s
        while next_s < at_s + 0.72 * cycle_s:
            # The atria still beat, but the ventricles are refractory.
            self.rhythm.lone_p_s.append(next_s)
            next_s += cycle_s
        self.beat(next_s, "sinus")

    def alternating(self, step: Step, normal_beats: int) -> None:
        start_s = self.at_s
        for i in range(step.count):
            self.ventricular(step, 1)
            if i + 1 < step.count:
                for _ in range(normal_beats - 1):
                    self.beat(self.at_s + self.cycle(step), "sinus")
        self.rhythm.spans.append(Span(step.kind, start_s - 0.3, self.at_s - 0.4))

    def early_atrial(self, step: Step) -> None:
        cycle_s = self.cycle(step)
        self.beat(self.at_s + PAC_COUPLING * cycle_s * self.draw.spread(0.04), "atrial")
        # The early beat resets the sinus node: the pause is shorter than after a PVC.
        self.beat(self.at_s + 1.10 * cycle_s, "sinus")

    def fusion(self, step: Step) -> None:
        sinus_s, cycle_s = self.at_s, self.cycle(step)
        self.beat(sinus_s + FUSION_COUPLING * cycle_s, "fusion", step.focus)
        self.beat(sinus_s + 2 * cycle_s, "sinus")


def play(script: tuple[Step, ...], duration_s: float, seed: int) -> Rhythm:
    """Turn a script into beats up to ``duration_s``; after its last step, sinus rhythm goes on.

    Raises
    ------
    ValueError
        If a step's kind is unknown.
    """
    heart = _Heart(seed)
    heart.at_s = -0.4
    for step in (*script, Step("sinus", until_s=duration_s + 2.0)):
        start_s = heart.at_s
        if step.kind == "sinus":
            heart.sinus(step)
        elif step.kind == "fibrillation":
            heart.fibrillation(step)
        elif step.kind in ("pvc", "couplet", "run"):
            heart.ventricular(step, {"pvc": 1, "couplet": 2, "run": step.count}[step.kind])
            heart.rhythm.spans.append(Span(step.kind, start_s + 0.3, heart.at_s - 0.4))
        elif step.kind in ("bigeminy", "trigeminy"):
            heart.alternating(step, 1 if step.kind == "bigeminy" else 2)
        elif step.kind == "pac":
            heart.early_atrial(step)
            heart.rhythm.spans.append(Span("pac", start_s + 0.2, heart.at_s - 0.4))
        elif step.kind == "fusion":
            heart.fusion(step)
            heart.rhythm.spans.append(Span("fusion", start_s + 0.3, heart.at_s - 0.4))
        else:
            raise ValueError(f"no rhythm of kind {step.kind!r}")
    return heart.rhythm
