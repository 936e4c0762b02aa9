"""ADC counts to the spec's unit, in integers, as in ``firmware/src/adc_scale.h``, which is the manual."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AdcProfile:
    """What a count means on a board; the names and units of ``firmware/src/board_profile.h``.

    Attributes
    ----------
    bits : int
        Resolution, 8..15.
    ref_uv : int
        Input voltage of a full scale (count 2^bits), microvolts.
    mid_uv : int
        Resting voltage of the front end, microvolts.
    gain : int
        Volts at the ADC per volt at the electrodes.
    """

    bits: int
    ref_uv: int
    mid_uv: int
    gain: int

    @property
    def shift(self) -> int:
        """Fraction bits of the multiplier."""
        return 31 - self.bits

    def factor(self, adu_per_mv: int) -> tuple[int, int]:
        """Return spec units per count as numerator and denominator."""
        return self.ref_uv * adu_per_mv, (1 << self.bits) * self.gain * 1000

    def multiplier(self, adu_per_mv: int) -> int:
        """Return the factor with ``shift`` fraction bits, halves rounded up."""
        numerator, denominator = self.factor(adu_per_mv)
        return ((numerator << (self.shift + 1)) + denominator) // (2 * denominator)

    @property
    def mid(self) -> int:
        """Count of the resting voltage, halves rounded up."""
        return ((self.mid_uv << (self.bits + 1)) + self.ref_uv) // (2 * self.ref_uv)

    @property
    def highest(self) -> int:
        """Return the largest count."""
        return (1 << self.bits) - 1

    def clamp(self, reading: int) -> int:
        """Return the count of a port's reading of 16 bits: beyond the converter's range, the end of it."""
        return 0 if reading < 0 or reading >= 0x8000 else min(reading, self.highest)

    def rails(self, adu_per_mv: int) -> tuple[int, int]:
        """Return where the converter ends, adu: a sample at or beyond either is saturated."""
        return self.scale(0, adu_per_mv), self.scale(self.highest, adu_per_mv)

    def scale(self, counts: int, adu_per_mv: int) -> int:
        """Return the sample of a count, adu.

        Parameters
        ----------
        counts : int
            0..2^bits - 1; a reading beyond is clamped.
        adu_per_mv : int
            The spec's unit.

        Returns
        -------
        int
            ``floor((counts - mid) * multiplier / 2^shift + 1/2)``: halves round up.
        """
        product = (self.clamp(counts) - self.mid) * self.multiplier(adu_per_mv)
        return (product + (1 << (self.shift - 1))) >> self.shift
