"""What the demo needs beyond a replay: the embedded example as a record, and how much of it was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.beats import CLASS_NAMES
from host_tools.ec57 import BeatComparison, pair_beats
from host_tools.example import example_record
from host_tools.simulator import Event, Simulation
from host_tools.summary import Episode, summarise

EXAMPLE_NAME = "example"

#: Beats must be found again this long after the signal has come back.
RESUME_BOUND_S = 5.0

_WORDS = {
    "pvc": "single PVCs",
    "pac": "single PACs",
    "fusion": "fusion beats",
    "couplet": "couplet",
    "run": "ventricular run",
    "bigeminy": "bigeminy",
    "fibrillation": "atrial fibrillation",
    "noise": "noise burst",
    "lead_off": "lead off",
    "saturation": "saturation",
}


@dataclass(frozen=True)
class Finding:
    """One line of the demo's last table: an episode of the truth and what BitBeat made of it."""

    kind: str
    when: str
    found: str
    complete: bool


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def write_example(folder: Path, fs_hz: float) -> tuple[Simulation, Path]:
    """Simulate the example and write it as a WFDB record with its truth; returns both.

    Raises
    ------
    UserError
        The folder cannot be written to.
    """
    simulation = example_record(fs_hz)
    return simulation, simulation.write_wfdb(folder, EXAMPLE_NAME)


def compare_with_truth(
    simulation: Simulation, beats: NDArray[np.void], samples: NDArray[np.int16], fs_hz: float
) -> list[Finding]:
    """Say for each episode of the truth how much of it was found.

    Parameters
    ----------
    simulation : Simulation
        The truth, at ``fs_hz``.
    beats : BEAT_DTYPE (n,)
        ``r_sample`` counted in the simulation's samples, without the filter delay.
    samples : int16 (m,)
        The signal that was sent.
    fs_hz : float
        Rate of both.

    Returns
    -------
    list of Finding
        Single beats of a kind pooled, other episodes one by one, in time order.
    """
    at = beats["r_sample"].astype(np.int64)
    letters = [CLASS_NAMES[c] for c in beats["aami_class"]]
    pairing = pair_beats(simulation.r_samples, simulation.symbols, at, letters, fs_hz, start_s=0.0)
    episodes = summarise(beats, fs_hz, samples.size, samples=samples).episodes
    truth = _Truth(simulation, at, letters, pairing, episodes)
    single = [_single(truth, kind) for kind in ("pvc", "pac", "fusion")]
    several = [truth.episode(e) for e in simulation.events if e.kind not in ("pvc", "pac", "fusion")]
    return [finding for finding in (*single, *several) if finding is not None]


