"""Where the network looked: parts of its inputs are taken away, and the answer's lead is measured again.

Everything runs on the exact integer network, in the integers of its logits. A part is taken away in two ways:

- *blank*: zeros, which is what the network sees of a beat that is not there;
- *usual*: what this patient usually has there: the template in place of the beat (so that beat and template
  do not differ), the median of the record in place of a feature.

The lead is the winning logit minus the best of the others. What a part brings is the lead with it minus the
lead without it: positive speaks for the answer, negative against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int8 = npt.NDArray[np.int8]
Int64 = npt.NDArray[np.int64]

#: Inputs int8 [n, samples, channels] and int8 [n, rows, features] to logits int8 [n, classes].
RunNetwork = Callable[[Int8, Int8], Int8]

#: Length of the stretch that slides over the beat, grid samples: about half a QRS complex.
STRETCH_GRID = 7


@dataclass(frozen=True)
class Inputs:
    """The network's two inputs for one beat: int8 [samples, channels] and int8 [rows, features]."""

    beat: Int8
    rhythm: Int8


@dataclass(frozen=True)
class Brought:
    """What parts of the inputs brought to the answer's lead, and the answer without each of them.

    Attributes
    ----------
    lead : int64 [n]
        Lead with all inputs minus lead without the part, steps of the logits.
    answer : int64 [n]
        Class that wins without the part.
    """

    lead: Int64
    answer: Int64


@dataclass(frozen=True)
class Occlusion:
    """All that was measured with one kind of replacement.

    ``stretches``: one for each grid sample, in the middle of its stretch (cut off at the window's ends).
    ``features``: one for each feature, in all rows at once. ``rows``: one for each row of the rhythm input.
    ``streams``: the whole beat input, the whole rhythm input, and both.
    """

    stretches: Brought
    features: Brought
    rows: Brought
    streams: Brought


def blank(inputs: Inputs) -> Inputs:
    """Zeros in the shape of the inputs."""
    return Inputs(np.zeros_like(inputs.beat), np.zeros_like(inputs.rhythm))


def usual(inputs: Inputs, median_row: Int8) -> Inputs:
    """What the patient usually has: no difference from the template, and ``median_row`` in all rows.

    The beat's first channel is the window, its second the window minus the template, both on one scale:
    their difference is the template on that scale.
    """
    beat = np.zeros_like(inputs.beat)
    template = inputs.beat[:, 0].astype(np.int64) - inputs.beat[:, 1]
    beat[:, 0] = np.clip(template, -128, 127)
    return Inputs(beat, np.broadcast_to(median_row, inputs.rhythm.shape).astype(np.int8))


def lead_of(logits: npt.NDArray[np.integer], winner: int) -> Int64:
    """Logit of ``winner`` minus the best of the others, int64 [n], of logits [n, classes]."""
    wide = logits.astype(np.int64)
    return wide[:, winner] - np.delete(wide, winner, axis=1).max(axis=1)


def occlude(run: RunNetwork, inputs: Inputs, neutral: Inputs, stretch_grid: int = STRETCH_GRID) -> Occlusion:
    """Replace parts of ``inputs`` by the same parts of ``neutral``, one at a time.

    Parameters
    ----------
    run : callable
        The network.
    inputs, neutral : Inputs
        What the network saw, and what takes the place of its parts.
    stretch_grid : int
        Length of a stretch of the beat, grid samples, odd.
    """
    samples = len(inputs.beat)
    rows, features = inputs.rhythm.shape
    reach = stretch_grid // 2
    beat_parts = [slice(max(k - reach, 0), k + reach + 1) for k in range(samples)]
    everything = slice(None)
    nothing = slice(0)
    parts: list[tuple[slice, tuple[slice, slice]]] = [
        *((part, (nothing, nothing)) for part in beat_parts),
        *((nothing, (everything, slice(f, f + 1))) for f in range(features)),
        *((nothing, (slice(r, r + 1), everything)) for r in range(rows)),
        (everything, (nothing, nothing)),
        (nothing, (everything, everything)),
        (everything, (everything, everything)),
    ]
    found = _measure(run, inputs, neutral, parts)
    edges = np.cumsum([samples, features, rows])
    pieces = zip(np.split(found.lead, edges), np.split(found.answer, edges), strict=True)
    return Occlusion(*(Brought(lead, answer) for lead, answer in pieces))


def _measure(
    run: RunNetwork, inputs: Inputs, neutral: Inputs, parts: Iterable[tuple[slice, tuple[slice, slice]]]
) -> Brought:
    beats, rhythms = [inputs.beat], [inputs.rhythm]
    for part, cells in parts:
        beat, rhythm = inputs.beat.copy(), inputs.rhythm.copy()
        beat[part] = neutral.beat[part]
        rhythm[cells] = neutral.rhythm[cells]
        beats.append(beat)
        rhythms.append(rhythm)
    logits = run(np.stack(beats), np.stack(rhythms))
    leads = lead_of(logits, int(np.argmax(logits[0])))
    return Brought(leads[0] - leads[1:], np.argmax(logits[1:], axis=1).astype(np.int64))
