"""Test vectors: a short integer test signal and the beats that the reference finds in it.

The signal is made with integers alone, so that every platform makes the same one. It is no ECG to
train on; it has narrow beats, every seventh one wide and early, noise, a saturated and a missing stretch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_tools.beats import BEAT_DTYPE

#: Length of the signal, s.
VECTOR_SECONDS = 30
_MISSING = -32768


def _pulse(x: npt.NDArray[np.int64], centre: int, half_width: int, height: int) -> None:
    """Add a parabola of the given height."""
    for i in range(max(0, centre - half_width), min(len(x), centre + half_width + 1)):
        d = i - centre
        x[i] += height * (half_width * half_width - d * d) // (half_width * half_width)


def vector_signal(fs_hz: int) -> npt.NDArray[np.int16]:
    """Make the test signal.

    Parameters
    ----------
    fs_hz : int
        Sampling rate, Hz.

    Returns
    -------
    int16 [VECTOR_SECONDS * fs_hz]
        Samples, adu at 200 per mV; -32768 where missing.
    """
    n = VECTOR_SECONDS * fs_hz
    x = np.zeros(n, np.int64)

    def ms(value: int) -> int:
        return value * fs_hz // 1000

    centre, number = ms(500), 0
    while centre < n:
        wide = number % 7 == 5
        if wide:
            _pulse(x, centre, ms(75), -330)
            _pulse(x, centre + ms(290), ms(120), 110)
        else:
            _pulse(x, centre - ms(170), ms(45), 28)
            _pulse(x, centre, ms(26), 270)
            _pulse(x, centre + ms(34), ms(20), -70)
            _pulse(x, centre + ms(260), ms(95), 60)
        early = (number + 1) % 7 == 5
        centre += ms(1150 if wide else 480 if early else 790 + 11 * (number * number % 9))
        number += 1
    state = 12345
    for i in range(n):
        state = (state * 1103515245 + 12345) % 2**31
        x[i] += (state >> 16) % 9 - 4
    x = np.clip(x, -32000, 32000)
    x[ms(17000) : ms(17350)] = 7000
    x[ms(17350) : ms(18000)] = _MISSING
    return x.astype(np.int16)


def c_vectors(
    samples: npt.NDArray[np.int16], beats: npt.NDArray[np.void], spec_digest: str, model_hash: str
) -> str:
    """Text of ``ecg_vectors.h``: signal, expected beats (BEAT_DTYPE [n]), hashes of what made them."""
    rows = ["    " + ", ".join(str(v) for v in samples[i : i + 18]) + "," for i in range(0, len(samples), 18)]
    expected = [
        f"    {{{b['r_sample']}u, {b['rr_prev_samples']}u, {b['rr_next_samples']}u, "
        f"{{{', '.join(str(v) for v in b['logits'])}}}, "
        f"{b['aami_class']}u, {b['confidence_q8']}u, {b['flags']}u, {b['sqi']}u}},"
        for b in beats
    ]
    names = ", ".join(BEAT_DTYPE.names or ())
    return "\n".join(
        [
            "/* ecg_vectors.h - generated from export/spec.toml and bitbeat.tflite by `make export`;",
            f" * do not edit. Specification {spec_digest[:16]}, model {model_hash} */",
            "#ifndef ECG_VECTORS_H",
            "#define ECG_VECTORS_H",
            "",
            '#include "ecg_types.h"',
            "",
            "/* clang-format off */",
            "/* adu; INT16_MIN = missing */",
            f"static const int16_t ecg_vector_samples[{len(samples)}] = {{",
            *(row.replace("-32768", "INT16_MIN") for row in rows),
            "};",
            "",
            f"/* {names} */",
            f"static const ecg_beat_t ecg_vector_beats[{len(beats)}] = {{",
            *expected,
            "};",
            "/* clang-format on */",
            "",
            "#endif",
            "",
        ]
    )
