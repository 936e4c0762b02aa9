"""Beats, P waves, pacing spikes and waves of a scenario's episodes, in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from .draw import Draw
from .rhythm import BREATH_HZ, Span
from .scenario import EPISODES, WAVES, Episode, Heart, Scenario

#: Onset to capture: from a ventricular spike to the R peak.
CAPTURE_S = 0.075
#: Paced AV delay.
_AV_DELAY_S = 0.16
_PREMATURE = 0.6
#: An episode begins this long after the last beat of the one before.
_AFTER_BEAT_S = 0.1
#: Episodes without beats begin at the end of the one before.
_SILENT = ("asystole", *WAVES)


@dataclass(frozen=True)
class Discharge:
    """A beat: nominal R peak, WFDB symbol, whether it is broad, the RR interval before it."""

    at_s: float
    symbol: str
    broad: bool
    rr_s: float


@dataclass
class Conduction:
    """What a heart does in a scenario; times in s, ``p_s`` is the onset of P waves."""

    beats: list[Discharge] = field(default_factory=list)
    p_s: list[float] = field(default_factory=list)
    spikes_s: list[float] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


class _Player:
    """Plays episodes one after the other."""

    def __init__(self, heart: Heart, seed: int) -> None:
        self.heart = heart
        self.draw = Draw(seed, "conduction")
        self.out = Conduction()
        self.at_s = -0.3

    def vary(self, mean_s: float, share: float) -> float:
        breath = 0.7 * np.sqrt(2) * np.sin(2 * np.pi * BREATH_HZ * self.at_s)
        noise = 0.7 * float(self.draw.normal(1)[0])
        return mean_s * (1.0 + share * float(breath + noise))

    def beat(self, at_s: float, symbol: str, *, broad: bool = False, p_wave: bool = False) -> None:
        rr_s = at_s - self.out.beats[-1].at_s if self.out.beats else 0.8
        self.out.beats.append(Discharge(at_s, symbol, broad, rr_s))
        if p_wave:
            # The QRS complex begins about half its length before the R peak.
            self.out.p_s.append(at_s - self.heart.qrs_ms / 2000 - self.heart.pr_ms / 1000)
        self.at_s = at_s

    def steady(self, step: Episode, variation: float, symbol: str, broad: bool, p_wave: bool) -> None:
        mean_s = 60.0 / step.rate_bpm
        while (next_s := self.at_s + self.vary(mean_s, variation)) < step.until_s:
            self.beat(next_s, symbol, broad=broad, p_wave=p_wave)

    def sinus(self, step: Episode) -> None:
        self.steady(step, self.heart.rr_variation, "N", False, True)

    def svt(self, step: Episode) -> None:
        self.steady(step, 0.01, "S", False, False)

    def vt(self, step: Episode) -> None:
        self.steady(step, 0.015, "V", True, False)

    def atrial_fibrillation(self, step: Episode) -> None:
        mean_s = 60.0 / step.rate_bpm
        while True:
            rr_s = mean_s * (1.0 + 0.22 * float(self.draw.normal(1)[0]))
            next_s = self.at_s + min(max(rr_s, 0.3, 0.55 * mean_s), 1.8 * mean_s)
            if next_s >= step.until_s:
                return
            self.beat(next_s, "N")

    def atrial_flutter(self, step: Episode) -> None:
        """Every ratio-th flutter wave is conducted."""
        cycle_s = step.ratio * 60.0 / step.rate_bpm
        while (next_s := self.at_s + self.vary(cycle_s, 0.005)) < step.until_s:
            self.beat(next_s, "N")

    def silent(self, step: Episode) -> None:
        """No beat: asystole, or waves, whose signal is made from the span."""
        self.at_s = step.until_s

    def wenckebach(self, step: Episode) -> None:
        """PR grows from beat to beat until one P wave is not conducted."""
        sinus_s, pr_s, k = 60.0 / step.rate_bpm, self.heart.pr_ms / 1000, 0
        p_s = self.at_s + sinus_s - pr_s
        while p_s + 0.6 < step.until_s:
            self.out.p_s.append(p_s)
            if k < step.ratio - 1:
                growth_s = 0.06 * k - 0.008 * k * k
                self.beat(p_s + pr_s + growth_s + self.heart.qrs_ms / 2000, "N")
            k = (k + 1) % step.ratio
            p_s += sinus_s * self.draw.spread(0.015)

    def mobitz(self, step: Episode) -> None:
        """Every ratio-th P wave is not conducted, without a change of PR; 2 is two-to-one block."""
        sinus_s, k = 60.0 / step.rate_bpm, 0
        next_s = self.at_s + sinus_s
        while next_s < step.until_s:
            if k % step.ratio == step.ratio - 1:
                self.out.p_s.append(next_s - self.heart.qrs_ms / 2000 - self.heart.pr_ms / 1000)
            else:
                self.beat(next_s, "N", p_wave=True)
            k += 1
            next_s += sinus_s * self.draw.spread(0.015)
        self.at_s = next_s - sinus_s

    def complete_block(self, step: Episode) -> None:
        """P waves and an escape rhythm without relation; a slow one comes from the ventricles."""
        p_s = self.at_s + 0.4
        while p_s < step.until_s:
            self.out.p_s.append(p_s)
            p_s += 60.0 / step.rate_bpm * self.draw.spread(0.02)
        if not step.escape_bpm:  # the ventricles stand still
            self.silent(step)
            return
        broad = step.escape_bpm < 40
        while (next_s := self.at_s + self.vary(60.0 / step.escape_bpm, 0.01)) < step.until_s:
            self.beat(next_s, "E" if broad else "j", broad=broad)

    def paced(self, step: Episode) -> None:
        """A fixed-rate pacemaker; without capture an escape rhythm, or none, goes on beneath the spikes."""
        start_s = self.at_s
        spike_s = start_s + 60.0 / step.rate_bpm
        while spike_s + 0.4 < step.until_s:
            if step.mode in "AD":
                self.out.spikes_s.append(spike_s)
                if step.capture:
                    self.out.p_s.append(spike_s + 0.03)
            ventricular_s = spike_s + (_AV_DELAY_S if step.mode == "D" else 0.0)
            if step.mode in "VD":
                self.out.spikes_s.append(ventricular_s)
            if step.capture and step.mode == "A":
                conducted_s = spike_s + 0.03 + (self.heart.pr_ms + self.heart.qrs_ms / 2) / 1000
                self.beat(conducted_s, "N")
            elif step.capture:
                onset_s = 0.45 * self.heart.broad_ms / 1000
                self.beat(ventricular_s + 0.02 + onset_s, "/", broad=True)
            spike_s += 60.0 / step.rate_bpm
        if not step.capture:
            self.at_s = start_s
            if step.escape_bpm:
                while (next_s := self.at_s + self.vary(60.0 / step.escape_bpm, 0.02)) < step.until_s:
                    self.beat(next_s, "E", broad=True)
            self.at_s = max(self.at_s, spike_s - 60.0 / step.rate_bpm)

    def premature(self, step: Episode, symbol: str) -> None:
        """Sinus rhythm with a premature beat after every ``ratio`` sinus beats."""
        mean_s, k = 60.0 / step.rate_bpm, 1
        while True:
            cycle_s = self.vary(mean_s, self.heart.rr_variation)
            if self.at_s + 2 * cycle_s >= step.until_s:
                return
            if k % (step.ratio + 1) == 0:
                sinus_s = self.at_s
                self.beat(
                    sinus_s + _PREMATURE * cycle_s * self.draw.spread(0.03), symbol, broad=symbol == "V"
                )
                # After a ventricular beat the sinus node's clock goes on; an atrial one resets it.
                self.at_s = sinus_s + cycle_s if symbol == "V" else self.at_s + 0.08 * cycle_s
            else:
                self.beat(self.at_s + cycle_s, "N", p_wave=True)
            k += 1


def conduct(scenario: Scenario, seed: int) -> Conduction:
    """Play a scenario's episodes.

    Raises
    ------
    ValueError
        If an episode's rhythm is unknown.
    """
    player = _Player(scenario.heart, seed)
    plays: dict[str, Callable[[Episode], None]] = {
        "pvcs": lambda step: player.premature(step, "V"),
        "pacs": lambda step: player.premature(step, "A"),
        "bigeminy": lambda step: player.premature(Episode("bigeminy", step.until_s, step.rate_bpm, 1), "V"),
        "asystole": player.silent,
        **dict.fromkeys(WAVES, player.silent),
    }
    begin_s = 0.0
    for step in scenario.episodes:
        if step.rhythm not in EPISODES:
            raise ValueError(f"no rhythm of kind {step.rhythm!r}")
        if step.rhythm not in _SILENT:
            # The first beat of a rhythm follows the last one of the rhythm before, not that one's end.
            begin_s = min(begin_s, max(player.at_s + _AFTER_BEAT_S, 0.0))
        if player.out.spans:
            player.out.spans[-1] = replace(player.out.spans[-1], stop_s=begin_s)
        plays.get(step.rhythm, getattr(player, step.rhythm, player.silent))(step)
        player.out.spans.append(Span(step.rhythm, begin_s, step.until_s))
        begin_s = step.until_s
    player.out.p_s.sort()
    return player.out
