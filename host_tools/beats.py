"""The beat record as the device sends it, and the names of its classes and flags."""

from __future__ import annotations

import numpy as np

#: AAMI classes in the order of the network's logits.
CLASS_NAMES = ("N", "S", "V", "F")

#: Bits of ``flags``; the same values as ECG_FLAG_* in ``ecg_types.h``.
FLAG_LEARNING = 1
FLAG_SATURATED = 2
FLAG_LEAD_OFF = 4
FLAG_NOISY = 8
FLAG_UNDECIDED = 16  # bad signal: the class is not to be trusted
FLAG_NAMES = {
    FLAG_LEARNING: "learning",
    FLAG_SATURATED: "saturated",
    FLAG_LEAD_OFF: "lead off",
    FLAG_NOISY: "noisy",
    FLAG_UNDECIDED: "undecided",
}

#: One beat; field for field ``ecg_beat_t``. ``r_sample`` counts device samples at the spec's
#: rate and still holds the filter delay; ``confidence_q8`` is 255 for certainty, ``sqi`` is 100 for a
#: clean signal.
BEAT_DTYPE = np.dtype(
    [
        ("r_sample", "<u4"),
        ("rr_prev_samples", "<u2"),
        ("rr_next_samples", "<u2"),
        ("logits", "<i1", (4,)),
        ("aami_class", "<u1"),
        ("confidence_q8", "<u1"),
        ("flags", "<u1"),
        ("sqi", "<u1"),
    ]
)
