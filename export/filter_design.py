"""Butterworth band-pass as two integer second-order sections.

Source of the design: ``scipy.signal.butter`` in double precision, its poles and zeros dealt out to
one low-pass section (double zero at -1) and one high-pass section (double zero at 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from host_tools.errors import UserError


@dataclass(frozen=True)
class Bandpass:
    """Integer coefficients of the band-pass, all with ``frac_bits`` fraction bits.

    ``H(z) = b0 (1 + z^-1)^2 / A_low(z) * (1 - z^-1)^2 / A_high(z)``. The high-pass numerator is
    (1, -2, 1) exactly, so a constant input gives exactly zero; its gain is in ``lowpass_b0``.
    """

    frac_bits: int
    lowpass_b0: int
    lowpass_a1: int
    lowpass_a2: int
    highpass_a1: int
    highpass_a2: int

    def sos(self) -> np.ndarray:
        """Give the quantised coefficients as SciPy's ``sos`` array, float64 [2, 6]."""
        q = 2.0**-self.frac_bits
        b0 = self.lowpass_b0 * q
        return np.array(
            [
                [b0, 2 * b0, b0, 1, self.lowpass_a1 * q, self.lowpass_a2 * q],
                [1, -2, 1, 1, self.highpass_a1 * q, self.highpass_a2 * q],
            ]
        )


def butterworth_sos(fs_hz: float, order: int, low_hz: float, high_hz: float) -> np.ndarray:
    """SciPy's double-precision Butterworth band-pass, ``sos`` float64 [order, 6]."""
    sos: np.ndarray = signal.butter(order, [low_hz, high_hz], "bandpass", fs=fs_hz, output="sos")
    return sos


def design_bandpass(fs_hz: int, order: int, low_hz: float, high_hz: float, frac_bits: int) -> Bandpass:
    """Design the integer band-pass.

    Parameters
    ----------
    fs_hz : int
        Sampling rate, Hz.
    order : int
        Order of the Butterworth prototype; 2, as the chain has two sections.
    low_hz, high_hz : float
        -3 dB corners, Hz; ``0 < low_hz < high_hz < fs_hz / 2``.
    frac_bits : int
        Fraction bits of the coefficients, at most 30 so that |a1| < 2 fits 32 bits.

    Raises
    ------
    UserError
        If the order is not 2 or the corners do not fit the rate.
    """
    if order != 2:
        raise UserError(f"bandpass.order = {order}: the chain has two second-order sections, so it must be 2")
    if not 0 < low_hz < high_hz < fs_hz / 2:
        raise UserError(f"bandpass corners {low_hz} and {high_hz} Hz do not fit a rate of {fs_hz} Hz")
    _, poles, gain = signal.butter(order, [low_hz, high_hz], "bandpass", fs=fs_hz, output="zpk")
    # The two poles nearest to z = 1 belong to the lower corner.
    by_distance = poles[np.argsort(np.abs(poles - 1), kind="stable")]
    high, low = np.real(np.poly(by_distance[:2])), np.real(np.poly(by_distance[2:]))
    one = 2**frac_bits
    return Bandpass(frac_bits, *(round(float(v) * one) for v in (gain, low[1], low[2], high[1], high[2])))


def qrs_delay_samples(bandpass: Bandpass, fs_hz: int) -> int:
    """Mean group delay of the band-pass over 8 to 25 Hz, where a QRS complex has its energy.

    Returns
    -------
    int
        Samples, rounded.
    """
    frequencies = np.linspace(8, 25, 35)
    phase = np.unwrap(np.angle(signal.sosfreqz(bandpass.sos(), worN=frequencies, fs=fs_hz)[1]))
    delay = -np.gradient(phase, 2 * np.pi * frequencies / fs_hz)
    return round(float(delay.mean()))
