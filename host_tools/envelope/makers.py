"""Makes the scenario of a cell from its parameters; what a cell does not ask for is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from host_tools.simulator import Episode, Fault, FrontEnd, Heart, Scenario, Spikes
from host_tools.simulator.draw import Draw
from host_tools.simulator.shapes import NARROW_SHAPES, VENTRICULAR_SHAPES

Parameters = Mapping[str, float | str]
Make = Callable[[Parameters, Draw], Scenario]


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


def electrodes(draw: Draw, **changes: float | str) -> FrontEnd:
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


def broad(p: Parameters, draw: Draw) -> Scenario:
    """Ventricular beats from the first sample to the last."""
    rate = _value(p, "broad_bpm")
    heart = ordinary(draw, broad_ms=_value(p, "qrs_ms"), broad_shape=str(p["shape"]))
    return Scenario((Episode("vt", _length_s(rate), rate),), heart, front_end=electrodes(draw))


def onset(rhythm: str, rate_name: str) -> Callable[[Parameters, Draw], Scenario]:
    """Sinus rhythm, a tachycardia of 18 s, sinus rhythm; ``rate_name`` is the parameter of its rate."""

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


def ventricular_waves(p: Parameters, draw: Draw) -> Scenario:
    """Flutter or fibrillation of the ventricles, alone or between two stretches of sinus rhythm."""
    flutter = "flutter_bpm" in p
    rate = _value(p, "flutter_bpm") if flutter else 60 * _value(p, "fibrillation_hz")
    rhythm = "ventricular_flutter" if flutter else "ventricular_fibrillation"
    waves = Episode(rhythm, 30.0, rate)
    steps: tuple[Episode, ...] = (waves,)
    if p["when"] == "after sinus":
        steps = (Episode("sinus", 15.0, 75), replace(waves, until_s=40.0), Episode("sinus", 55.0, 75))
    heart = ordinary(draw, flutter_mv=_value(p, "flutter_mv"))
    return Scenario(steps, heart, front_end=electrodes(draw))


def asystole(p: Parameters, draw: Draw) -> Scenario:
    """A pause at the start, in the middle or at the end."""
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


def paced(p: Parameters, draw: Draw) -> Scenario:
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
    tail_mv, tail_ms = _value(p, "tail_mv"), _value(p, "tail_ms", 8.0)
    spikes = Spikes(_value(p, "spike_mv"), _value(p, "spike_ms"), tail_mv, tail_ms)
    return Scenario(steps, ordinary(draw), spikes, electrodes(draw))


def block(p: Parameters, draw: Draw) -> Scenario:
    """Sinus rhythm, then the block until the end; ``block_r_mv`` is the height of all beats."""
    rhythm = str(p.get("block", "complete_block"))
    escape = _value(p, "escape_bpm")
    steps = (
        Episode("sinus", 15.0, 75),
        Episode(rhythm, 50.0, 75, ratio=int(_value(p, "ratio", 4)), escape_bpm=escape),
    )
    heart = ordinary(draw)
    if "block_p_mv" in p:
        r_mv = _value(p, "block_r_mv")
        heart = replace(heart, r_mv=r_mv, broad_mv=r_mv, p_mv=_value(p, "block_p_mv"), t_mv=0.2 * r_mv)
    return Scenario(steps, heart, front_end=electrodes(draw))


def standstill(p: Parameters, draw: Draw) -> Scenario:
    """Sinus rhythm, then the atria alone for 20 s, then sinus rhythm."""
    rate = _value(p, "atria_bpm")
    steps = (
        Episode("sinus", 20.0, rate),
        Episode("complete_block", 40.0, rate, escape_bpm=0.0),
        Episode("sinus", 55.0, rate),
    )
    heart = ordinary(draw, r_mv=_value(p, "r_mv"), p_mv=_value(p, "standstill_p_mv"))
    return Scenario(steps, heart, front_end=electrodes(draw))


def low_premature(p: Parameters, draw: Draw) -> Scenario:
    """Premature beats that have this share of the others' height."""
    made = premature({**p, "first_s": 15, "ratio": 5}, draw)
    heart = replace(made.heart, broad_mv=_value(p, "pvc_share") * made.heart.r_mv)
    return replace(made, heart=heart)