class _Truth:
    """The truth with the beats that were found, ready for questions."""

    def __init__(
        self,
        simulation: Simulation,
        at: NDArray[np.int64],
        letters: list[str],
        pairing: BeatComparison,
        episodes: list[Episode],
    ) -> None:
        self.simulation, self.at, self.letters, self.pairing = simulation, at, letters, pairing
        self.episodes = episodes
        self.partner = dict(pairing.pairs.tolist())
        self.fs_hz = simulation.fs_hz

    def of_class(self, event: Event, letter: str | None) -> tuple[int, int, int]:
        """Beats of a class inside an event: in the truth, found at all, found with this class."""
        labels = self.simulation.labels
        inside = [
            i
            for i, r in enumerate(self.simulation.r_samples.tolist())
            if event.start_sample <= r < event.stop_sample and letter in (None, labels[i])
        ]
        found = [i for i in inside if i in self.partner]
        right = [i for i in found if self.letters[self.partner[i]] == labels[i]]
        return len(inside), len(found), len(right)

    def recognised(self, event: Event) -> bool:
        """Whether the summary names an episode of this kind, of V beats, that overlaps the event."""
        start_s, stop_s = event.start_sample / self.fs_hz, event.stop_sample / self.fs_hz
        return any(
            e.kind == event.kind
            and e.aami_class == "V"
            and e.start_s < stop_s
            and e.start_s + e.duration_s > start_s
            for e in self.episodes
        )

    def episode(self, event: Event) -> Finding:
        when = f"{_minutes(event.start_sample / self.fs_hz)} – {_minutes(event.stop_sample / self.fs_hz)}"
        if event.kind in ("couplet", "run", "bigeminy", "trigeminy"):
            return self._ventricular(event, when)
        if event.kind in ("lead_off", "saturation"):
            return self._gap(event, when)
        beats, found, right = self.of_class(event, None)
        false = self.pairing.false_beats
        false_at = self.at[false]
        extra = int(((false_at >= event.start_sample) & (false_at < event.stop_sample)).sum())
        text = f"{found} of {beats} beats" + (f", {extra} false" if extra else "")
        text += f", {right} called N"
        complete = found == beats and right == found and extra == 0
        return Finding(event.kind, when, text, complete)

    def _ventricular(self, event: Event, when: str) -> Finding:
        beats, _, right = self.of_class(event, "V")
        named = self.recognised(event)
        text = f"{right} of {beats} V beats, {'' if named else 'not '}named {event.kind}"
        return Finding(event.kind, when, text, named and right == beats)

    def _gap(self, event: Event, when: str) -> Finding:
        inside = int(((self.at >= event.start_sample) & (self.at < event.stop_sample)).sum())
        after = self.at[self.at >= event.stop_sample]
        text = "no beat inside" if inside == 0 else f"{inside} beats inside"
        if after.size == 0:
            return Finding(event.kind, when, f"{text}, none after it", False)
        resumed_s = (int(after[0]) - event.stop_sample) / self.fs_hz
        text += f", the first {resumed_s:.1f} s after"
        missed = self.simulation.r_samples[self.pairing.missed]
        late = missed[missed >= event.stop_sample + RESUME_BOUND_S * self.fs_hz]
        complete = inside == 0 and resumed_s <= RESUME_BOUND_S and not self._soon(late, event)
        return Finding(event.kind, when, text, complete)

    def _soon(self, missed: NDArray[np.int64], event: Event) -> bool:
        """Whether one of these beats lies in the ten seconds after the bound."""
        limit = event.stop_sample + (RESUME_BOUND_S + 10.0) * self.fs_hz
        return bool((missed < limit).any())


def _single(truth: _Truth, kind: str) -> Finding | None:
    """Pool the single beats of one kind."""
    letter = {"pvc": "V", "pac": "S", "fusion": "F"}[kind]
    events = [e for e in truth.simulation.events if e.kind == kind]
    if not events:
        return None
    counts = np.array([truth.of_class(e, letter) for e in events]).sum(axis=0)
    beats, found, right = (int(n) for n in counts)
    text = f"{right} of {beats} called {letter}"
    if found > right:
        text += f", {found - right} another class"
    if beats > found:
        text += f", {beats - found} missed"
    times = [_minutes(e.start_sample / truth.fs_hz) for e in (events[0], events[-1])]
    when = times[0] if len(events) == 1 else f"{times[0]} … {times[1]}"
    return Finding(kind, when, text, right == beats)


def print_findings(findings: list[Finding], console: Console) -> None:
    """Print how much of the example's truth was found."""
    table = Table(
        title="What the example holds, and what was found",
        title_justify="left",
        title_style="bold",
        box=box.ROUNDED,
        border_style="dim",
    )
    table.add_column("event", style="bold")
    table.add_column("when", no_wrap=True)
    table.add_column("found", ratio=1)
    table.add_column("", no_wrap=True)
    for finding in findings:
        mark = Text("✓", "green") if finding.complete else Text("·", "yellow")
        table.add_row(_WORDS.get(finding.kind, finding.kind), finding.when, finding.found, mark)
    console.print(table)
