"""Brings foreign samples to the spec: its sampling rate, its unit, its mark for a missing sample."""

from __future__ import annotations

from collections.abc import Iterator
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
#: Samples of a block: resampled at a time.
_BLOCK = 1 << 17


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
    if fs_hz == spec_fs_hz and per_mv == spec_per_mv and values.dtype.kind == "i":
        scaled = values.astype(np.float64)  # exact: whole numbers far below 2^53
    else:
        scaled = _bridged(values, missing)
        if per_mv != spec_per_mv:
            scaled *= spec_per_mv / per_mv
            notes.append(f"rescaled from {per_mv:g} to {spec_per_mv} units per mV")
    scaled -= offset_adu
    ratio = Fraction(1)
    if fs_hz != spec_fs_hz:
        ratio = Fraction(spec_fs_hz) / Fraction(fs_hz).limit_denominator(_DENOMINATOR_MAX)
        notes.append(f"resampled from {fs_hz:g} to {spec_fs_hz} Hz")
    low, high = spec_rails(rails, spec_per_mv / per_mv, offset_adu) or (-_LARGEST, _LARGEST)
    # Inside, the resampling filter rings beyond a rail beside which it steps: that is not saturation.
    inner = (low + (rails[0] is not None), high - (rails[1] is not None))
    samples = np.empty(-(-len(values) * ratio.numerator // ratio.denominator), np.int16)
    clipped = 0
    for first, block in _resampled(scaled, ratio):
        np.rint(block, out=block)
        at = _sources(first, len(block), ratio, len(values))
        gone = _marked(missing, at)
        block[gone] = 0.0
        clipped += int(np.count_nonzero(np.abs(block) > _LARGEST))
        done = np.clip(block, *inner).astype(np.int16)
        for sign, limit, end in ((-1, rails[0], low), (1, rails[1], high)):
            if limit is not None:
                done[_marked(values, at, limit, sign)] = end
        done[gone] = MISSING
        samples[first : first + len(block)] = done
    if clipped:
        notes.append(f"{clipped} samples clipped to +-{_LARGEST / spec_per_mv:.0f} mV")
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


def _bridged(
    values: npt.NDArray[np.float64] | npt.NDArray[np.int64], missing: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the signal with straight lines where samples are missing, level at the ends."""
    out = values.astype(np.float64)
    at = np.flatnonzero(missing)
    if len(at) == 0:
        return out
    if len(at) == len(out):
        return np.zeros_like(out)
    begins = at[np.diff(at, prepend=-2) > 1]
    ends = at[np.diff(at, append=len(out) + 1) > 1] + 1
    run = np.searchsorted(begins, at, "right") - 1
    before, after = begins[run] - 1, ends[run]
    left = out[np.where(before >= 0, before, np.minimum(after, len(out) - 1))]
    right = out[np.where(after < len(out), after, np.maximum(before, 0))]
    out[at] = left + (right - left) * ((at - before) / (after - before))
    return out


def _resampled(
    values: npt.NDArray[np.float64], ratio: Fraction
) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """Yield the resampled signal in blocks, each with the number of its first sample.

    The same as :func:`scipy.signal.resample_poly` of the whole with ``padtype="line"``, in a fraction of its
    memory.
    """
    n = len(values)
    if ratio == 1 or n == 0:
        for first in range(0, n, _BLOCK):
            yield first, values[first : first + _BLOCK]
        return
    from scipy.signal import firwin, resample_poly

    up, down = ratio.numerator, ratio.denominator
    half = 10 * max(up, down)
    window = firwin(2 * half + 1, 1.0 / max(up, down), window=("kaiser", 5.0))
    margin = -(-(half // up + 2) // down) * down
    size = max(_BLOCK // down, 1) * down
    total = -(-n * up // down)
    slope = (values[-1] - values[0]) / max(n - 1, 1)
    for start in range(0, n, size):
        low, high = start - margin, min(start + size, n) + margin
        before = values[0] + slope * np.arange(low, min(high, 0))
        after = values[-1] + slope * np.arange(max(low - n, 0) + 1, high - n + 1)
        part = np.concatenate((before, values[max(low, 0) : high], after))
        first, last = start * up // down, min(-(-(start + size) * up // down), total)
        skip = margin * up // down
        yield first, resample_poly(part, up, down, window=window)[skip : skip + last - first]


def _sources(
    first: int, count: int, ratio: Fraction, length: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the samples of the source before and after each of ``count`` samples of the result."""
    at = np.arange(first, first + count, dtype=np.int64) * ratio.denominator
    before = np.minimum(at // ratio.numerator, length - 1)
    return before, np.minimum(-(-at // ratio.numerator), length - 1)


def _marked(
    source: npt.NDArray[Any],
    at: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    limit: float | None = None,
    sign: int = 1,
) -> npt.NDArray[np.bool_]:
    """Return where a mark, or a value at or beyond a limit, lies beside samples of the result."""
    first, stop = int(at[0][0]), int(at[1][-1]) + 1
    part = source[first:stop]
    if limit is not None:
        part = part >= limit if sign > 0 else part <= limit
    marked: npt.NDArray[np.bool_] = part[at[0] - first] | part[at[1] - first]
    return marked
