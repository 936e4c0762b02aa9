"""The noise records, divided between training and test, and mixing them into others as ``nst`` does."""

from .mixing import (
    NOISE_RECORDS,
    NOISE_TRAINING_SHARE,
    mix,
    noise_gain,
    noise_rms_adu,
    noise_stretch,
    qrs_amplitude_adu,
    read_noise,
    snr_db,
    split_sample,
)

__all__ = [
    "NOISE_RECORDS",
    "NOISE_TRAINING_SHARE",
    "mix",
    "noise_gain",
    "noise_rms_adu",
    "noise_stretch",
    "qrs_amplitude_adu",
    "read_noise",
    "snr_db",
    "split_sample",
]
