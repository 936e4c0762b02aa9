"""How the features read in words. Oracle: the units that the headers of ``firmware/lib/ecg`` give, by hand.

A grid sample is 1/120 s; what C calls Qn has n fraction bits. Logarithms of ratios have 64 steps an octave;
likeness is 11 log2(1 + 1024 (1 - r)): 11 steps more, and 1 - r is twice as large. Differences and P waves are
measured against half the usual height, times the factor that stands above them.
"""

from __future__ import annotations

import pytest

from host_tools.explain.features import feature_list
from host_tools.reference import params

TABLE = (
    # ecg_rr.h: log2 of RR over what is usual
    ("prev_short", -64, "× 0.50"),
    ("next_short", 64, "× 2.00"),
    ("prev_long", -32, "× 0.71"),
    ("next_long", 32, "× 1.41"),
    ("prev_slow", 0, "× 1.00"),
    ("next_slow", 16, "× 1.19"),
    ("prev_high", -128, "× 0.25"),
    ("next_high", 96, "× 2.83"),
    ("long_high", -16, "× 0.84"),
    ("next_prev", 48, "× 1.68"),
    ("prev_before", -48, "× 0.59"),
    ("prev_absolute", -96, "× 0.35"),
    # changes of RR: 256 is the median RR; 127 is each of the last 32
    ("irregular_long", 64, "25 %"),
    ("irregular_share", 127, "100 %"),
    ("irregular_short", 16, "6 %"),
    # ecg_likeness.h; differences over half the usual height, times 32 and times 64; area over area, times 64
    ("unlikeness", 0, "r 1.00"),
    ("t_unlikeness", 99, "r 0.50"),
    ("deviation", 48, "75 %"),
    ("t_deviation", 96, "75 %"),
    ("residual", 16, "25 %"),
    # ecg_outline.h: log2 of ratios; (highest + lowest) / size Q6; lengths in half, eighth, eighth samples
    ("size", -64, "× 0.50"),
    ("area", 64, "× 2.00"),
    ("polarity", -96, "-1.50"),
    ("width", 24, "100 ms"),
    ("spread", 24, "25 ms"),
    ("area_peak", 96, "100 ms"),
    ("slope", 96, "75 %"),
    # the same less the usual beat's; the spread in sixteenths of samples
    ("width_change", -12, "-50 ms"),
    ("spread_change", 48, "+25 ms"),
    ("area_peak_change", 24, "+25 ms"),
    ("slope_change", -32, "-25 %"),
    # ecg_clusters.h: shares Q7 (Q15 / 256); logarithms; log2(count + 1) Q4
    ("own_share", 96, "75 %"),
    ("own_dominant", 64, "yes"),
    ("own_from_dominant", 88, "r 0.75"),
    ("own_early", -32, "× 0.71"),
    ("own_pause", 32, "× 1.41"),
    ("own_count", 64, "15"),
    ("own_unlikeness", 110, "r 0.00"),
    ("dominant_share", 96, "75 %"),
    ("previous_unlikeness", 121, "r -1.00"),
    # ecg_p_wave.h: height over half the usual one times 128, residual times 256; coherence Q7 (Q12 / 32)
    ("p_size", 64, "25 %"),
    ("p_residual", 52, "10 %"),
    ("p_unlikeness", 77, "r 0.88"),
    ("p_coherence", 96, "0.75"),
    ("late_p_residual", 103, "20 %"),
    ("late_p_unlikeness", 66, "r 0.94"),
    ("late_p_coherence", 32, "0.25"),
    # ecg_window.h: roughness over sd Q7 (Q8 / 2)
    ("noise", 96, "75 %"),
)
#: Other ends of some of them.
MORE = (
    ("own_dominant", 0, "no"),
    ("own_count", 0, "0"),
    ("own_count", 127, "244"),  # 2^(127/16) - 1, the largest value
    ("irregular_share", 63, "50 %"),  # 16 of 32
    ("polarity", 32, "+0.50"),
    ("width_change", 6, "+25 ms"),
    ("spread_change", -16, "-8 ms"),
    ("area_peak_change", -24, "-25 ms"),
    ("slope_change", 96, "+75 %"),
    ("late_p_coherence", -64, "-0.50"),
)


def test_the_table_has_every_feature() -> None:
    assert tuple(name for name, _, _ in TABLE) == params.FEATURE_NAMES


@pytest.mark.parametrize(("name", "value", "text"), TABLE + MORE)
def test_a_value_reads_as_its_unit_says(name: str, value: int, text: str) -> None:
    features = {feature.name: feature for feature in feature_list(params.RHYTHM_FEATURES)}
    assert features[name].read(value) == text