def railway(p: Parameters, draw: Draw) -> Scenario:
    """Hum of 16.7 Hz."""
    return steady()({**p, "hum_mv": p["railway_hum_mv"], "hum_hz": 16.7}, draw)


def atrial_flutter(p: Parameters, draw: Draw) -> Scenario:
    """Atrial flutter with a fixed conduction from the first sample on."""
    ratio = int(_value(p, "conduction", _value(p, "ratio")))
    step = Episode("atrial_flutter", 32.0, _value(p, "atrial_bpm"), ratio=ratio)
    return Scenario((step,), ordinary(draw, f_mv=_value(p, "f_mv")), front_end=electrodes(draw))


def premature(p: Parameters, draw: Draw) -> Scenario:
    """Premature beats, from the first sample on or after some sinus rhythm."""
    first_s, rate = _value(p, "first_s"), _value(p, "narrow_bpm")
    early = Episode(str(p["rhythm"]), first_s + 40.0, rate, ratio=int(_value(p, "ratio")))
    steps = (Episode("sinus", first_s, rate), early) if first_s else (early,)
    return Scenario(steps, ordinary(draw), front_end=electrodes(draw))


#: Parameters that are attributes of the heart, or of electrodes and front end, by the same names.
_OF_HEART = ("r_mv", "qrs_ms", "shape", "pr_ms", "p_mv", "u_mv", "f_mv", "f_hz", "alternans")
_OF_FRONT_END = ("hum_mv", "hum_hz", "offset_mv", "drift_mv", "rail_mv", "fs_hz", "adu_per_mv")


def steady(
    length_s: float = 32.0, rhythm: str | None = None, fault: Callable[[Parameters], Fault] | None = None
) -> Make:
    """One rhythm from the first sample to the last, with what the parameters say by their names.

    Parameters
    ----------
    length_s : float
        Length of the record; slow rhythms get more.
    rhythm : str, optional
        Sinus rhythm by default, above 150/min supraventricular tachycardia.
    fault : callable, optional
        What happens to the signal.
    """

    def make(p: Parameters, draw: Draw) -> Scenario:
        rate = _value(p, "narrow_bpm", 72)
        changes = {name: p[name] for name in _OF_HEART if name in p}
        heart = ordinary(draw, **changes)
        if "t_share" in p:
            heart = replace(heart, t_mv=_value(p, "t_share") * abs(heart.r_mv))
        front_end = electrodes(draw, **{name: p[name] for name in _OF_FRONT_END if name in p})
        step = Episode(
            rhythm or str(p.get("rhythm", "svt" if rate > 150 else "sinus")),
            max(length_s, 10.0 + 20 * 60.0 / rate),
            rate,
            ratio=int(_value(p, "ratio", 4)),
        )
        return Scenario((step,), heart, front_end=front_end, faults=(fault(p),) if fault else ())

    return make


def low_r(p: Parameters, draw: Draw) -> Scenario:
    """Atrial fibrillation with low R waves over fibrillatory waves, or fine noise of a quarter of them."""
    r_mv = _value(p, "low_r_mv")
    share = _value(p, "f_share")
    heart = ordinary(
        draw,
        r_mv=r_mv,
        f_mv=share / 2 * abs(r_mv),  # peak to peak, as they are measured
        f_hz=_between(draw, 4.0, 9.0),
        t_mv=0.15 * abs(r_mv),
    )
    # Fine noise: 95 % of it within a quarter of the R wave on either side.
    noise_mv = 0.01 if share else abs(r_mv) / 8
    step = Episode("atrial_fibrillation", 40.0, _value(p, "narrow_bpm"))
    return Scenario((step,), heart, front_end=electrodes(draw, noise_mv=noise_mv, wander_mv=0.03))


def gain_step(p: Parameters, draw: Draw) -> Scenario:
    """``r_mv`` is the smaller amplitude: before a step up, or after a step down."""
    step = _value(p, "gain_step")
    up = p["way"] == "up"
    heart = ordinary(draw, r_mv=_value(p, "r_mv") * (1 if up else step))
    fault = Fault("gain", 18.0, size=step if up else 1 / step)
    steps = (Episode("sinus", 40.0, _value(p, "narrow_bpm")),)
    return Scenario(steps, heart, front_end=electrodes(draw), faults=(fault,))
