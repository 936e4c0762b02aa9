"""Brings foreign samples to the spec: its sampling rate, its unit, its mark for a missing sample."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.errors import UserError

#: Rates outside this are refused, Hz: below, a QRS complex is a few samples; above, the files are not ECGs.
FS_MIN_HZ = 100.0
FS_MAX_HZ = 2000.0
#: "no sample" on the device.
MISSING = -32768
_LARGEST = 32767
#: Rates are taken as fractions with at most this denominator (360/257 and 128.205 are both exact enough).
_DENOMINATOR_MAX = 1000


def check_fs(fs_hz: float, where: str) -> None:
    """Refuse a sampling rate outside 100..2000 Hz.

    Raises
    ------
    UserError
        The rate is out of range or no number.
    """
    if not FS_MIN_HZ <= fs_hz <= FS_MAX_HZ:
        raise UserError(
            f"{where}: sampling rate {fs_hz:g} Hz; rates from {FS_MIN_HZ:g} to {FS_MAX_HZ:g} Hz can be used"
        )


def to_spec(
    values: npt.NDArray[np.float64] | npt.NDArray[np.int64],
    missing: npt.NDArray[np.bool_],
    fs_hz: float,
    per_mv: float,
    spec_fs_hz: int,
    spec_per_mv: int,
    *,
    rails: tuple[float | None, float | None] = (None, None),
    offset_adu: int = 0,
) -> tuple[npt.NDArray[np.int16], list[str]]:
    """Resample and rescale one lead.

    Parameters
    ----------
    values : int64 or float64 [n]
        The signal around its baseline; anything where ``missing``.
    missing : bool [n]
        True where there is no sample.
    fs_hz, per_mv : float
        Its sampling rate in Hz and its units per millivolt.
    spec_fs_hz, spec_per_mv : int
        The same of the result.
    rails : tuple, optional
        Ends of the converter's range in units of ``values``, where they are known.
    offset_adu : int
        Taken out, in units of the result, before anything can overflow.

    Returns
    -------
    samples : int16 [ceil(n * spec_fs_hz / fs_hz)]
        Sample k lies at time k / spec_fs_hz; ``MISSING`` where the source has none beside it; exactly
        :func:`spec_rails` where the source is at a rail beside it, and nowhere else.
    notes : list of str
        What was changed, for the user; empty where the samples passed through as they were.

    Notes
    -----
    Polyphase resampling with SciPy's default Kaiser window. Gaps are bridged by straight lines first, so
    that they do not ring into their surroundings, and marked again afterwards.
    """
    notes = []
    if missing.any():
        notes.append(f"{int(missing.sum())} samples are missing in the record")
    if spec_rails(rails, spec_per_mv / per_mv, offset_adu) is None:
        rails = (None, None)
    marks = {"missing": missing, "low": _beyond(values, rails[0], -1), "high": _beyond(values, rails[1], 1)}
    if fs_hz == spec_fs_hz and per_mv == spec_per_mv and values.dtype.kind == "i":
        out = values.astype(np.float64)  # exact: whole numbers far below 2^53
    else:
        out = _bridge(values.astype(np.float64), missing)
        if per_mv != spec_per_mv:
            out *= spec_per_mv / per_mv
            notes.append(f"rescaled from {per_mv:g} to {spec_per_mv} units per mV")
    out -= offset_adu
    if fs_hz != spec_fs_hz:
        out, marks = _resample(out, marks, fs_hz, spec_fs_hz)
        notes.append(f"resampled from {fs_hz:g} to {spec_fs_hz} Hz")
    np.rint(out, out=out)
    gone = marks["missing"]
    assert gone is not None
    out[gone] = 0.0
    clipped = int(np.count_nonzero(np.abs(out) > _LARGEST))
    if clipped:
        notes.append(f"{clipped} samples clipped to +-{_LARGEST / spec_per_mv:.0f} mV")
    low, high = spec_rails(rails, spec_per_mv / per_mv, offset_adu) or (-_LARGEST, _LARGEST)
    # Inside, the resampling filter rings beyond a rail beside which it steps: that is not saturation.
    inner = (low + (rails[0] is not None), high - (rails[1] is not None))
    samples = np.clip(out, *inner, out=out).astype(np.int16)
    for name, end in (("low", low), ("high", high)):
        if (mark := marks[name]) is not None:
            samples[mark] = end
    samples[gone] = MISSING
    return samples, notes


def spec_rails(
    rails: tuple[float | None, float | None], scale: float, offset_adu: int
) -> tuple[int, int] | None:
    """Return the ends of a converter's range as samples of the result; None where 16 bits end before.

    ``scale``: units of the result in one of ``rails``. An end that nobody knows, or that 16 bits cannot
    hold, is the last number that they hold.
    """
    if rails == (None, None):
        return None
    ends = [
        default if end is None else int(min(max(round(end * scale) - offset_adu, -_LARGEST), _LARGEST))
        for end, default in zip(rails, (-_LARGEST, _LARGEST), strict=True)
    ]
    found = (ends[0], ends[1])
    return found if found != (-_LARGEST, _LARGEST) and found[0] + 2 < found[1] else None


def _beyond(values: npt.NDArray[Any], end: float | None, sign: int) -> npt.NDArray[np.bool_] | None:
    """Return where a signal is at one end of its converter's range; None where that end is unknown."""
    if end is None:
        return None
    return values >= end if sign > 0 else values <= end


def _bridge(values: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    if not missing.any():
        return values
    if missing.all():
        return np.zeros_like(values)
    index = np.arange(len(values))
    return np.interp(index, index[~missing], values[~missing])


def _resample(
    values: npt.NDArray[np.float64],
    marks: dict[str, npt.NDArray[np.bool_] | None],
    fs_hz: float,
    spec_fs_hz: int,
) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.bool_] | None]]:
    from scipy.signal import resample_poly

    ratio = Fraction(spec_fs_hz) / Fraction(fs_hz).limit_denominator(_DENOMINATOR_MAX)
    if len(values) == 0:
        return values, marks
    out = resample_poly(values, ratio.numerator, ratio.denominator, padtype="line")
    last = len(values) - 1
    after = np.arange(len(out), dtype=np.int64)
    after *= ratio.denominator
    before = np.minimum(after // ratio.numerator, last)
    after = np.minimum(-(-after // ratio.numerator), last)
    moved = {name: None if mark is None else mark[before] | mark[after] for name, mark in marks.items()}
    return out, moved
