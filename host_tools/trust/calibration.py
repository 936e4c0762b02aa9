"""Whether a confidence of 90 % is right in 90 of 100 cases."""

from __future__ import annotations

from typing import Any

from training.metrics import reliability

from .judged import JudgedBeats

#: Equal bins over 0 to 1.
BINS = 10


def calibration(beats: JudgedBeats, bins: int = BINS) -> dict[str, Any]:
    """Expected calibration error of the device's own confidences.

    Parameters
    ----------
    beats : JudgedBeats
        Every beat that the device gave; a false one is wrong whatever it says. Those that the reference
        leaves unclassified are left out.
    bins : int
        Equal bins of confidence.

    Returns
    -------
    dict
        ``ece`` (0 to 1: mean distance between confidence and share right, each bin by its beats), ``beats``,
        ``mean_confidence``, ``share_right``, and ``bins``: of each that is not empty ``confidence`` (mean),
        ``right`` (share), ``beats``. Source: Naeini et al., AAAI 2015.
    """
    kept = beats.classified
    confidence, right = beats.confidence[kept], ~beats.wrong[kept]
    mean, share, count, error = reliability(confidence, right, bins)
    return {
        "ece": error,
        "beats": len(right),
        "mean_confidence": float(confidence.mean()) if len(right) else 0.0,
        "share_right": float(right.mean()) if len(right) else 0.0,
        "bins": [
            {"confidence": float(m), "right": float(s), "beats": int(n)}
            for m, s, n in zip(mean, share, count, strict=True)
            if n
        ],
    }
