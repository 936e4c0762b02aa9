"""Brings foreign samples to the spec: its sampling rate, its unit, its mark for a missing sample."""

from __future__ import annotations

from fractions import Fraction

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

    Returns
    -------
    samples : int16 [ceil(n * spec_fs_hz / fs_hz)]
        Sample k lies at time k / spec_fs_hz; ``MISSING`` where the source has none beside it.
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
    if fs_hz == spec_fs_hz and per_mv == spec_per_mv and values.dtype.kind == "i":
        out = values.astype(np.float64)  # exact: whole numbers far below 2^53
    else:
        out = _bridge(values.astype(np.float64), missing)
        if per_mv != spec_per_mv:
            out = out * (spec_per_mv / per_mv)
            notes.append(f"rescaled from {per_mv:g} to {spec_per_mv} units per mV")
        if fs_hz != spec_fs_hz:
            out, missing = _resample(out, missing, fs_hz, spec_fs_hz)
            notes.append(f"resampled from {fs_hz:g} to {spec_fs_hz} Hz")
    rounded = np.rint(np.where(missing, 0.0, out))
    clipped = int(np.count_nonzero(np.abs(rounded) > _LARGEST))
    if clipped:
        notes.append(f"{clipped} samples clipped to +-{_LARGEST / spec_per_mv:.0f} mV")
    samples = np.clip(rounded, -_LARGEST, _LARGEST).astype(np.int16)
    samples[missing] = MISSING
    return samples, notes


def _bridge(values: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    if not missing.any():
        return values
    if missing.all():
        return np.zeros_like(values)
    index = np.arange(len(values))
    return np.interp(index, index[~missing], values[~missing])


def _resample(
    values: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_], fs_hz: float, spec_fs_hz: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    from scipy.signal import resample_poly

    ratio = Fraction(spec_fs_hz) / Fraction(fs_hz).limit_denominator(_DENOMINATOR_MAX)
    if len(values) == 0:
        return values, missing
    out = resample_poly(values, ratio.numerator, ratio.denominator, padtype="line")
    k = np.arange(len(out), dtype=np.int64)
    before = np.minimum(k * ratio.denominator // ratio.numerator, len(values) - 1)
    after = np.minimum(-(-k * ratio.denominator // ratio.numerator), len(values) - 1)
    return out, missing[before] | missing[after]
