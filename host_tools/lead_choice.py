"""Chooses the lead where the user names none: by its name, and because it looks like an ECG."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.errors import UserError

#: The lead that the model was trained on.
PREFERRED_LEAD = "MLII"
#: Names of ECG leads: limb, chest, Frank's, Holter's modified leads, and what devices call theirs.
_ECG_NAME = re.compile(
    r"(mod(ified)?[ ._-]*)?(lead[ ._-]*)?"
    r"(i{1,3}|av[rlf]|v[1-9]r?|v[xyz]|m?l(i{1,3}|[123])|mv[1-6]|mcl[1-6]|c[mcs][1-6]|d[1-5]|es|as|ai"
    r"|l[ar]-?(ra|la|ll)|ll-?(ra|la))([ ._-]*lead)?"
)
_ECG_WORD = re.compile(r"(^|[^a-z])(ecg|ekg)([^a-z]|$)")
#: Words in the names of what is recorded beside an ECG.
_OTHER_WORD = re.compile(
    r"resp|abp|art\b|\bbp\b|pleth|ppg|cvp|\bpap\b|\bicp\b|spo2|sao2|eeg|emg|eog|acc|gyro|mag|temp|airflow|flow"
    r"|effort|\bst\b|\bhr\b|\brr|rrinterval|pulse|press|\bco2\b|etco2|imp\b|event|marker|trigger|annot|label"
    r"|\bclass\b|quality|batt|button|lead.?off|gsr|eda\b|aux|\bdi\b|^[xyz]$|status"
)
#: An ECG has this share of its power above 3 Hz within the band of the QRS complex, and its peaks there stand
#: so far above what is usual.
_SHARE_MIN = 0.2
_CREST_MIN = 2.5
#: What is smaller in that band, in steps of the converter, is their rounding.
_STEPS_MIN = 1.5
#: Power above 3 Hz of all power above 0.5 Hz: a pulse wave has none.
_EDGE_MIN = 0.03
#: Names that are listed to the user.
_LISTED = 8
#: Stretches of a record that are looked at: how many, and how long, seconds.
_LOOKS = 3
LOOK_S = 20.0


@dataclass(frozen=True)
class Choice:
    """A lead's number, and why it was chosen, for the user; empty where there was no choice."""

    index: int
    why: str = ""


def find_lead(names: Sequence[str], wanted: str, where: str) -> int:
    """Return the number of the lead called ``wanted`` (its name, or its number from 0).

    Raises
    ------
    UserError
        There is no such lead; the line lists those there are.
    """
    folded = [name.casefold() for name in names]
    if wanted.casefold() in folded:
        return folded.index(wanted.casefold())
    if re.fullmatch(r"[0-9]{1,6}", wanted) and int(wanted) < len(names):
        return int(wanted)
    listed = [f"{i} = {name}" for i, name in enumerate(names[:20])]
    there = ", ".join(listed) + (", …" if len(names) > 20 else "")
    raise UserError(f"{where}: no lead {wanted[:80]!r}; there are: {there}")


def name_rank(name: str) -> int:
    """Return 0 for the model's own lead, 1 for an ECG, 2 for an unknown name, 3 for another signal."""
    folded = name.strip().casefold()
    if folded == PREFERRED_LEAD.casefold():
        return 0
    if _ECG_NAME.fullmatch(folded) or _ECG_WORD.search(folded):
        return 1
    return 3 if _OTHER_WORD.search(folded) else 2


def choose_lead(
    names: Sequence[str],
    usable: Sequence[int],
    look: Callable[[int], Sequence[npt.NDArray[np.float64]]],
    fs_hz: Callable[[int], float],
) -> Choice:
    """Choose one of the leads.

    Parameters
    ----------
    names : sequence of str
        All names.
    usable : sequence of int
        Numbers of those that may be chosen (voltages, columns that are no times).
    look : callable
        Stretches of a lead's signal, without missing samples; see :func:`looks_places`.
    fs_hz : callable
        Its sampling rate.

    Returns
    -------
    Choice
        Of the leads whose names say most (MLII, an ECG's, unknown, another signal's), the first that looks
        like an ECG; where none does, the first.
    """
    order = sorted(usable, key=lambda i: (name_rank(names[i]), i))
    if len(order) == 1 and len(names) == 1:
        return Choice(order[0])
    if order and name_rank(names[order[0]]) <= 1:  # an ECG by its name is not left for a respiration
        order = [i for i in order if name_rank(names[i]) <= 2]
    among = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
    for index in order:
        if len(order) > 1 and not looks_like_ecg(look(index), fs_hz(index)):
            continue
        if name_rank(names[index]) == 0:
            return Choice(index)
        why = "the first that looks like an ECG"
        if len(order) == 1:
            why = "the only one in volts" if len(usable) == 1 else "by its name"
        return Choice(index, f"lead {names[index]} chosen of {among}: {why} (--lead takes another)")
    index = order[0]
    if name_rank(names[index]) == 0:
        return Choice(index)
    return Choice(index, f"lead {names[index]} taken of {among}, none of which looks like an ECG")


def look_places(length: int, fs_hz: float) -> list[tuple[int, int]]:
    """Return the stretches of a record of ``length`` samples that are looked at."""
    size = min(round(LOOK_S * fs_hz), length)
    if length < 2 * size:
        return [(0, size)]
    return [
        (begin, begin + size) for begin in np.linspace(0, length - size, _LOOKS + 2, dtype=int)[1:-1].tolist()
    ]


def looks_like_ecg(stretches: Sequence[npt.NDArray[np.float64]], fs_hz: float) -> bool:
    """Tell whether a signal looks like an ECG: short steep complexes, and quiet between them."""
    found = [_looks(values, fs_hz) for values in stretches if len(values) >= 2 * fs_hz]
    return sum(found) * 2 > len(found) if found else False


def _looks(values: npt.NDArray[np.float64], fs_hz: float) -> bool:
    from scipy.signal import detrend
    from scipy.signal.windows import tukey

    x = detrend(np.asarray(values, np.float64))
    scale = float(np.max(np.abs(x), initial=0.0))
    if not np.isfinite(scale) or scale <= 1e-9 * float(np.max(np.abs(values), initial=0.0)):
        return False
    # Tapered, and looked at between the tapers: the jump from the end to the beginning is no complex.
    taper = max(len(x) // 10, 1)
    spectrum = np.fft.rfft(x / scale * tukey(len(x), 0.2))
    hz = np.fft.rfftfreq(len(x), 1 / fs_hz)
    power = np.abs(spectrum) ** 2

    def within(low: float, high: float) -> float:
        return float(power[(hz >= low) & (hz < high)].sum())

    whole, above = within(0.5, 40.0), within(3.0, 40.0)
    if above <= 0 or above < _EDGE_MIN * whole or within(5.0, 25.0) < _SHARE_MIN * above:
        return False
    band = np.fft.irfft(np.where((hz >= 5.0) & (hz < 25.0), spectrum, 0), len(x))[taper:-taper]
    width = max(round(0.1 * fs_hz), 1)
    envelope = np.sqrt(np.convolve(band**2, np.ones(width) / width, "valid"))
    high = float(np.percentile(envelope, 98))
    levels = np.unique(values)
    step = float(np.diff(levels).min()) / scale if len(levels) > 1 else 0.0
    return high > _CREST_MIN * float(np.median(envelope)) and high > _STEPS_MIN * step


__all__ = ["LOOK_S", "Choice", "choose_lead", "find_lead", "look_places", "looks_like_ecg", "name_rank"]
