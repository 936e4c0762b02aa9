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
FLAG_PACED = 32  # a pacing spike came just before
FLAG_BROAD_RUN = 128  # one of a run of fast broad beats: class V by rule, not by the network
FLAG_FIBRILLATION = 64  # found where ventricular flutter or fibrillation is suspected
FLAG_NAMES = {
    FLAG_LEARNING: "learning",
    FLAG_SATURATED: "saturated",
    FLAG_LEAD_OFF: "lead off",
    FLAG_NOISY: "noisy",
    FLAG_UNDECIDED: "undecided",
    FLAG_PACED: "paced",
    FLAG_FIBRILLATION: "fibrillation suspected",
    FLAG_BROAD_RUN: "run of broad beats",
}

#: Bits of the conditions, which hold beside the beats; the same values as ECG_CONDITION_*.
CONDITION_LEAD_OFF = 1
CONDITION_SATURATED = 2
CONDITION_PAUSE = 4  # no beat for three seconds, and the signal is quiet
CONDITION_FIBRILLATION = 8  # ventricular flutter or fibrillation suspected
CONDITION_UNREADABLE = 16  # a signal, but no beat could be told in it for three seconds
CONDITION_NAMES = {
    CONDITION_LEAD_OFF: "lead off",
    CONDITION_SATURATED: "saturated",
    CONDITION_PAUSE: "pause",
    CONDITION_FIBRILLATION: "flutter or fibrillation suspected",
    CONDITION_UNREADABLE: "unreadable",
}

#: A change of the conditions: from the pushing of this sample on they are these (0 = none).
CONDITION_DTYPE = np.dtype([("sample", "<u4"), ("conditions", "u1")])

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
