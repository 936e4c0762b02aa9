"""The grid: kinds of cells, the axes of each, and the scenario of a cell."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from host_tools.simulator import Episode, Fault, FrontEnd, Heart, Scenario, Spikes
from host_tools.simulator.draw import Draw
from host_tools.simulator.shapes import NARROW_SHAPES, VENTRICULAR_SHAPES

from .judge import Expectation
from .promise import is_inside

Parameters = Mapping[str, float | str]


@dataclass(frozen=True)
class Cell:
    """One record of the grid.

    Attributes
    ----------
    number : int
        Its place in the whole grid.
    kind : str
        What it tries.
    parameters : mapping
        Values on the axes of its kind.
    seed : int
        Of everything that is drawn.
    inside : bool
        Whether its parameters lie in the promised range.
    """

    number: int
    kind: str
    parameters: Parameters
    seed: int
    inside: bool


_AS_USUAL = Expectation()


@dataclass(frozen=True)
class Kind:
    """A kind of cells: axes (their product is run ``seeds`` times), what is made, what is expected."""

    axes: Mapping[str, tuple[float | str, ...]]
    make: Callable[[Parameters, Draw], Scenario]
    seeds: int = 1
    expect: Expectation = _AS_USUAL


def _pick(draw: Draw, values: tuple[str, ...]) -> str:
    return values[int(float(draw.uniform(1)[0]) * len(values))]


def _between(draw: Draw, low: float, high: float) -> float:
    return low + (high - low) * float(draw.uniform(1)[0])


def ordinary(draw: Draw, **changes: float | str) -> Heart:
    """Draw a heart in its usual variety, with what the cell asks for; P, T and U waves go with the R wave."""
    r_mv = float(changes.get("r_mv", _between(draw, 0.6, 1.6)))
    size = min(abs(r_mv), 1.5)
    heart = Heart(
        r_mv=r_mv,
        qrs_ms=_between(draw, 75, 105),
        shape=_pick(draw, NARROW_SHAPES),
        broad_mv=1.3 * r_mv,
        broad_ms=_between(draw, 125, 170),
        broad_shape=_pick(draw, VENTRICULAR_SHAPES),
        p_mv=_between(draw, 0.06, 0.14) * min(size, 1.0),
        pr_ms=_between(draw, 130, 190),
        t_mv=_between(draw, 0.12, 0.32) * abs(r_mv),
        u_mv=0.02 * size,
        rr_variation=_between(draw, 0.02, 0.05),
    )
    return replace(heart, **changes)  # type: ignore[arg-type]


def electrodes(draw: Draw, **changes: float) -> FrontEnd:
    """Draw an ordinary front end: 10 to 20 microvolts of noise, some wander, a little hum."""
    front_end = FrontEnd(
        noise_mv=_between(draw, 0.010, 0.020),
        wander_mv=_between(draw, 0.02, 0.10),
        hum_mv=_between(draw, 0.0, 0.01),
    )
    return replace(front_end, **changes)  # type: ignore[arg-type]


def _value(p: Parameters, name: str, default: float = 0.0) -> float:
    return float(p.get(name, default))


def _length_s(rate_bpm: float) -> float:
    """Long enough for twenty beats."""
    return max(30.0, 10.0 + 20 * 60.0 / rate_bpm)


def _narrow(p: Parameters, draw: Draw) -> Scenario:
    rate = _value(p, "narrow_bpm")
    rhythm = "svt" if rate > 150 else "sinus"
    heart = ordinary(draw, r_mv=_value(p, "r_mv"))
    return Scenario((Episode(rhythm, _length_s(rate), rate),), heart, front_end=electrodes(draw))


def _broad(p: Parameters, draw: Draw) -> Scenario:
    rate = _value(p, "broad_bpm")
    heart = ordinary(draw, broad_ms=_value(p, "qrs_ms"), broad_shape=str(p["shape"]))
    return Scenario((Episode("vt", _length_s(rate), rate),), heart, front_end=electrodes(draw))


def _onset(rhythm: str, rate_name: str) -> Callable[[Parameters, Draw], Scenario]:
    def make(p: Parameters, draw: Draw) -> Scenario:
        before = _value(p, "before_bpm")
        first_s = max(18.0, 6 + 10 * 60.0 / before)
        steps = (
            Episode("sinus", first_s, before),
            Episode(rhythm, first_s + 18.0, _value(p, rate_name)),
            Episode("sinus", first_s + 36.0, before),
        )
        return Scenario(steps, ordinary(draw), front_end=electrodes(draw))

    return make


def _ventricular_waves(p: Parameters, draw: Draw) -> Scenario:
    flutter = "flutter_bpm" in p
    rate = _value(p, "flutter_bpm") if flutter else 60 * _value(p, "fibrillation_hz")
    rhythm = "ventricular_flutter" if flutter else "ventricular_fibrillation"
    waves = Episode(rhythm, 30.0, rate)
    steps: tuple[Episode, ...] = (waves,)
    if p["when"] == "after sinus":
        steps = (Episode("sinus", 15.0, 75), replace(waves, until_s=40.0), Episode("sinus", 55.0, 75))
    heart = ordinary(draw, flutter_mv=_value(p, "flutter_mv"))
    return Scenario(steps, heart, front_end=electrodes(draw))


def _asystole(p: Parameters, draw: Draw) -> Scenario:
    rate, pause_s = _value(p, "narrow_bpm"), _value(p, "pause_s")
    steps = {
        "at the start": (Episode("asystole", pause_s), Episode("sinus", pause_s + 25.0, rate)),
        "in the middle": (
            Episode("sinus", 20.0, rate),
            Episode("asystole", 20.0 + pause_s),
            Episode("sinus", 45.0 + pause_s, rate),
        ),
        "at the end": (Episode("sinus", 25.0, rate), Episode("asystole", 25.0 + pause_s)),
    }[str(p["when"])]
    return Scenario(steps, ordinary(draw), front_end=electrodes(draw))


def _p_wave(p: Parameters, draw: Draw) -> Scenario:
    heart = ordinary(draw, r_mv=_value(p, "r_mv"), pr_ms=_value(p, "pr_ms"), p_mv=_value(p, "p_mv"))
    return Scenario((Episode("sinus", 30.0, _value(p, "narrow_bpm")),), heart, front_end=electrodes(draw))


def _faulty(
    fault: Callable[[Parameters], Fault], length_s: float = 40.0
) -> Callable[[Parameters, Draw], Scenario]:
    def make(p: Parameters, draw: Draw) -> Scenario:
        rail = {"rail_mv": _value(p, "rail_mv")} if "rail_mv" in p else {}
        steps = (Episode("sinus", length_s, _value(p, "narrow_bpm", 72)),)
        r_mv = {"r_mv": _value(p, "r_mv")} if "r_mv" in p else {}
        return Scenario(steps, ordinary(draw, **r_mv), front_end=electrodes(draw, **rail), faults=(fault(p),))

    return make


def _gain_step(p: Parameters, draw: Draw) -> Scenario:
    """``r_mv`` is the smaller amplitude, before a step up or after a step down."""
    step = _value(p, "gain_step")
    up = p["way"] == "up"
    heart = ordinary(draw, r_mv=_value(p, "r_mv") * (1 if up else step))
    fault = Fault("gain", 18.0, size=step if up else 1 / step)
    steps = (Episode("sinus", 40.0, _value(p, "narrow_bpm")),)
    return Scenario(steps, heart, front_end=electrodes(draw), faults=(fault,))


def _low_r(p: Parameters, draw: Draw) -> Scenario:
    r_mv = _value(p, "low_r_mv")
    over_waves = p["over"] == "fibrillatory waves"
    heart = ordinary(
        draw,
        r_mv=r_mv,
        f_mv=0.25 * abs(r_mv) if over_waves else 0.0,
        f_hz=_between(draw, 4.0, 9.0),
        t_mv=0.15 * abs(r_mv),
    )
    # Fine noise: 95 % of it within a quarter of the R wave on either side.
    noise = 0.01 if over_waves else abs(r_mv) / 8
    front_end = electrodes(draw, noise_mv=noise, wander_mv=0.03)
    return Scenario(
        (Episode("atrial_fibrillation", 40.0, _value(p, "narrow_bpm")),), heart, front_end=front_end
    )


def _electrodes_of(*names: str) -> Callable[[Parameters, Draw], Scenario]:
    def make(p: Parameters, draw: Draw) -> Scenario:
        front_end = electrodes(draw, **{name: _value(p, name) for name in names})
        r_mv = {"r_mv": _value(p, "r_mv")} if "r_mv" in p else {}
        steps = (Episode("sinus", 32.0, _value(p, "narrow_bpm", 72)),)
        return Scenario(steps, ordinary(draw, **r_mv), front_end=front_end)

    return make


def _paced(p: Parameters, draw: Draw) -> Scenario:
    """Sinus rhythm is not there: a pacemaker captures, loses capture, and captures again."""
    rate, escape = _value(p, "paced_bpm"), _value(p, "escape_bpm")
    paced = Episode("paced", 20.0, rate, mode=str(p["mode"]))
    steps: tuple[Episode, ...] = (replace(paced, until_s=35.0),)
    if p["capture"] == "lost":
        steps = (
            paced,
            replace(paced, until_s=45.0, capture=False, escape_bpm=escape),
            replace(paced, until_s=62.0),
        )
    elif p["capture"] == "never":
        steps = (replace(paced, until_s=40.0, capture=False, escape_bpm=escape),)
    spikes = Spikes(_value(p, "spike_mv"), _value(p, "spike_ms"), tail_share=_between(draw, 0.0, 0.03))
    return Scenario(steps, ordinary(draw), spikes, electrodes(draw))


def _block(p: Parameters, draw: Draw) -> Scenario:
    """Sinus rhythm, then the block until the end."""
    rhythm = str(p["block"])
    escape = _value(p, "escape_bpm")
    steps = (
        Episode("sinus", 15.0, 75),
        Episode(rhythm, 50.0, 75, ratio=int(_value(p, "ratio", 4)), escape_bpm=escape),
    )
    return Scenario(steps, ordinary(draw), front_end=electrodes(draw))


_TACHYCARDIA = (140, 160, 180, 200, 220, 240, 250, 275, 300)
_ANY_CLASS = Expectation(classes=False)

#: Every kind, in the order of the documents.
KINDS: dict[str, Kind] = {
    "narrow, steady": Kind(
        {
            "narrow_bpm": (20, 30, 45, 60, 80, 100, 125, 150, 175, 200, 225, 250, 275, 300),
            "r_mv": (0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, -0.2, -0.5, -1, -3, -5),
        },
        _narrow,
    ),
    "broad, steady": Kind(
        {
            "broad_bpm": (20, 40, 70, 110, 150, 180, 200, 220, 240, 260, 280),
            "qrs_ms": (120, 140, 160, 180, 200),
            "shape": VENTRICULAR_SHAPES,
        },
        _broad,
        expect=_ANY_CLASS,
    ),
    "narrow tachycardia, onset and end": Kind(
        {"narrow_bpm": _TACHYCARDIA, "before_bpm": (25, 35, 40, 50, 60, 75, 90, 110)},
        _onset("svt", "narrow_bpm"),
        seeds=2,
    ),
    "broad tachycardia, onset and end": Kind(
        {"broad_bpm": (110, 130, 150, 180, 200, 220, 240, 260, 280), "before_bpm": (35, 45, 60, 70, 85, 100)},
        _onset("vt", "broad_bpm"),
        seeds=2,
    ),
    "ventricular flutter": Kind(
        {
            "flutter_bpm": (180, 210, 240, 270, 300),
            "flutter_mv": (0.3, 0.6, 1.0, 2.0),
            "when": ("from the start", "after sinus"),
        },
        _ventricular_waves,
    ),
    "ventricular fibrillation": Kind(
        {
            "fibrillation_hz": (3.0, 4.0, 5.0, 6.0, 7.0),
            "flutter_mv": (0.15, 0.3, 0.6, 1.0),
            "when": ("from the start", "after sinus"),
        },
        _ventricular_waves,
        seeds=2,
    ),
    "asystole and pauses": Kind(
        {
            "pause_s": (5, 8, 15, 30),
            "narrow_bpm": (40, 70, 110, 180),
            "when": ("at the start", "in the middle", "at the end"),
        },
        _asystole,
    ),
    "PR interval and P wave": Kind(
        {
            "pr_ms": (100, 200, 250, 300, 350, 400, 450),
            "p_mv": (0.1, 0.2, 0.3),
            "narrow_bpm": (50, 70, 90),
            "r_mv": (0.6, 1.0, -1.0),
        },
        _p_wave,
        expect=Expectation(first_false=1),
    ),
    "second-degree AV block": Kind(
        {"block": ("wenckebach", "mobitz"), "ratio": (2, 3, 4, 5)}, _block, seeds=4
    ),
    "complete AV block": Kind(
        {"block": ("complete_block",), "escape_bpm": (20, 25, 30, 35, 42, 50)},
        _block,
        seeds=4,
        expect=_ANY_CLASS,
    ),
    "pacing": Kind(
        {
            "spike_mv": (2, -2, 10, -50, 250, 700),
            "spike_ms": (0.1, 0.5, 1.0, 2.0),
            "paced_bpm": (60, 85),
            "mode": ("V", "A", "D"),
            "capture": ("yes",),
        },
        _paced,
        expect=_ANY_CLASS,
    ),
    "pacing, loss of capture": Kind(
        {
            "spike_mv": (2, -5, 50, -700),
            "spike_ms": (0.2, 0.5, 2.0),
            "paced_bpm": (70,),
            "mode": ("V", "D"),
            "capture": ("lost", "never"),
            "escape_bpm": (0, 30, 38),
        },
        _paced,
        expect=_ANY_CLASS,
    ),
    "low R waves, irregular": Kind(
        {
            "low_r_mv": (0.15, 0.2, 0.25, 0.3, -0.2),
            "over": ("fibrillatory waves", "fine noise"),
            "narrow_bpm": (60, 80, 100, 130),
        },
        _low_r,
        seeds=3,
        expect=Expectation(classes=False, least_percent=98.0),
    ),
    "hum": Kind(
        {
            "hum_mv": (0.05, 0.1, 0.3, 1.0, 2.0, 3.0, 5.0),
            "hum_hz": (50, 60),
            "narrow_bpm": (50, 72, 120, 180),
        },
        _electrodes_of("hum_mv", "hum_hz"),
    ),
    "electrode offset": Kind(
        {"offset_mv": (-150, -100, -35, 35, 100, 150), "drift_mv": (0, 10)},
        _electrodes_of("offset_mv", "drift_mv"),
        seeds=2,
    ),
    "glitches": Kind(
        {
            "glitch_mv": (1, 3, 5, 10, 20),
            "glitch_every_s": (0.3, 0.7, 1.0, 3.0),
            "narrow_bpm": (45, 72, 110),
        },
        _faulty(
            lambda p: Fault("glitches", size=_value(p, "glitch_mv"), every_s=_value(p, "glitch_every_s"))
        ),
    ),
    "gain steps": Kind(
        {"gain_step": (2, 4, 7, 10), "way": ("up", "down"), "narrow_bpm": (50, 72, 120), "r_mv": (0.3, 0.5)},
        _gain_step,
    ),
}


def cells() -> Iterator[Cell]:
    """All cells in order; the same on every machine."""
    number = 0
    for name, kind in KINDS.items():
        k = 0
        for values in product(*kind.axes.values()):
            parameters = dict(zip(kind.axes, values, strict=True))
            for _ in range(kind.seeds):
                seed = zlib.crc32(f"{name}/{k}".encode())
                yield Cell(number, name, parameters, seed, is_inside(parameters))
                number += 1
                k += 1


def scenario(cell: Cell) -> Scenario:
    """What a cell's record is made from."""
    return KINDS[cell.kind].make(cell.parameters, Draw(cell.seed, "cell"))
