"""Beats judged one by one add up to what the comparison counts. Oracle: the comparison's own matrix."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from host_tools.beats import BEAT_DTYPE, CLASS_NAMES
from host_tools.ec57 import pair_beats
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ
from host_tools.trust.judged import judge_beats

#: Beats about a second apart, each with a class of its own, some of the annotations flutter waves.
SLOTS = st.lists(
    st.tuples(st.sampled_from(["", *"NSVFQje!"]), st.sampled_from(["", *"NSVF"]), st.integers(-20, 20)),
    min_size=1,
    max_size=40,
)


@given(SLOTS, st.sampled_from(["bxb", "dechazal"]))
def test_judged_beats_add_up_to_the_matrix(slots: list[tuple[str, str, int]], mapping: str) -> None:
    places = FS_HZ * np.arange(1, len(slots) + 1)
    reference = [(int(at), label) for at, (label, _, _) in zip(places, slots, strict=True) if label]
    tested = [(int(at) + off, label) for at, (_, label, off) in zip(places, slots, strict=True) if label]
    samples = np.array([at for at, _ in reference], np.int64)
    labels = [label for _, label in reference]
    beats = np.zeros(len(tested), BEAT_DTYPE)
    beats["r_sample"] = [at + DELAY_SAMPLES for at, _ in tested]
    beats["aami_class"] = [CLASS_NAMES.index(label) for _, label in tested]
    judged = judge_beats(beats, samples, labels, start_s=0.0, mapping=mapping)
    at = np.array([at for at, _ in tested], np.int64)
    compared = pair_beats(
        samples, labels, at, [label for _, label in tested], FS_HZ, start_s=0.0, mapping=mapping
    )
    np.testing.assert_array_equal(judged.matrix(), compared.matrix)
    assert len(judged.missed) == len(judged.missed_at)
