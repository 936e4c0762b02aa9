"""Runs onnx2tf in a process of its own: its output, its working files and its globals stay there.

Called by ``tflite_export`` as ``python -m export.onnx2tf_worker JOB.json``.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import numpy as np


def main(job_path: str) -> None:
    """Convert as the job says: keys ``onnx``, ``out``, ``inputs`` (name to .npy path)."""
    job = json.loads(Path(job_path).read_text())
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - onnx2tf draws from the legacy generator
    import onnx2tf
    import tensorflow as tf

    tf.keras.utils.set_random_seed(0)
    onnx2tf.convert(
        input_onnx_file_path=job["onnx"],
        output_folder_path=job["out"],
        output_integer_quantized_tflite=True,
        quant_type="per-channel",
        # Mean 0 and deviation 1: the arrays already hold the network's real input values.
        custom_input_op_name_np_data_path=[[name, path, 0.0, 1.0] for name, path in job["inputs"].items()],
        input_quant_dtype="int8",
        output_quant_dtype="int8",
        copy_onnx_input_output_names_to_tflite=False,
        non_verbose=True,
        verbosity="error",
    )


if __name__ == "__main__":
    main(sys.argv[1])
