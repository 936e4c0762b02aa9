"""Scenarios from a command line's words, checked: what is wrong is said in one line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, TypeVar

from host_tools.errors import UserError

from .scenario import EPISODES, FAULTS, WAVES, Episode, Fault, FrontEnd, Heart, Scenario, Spikes
from .shapes import BLOCK_SHAPES, NARROW_SHAPES, VENTRICULAR_SHAPES

_Part = TypeVar("_Part", Episode, Fault, FrontEnd, Heart, Spikes)

#: What each number may be; of those not named here, anything finite.
_LIMITS = {
    "until_s": (0.0, 86400.0),
    "rate_bpm": (10.0, 600.0),
    "escape_bpm": (0.0, 200.0),
    "ratio": (1, 20),
    "r_mv": (-20.0, 20.0),
    "broad_mv": (-20.0, 20.0),
    "qrs_ms": (20.0, 400.0),
    "broad_ms": (20.0, 400.0),
    "pr_ms": (60.0, 1000.0),
    "rr_variation": (0.0, 0.3),
    "alternans": (0.0, 1.0),
    "f_hz": (1.0, 20.0),
    "ms": (0.01, 20.0),
    "mv": (-1000.0, 1000.0),
    "tail_ms": (0.1, 500.0),
    "tail_mv": (0.0, 100.0),
    "fs_hz": (100.0, 2000.0),
    "bandwidth_hz": (10.0, 2000.0),
    "noise_mv": (0.0, 10.0),
    "hum_hz": (1.0, 1000.0),
    "rail_mv": (0.01, 1000.0),
    "adu_per_mv": (1, 10000),
    "every_s": (0.01, 86400.0),
}
_SHAPES = (*NARROW_SHAPES, *BLOCK_SHAPES, *VENTRICULAR_SHAPES)
#: Faults whose size is a share of the samples, and the largest one; what is dropped leaves some.
_SHARES = {"missing": 1.0, "dropped": 0.9}
#: Rates of rhythms that have another than 70/min where none is given.
_RATES = {**dict.fromkeys(WAVES, 240.0), "svt": 190.0, "vt": 180.0, "atrial_flutter": 300.0}
#: What a word may be.
_WORDS = {"mode": ("A", "V", "D"), "shape": _SHAPES, "broad_shape": _SHAPES}


def _value(part: Any, name: str, text: str, where: str) -> Any:
    """Turn a text into what an attribute holds."""
    default = getattr(part, name)
    if isinstance(default, bool):
        if text not in ("yes", "no"):
            raise UserError(f"{where}: {name} is yes or no, not {text!r}")
        return text == "yes"
    if isinstance(default, str):
        if text not in _WORDS[name]:
            raise UserError(f"{where}: {name} is one of {', '.join(_WORDS[name])}, not {text!r}")
        return text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    low, high = _LIMITS.get(name, (-1e9, 1e9))
    whole = isinstance(default, int)
    if not low <= number <= high or (whole and number != round(number)):
        what = "a whole number" if whole else "a number"
        raise UserError(f"{where}: {name} is {what} from {low:g} to {high:g}, not {text!r}")
    return int(number) if whole else number


def _changed(part: _Part, name: str, text: str, where: str) -> _Part:
    known = [field.name for field in fields(part)]
    if name not in known:
        raise UserError(f"{where}: no {name!r}; there are {', '.join(known)}")
    return replace(part, **{name: _value(part, name, text, where)})


def _listed(part: _Part, order: Sequence[str], texts: Sequence[str], where: str) -> _Part:
    """Fill attributes in order, then those that are named (``name=value``)."""
    for name, text in zip(order, texts, strict=False):
        if "=" in text:
            break
        part = _changed(part, name, text, where)
    for text in texts[sum("=" not in t for t in texts) :]:
        name, sign, value = text.partition("=")
        if not sign:
            raise UserError(f"{where}: {text!r} stands after a name=value")
        part = _changed(part, name, value, where)
    positional = sum("=" not in t for t in texts)
    if positional > len(order):
        raise UserError(f"{where}: more values than {':'.join(order)}")
    return part


def parse_rhythm(text: str) -> Episode:
    """Read ``KIND:UNTIL_S[:RATE][:name=value...]``.

    Raises
    ------
    UserError
        If it does not fit.
    """
    where = f"--rhythm {text}"
    kind, *rest = text.split(":")
    if kind not in EPISODES:
        raise UserError(f"{where}: no rhythm {kind!r}; there are {', '.join(EPISODES)}")
    if not rest:
        raise UserError(f"{where}: its end in s is missing, as in {kind}:30")
    step = Episode(kind, 0.0, _RATES.get(kind, 70.0))
    return _listed(step, ("until_s", "rate_bpm"), rest, where)


def parse_fault(text: str) -> Fault:
    """Read ``KIND[:START_S[:STOP_S[:SIZE[:EVERY_S]]]][:name=value...]``.

    Raises
    ------
    UserError
        If it does not fit.
    """
    where = f"--fault {text}"
    kind, *rest = text.split(":")
    if kind not in FAULTS:
        raise UserError(f"{where}: no fault {kind!r}; there are {', '.join(FAULTS)}")
    fault = _listed(Fault(kind), ("start_s", "stop_s", "size", "every_s"), rest, where)
    if fault.kind in _SHARES and not 0.0 <= fault.size <= _SHARES[fault.kind]:
        raise UserError(
            f"{where}: its size is a share from 0 to {_SHARES[fault.kind]:g}, as in {fault.kind}:0:60:0.02"
        )
    if fault.stop_s <= fault.start_s:
        raise UserError(f"{where}: it ends ({fault.stop_s:g} s) before it begins ({fault.start_s:g} s)")
    return fault


def describe(
    rhythms: Sequence[str], settings: Sequence[str], faults: Sequence[str], fs_hz: float
) -> Scenario:
    """Make a scenario from the options of ``bitbeat simulate``.

    Parameters
    ----------
    rhythms, faults : sequence of str
        See :func:`parse_rhythm`, :func:`parse_fault`.
    settings : sequence of str
        ``name=value`` of heart, front end, or spikes (``spike_mv``, ``spike_ms``, ``spike_tail_mv``, ...).
    fs_hz : float
        Sampling rate.

    Raises
    ------
    UserError
        If anything does not fit.
    """
    steps = tuple(parse_rhythm(text) for text in rhythms)
    ends = [0.0, *(step.until_s for step in steps)]
    if any(later <= earlier for earlier, later in pairwise(ends)):
        raise UserError("--rhythm: each ends after the one before it (times count from the record's start)")
    said = [text.partition("escape_bpm=")[1] for text in rhythms]
    if any(s.rhythm == "complete_block" and not given for s, given in zip(steps, said, strict=True)):
        raise UserError(
            "--rhythm complete_block: escape_bpm is missing, as in complete_block:30:75:escape_bpm=38 (0: "
            "the ventricles stand still)"
        )
    parts: dict[str, Any] = {"": Heart(), "front": FrontEnd(fs_hz=fs_hz), "spike_": Spikes()}
    for text in settings:
        name, sign, value = text.partition("=")
        where = f"--set {text}"
        if not sign:
            raise UserError(f"{where}: not name=value")
        if name.startswith("spike_"):
            parts["spike_"] = _changed(parts["spike_"], name.removeprefix("spike_"), value, where)
            continue
        owner = next((key for key in ("", "front") if hasattr(parts[key], name)), None)
        if owner is None or name == "fs_hz":
            known = [f.name for part in (Heart, FrontEnd) for f in fields(part) if f.name != "fs_hz"]
            spikes = [f"spike_{f.name}" for f in fields(Spikes)]
            raise UserError(f"{where}: no {name!r}; there are {', '.join([*known, *spikes])}")
        parts[owner] = _changed(parts[owner], name, value, where)
    bent = tuple(parse_fault(text) for text in faults)
    for text, fault in zip(faults, bent, strict=True):
        if fault.start_s >= ends[-1]:
            raise UserError(f"--fault {text}: it begins behind the record's end ({ends[-1]:g} s)")
    return Scenario(steps, parts[""], parts["spike_"], parts["front"], bent)
