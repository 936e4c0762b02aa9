"""The inner loops of other targets on this machine; the DSP extension through stand-ins in plain C.

Oracles: the portable kernels, which ``test_kernels`` compares with the interpreter; exact integers; for the
order of the weights, its definition in words in ``nn_weights.h``, read through ``nn_weight_at``.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.weight_layout import weight_macros
from host_tools.build import BUILD_DIR, FIRMWARE, OPTIMISE_FLAGS, SANITIZE_FLAGS, compile_c
from tests.export.backends import C_DIR, Model, Suite

NN = FIRMWARE / "lib" / "nn"
#: The macros that a target's compiler would set off in nn_weights.h and nn_requantise.h.
VARIANTS = {
    "dsp": ["-DNN_KERNEL_DSP=1", "-DNN_DSP_STANDIN=1"],
    "small-biased": ["-DNN_KERNEL_SMALL=1", "-DNN_WEIGHT_ZERO=128", "-DNN_SHORT_PRODUCTS=1"],
    "small-signed": ["-DNN_KERNEL_SMALL=1", "-DNN_WEIGHT_ZERO=0"],
    "portable-short": ["-DNN_KERNEL_PORTABLE=1", "-DNN_SHORT_PRODUCTS=1"],
}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run_variant(suite: Suite, variant: str, model: Model, inputs: list[list[np.ndarray]]) -> np.ndarray:
    flags = [*OPTIMISE_FLAGS, *VARIANTS[variant]]
    path = compile_c(suite.sources, suite.includes, flags, suite.folder / f"{variant}.so", "shared")
    invoke = getattr(ctypes.CDLL(str(path)), f"net_{model.index}_invoke")
    arenas = model.arenas(inputs)
    outputs = np.zeros((len(arenas), model.output_bytes), np.int8)
    for k, arena in enumerate(arenas):
        invoke(arena.ctypes.data_as(ctypes.c_void_p), outputs[k].ctypes.data_as(ctypes.c_void_p))
    return outputs


def check(suite: Suite, variant: str) -> None:
    for model in suite.models.values():
        inputs = model.inputs(np.random.default_rng(model.index), 12)
        expected = suite.run("c", model, inputs).outputs
        np.testing.assert_array_equal(run_variant(suite, variant, model, inputs), expected, model.name)


def test_operators_are_byte_equal(variant: str, operators: Suite) -> None:
    check(operators, variant)


def test_graphs_are_byte_equal(variant: str, graphs: Suite) -> None:
    check(graphs, variant)


def test_variant_stays_inside_its_memory(variant: str, operators: Suite) -> None:
    """With the sanitizers: inputs and weights are read no further than they reach."""
    flags = [*SANITIZE_FLAGS, *VARIANTS[variant], "-DECG_TRACE=1"]
    suite = Suite(f"{operators.folder.name}-{variant}", {m: operators.models[m].content for m in SANITIZED})
    suite._runner = compile_c(
        [*suite.sources, C_DIR / "runner.c"], suite.includes, flags, suite.folder / "runner", "executable"
    )
    for model in suite.models.values():
        inputs = model.inputs(np.random.default_rng(model.index), 2)
        expected = suite.run("c", model, inputs).outputs
        np.testing.assert_array_equal(suite.run("sanitized", model, inputs).outputs, expected, model.name)


#: Few, because the sanitizers make the compiler slow.
SANITIZED = [f"{kind}-{seed}" for kind in ("CONV_2D", "FULLY_CONNECTED") for seed in range(3)]


@pytest.fixture(scope="module")
def arithmetic() -> ctypes.CDLL:
    source = BUILD_DIR / "tests" / "variants" / "arithmetic.c"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(
        '#include "nn_requantise.h"\n#include "ecg_intmath.h"\n'
        "int32_t high(int32_t a, int32_t b);\nint64_t wide(int32_t a, int32_t b);\n"
        "int32_t high(int32_t a, int32_t b) {\n    return nn_rounding_doubling_high(a, b);\n}\n"
        "int64_t wide(int32_t a, int32_t b) {\n    return ecg_wide_product(a, b);\n}\n"
    )
    flags = [*OPTIMISE_FLAGS, "-DNN_SHORT_PRODUCTS=1", "-DECG_SHORT_PRODUCTS=1"]
    library = ctypes.CDLL(
        str(compile_c([source], [NN, FIRMWARE / "lib" / "ecg"], flags, source.with_suffix(".so"), "shared"))
    )
    library.wide.restype = ctypes.c_int64
    return library


int32 = st.one_of(
    st.integers(-(2**31), 2**31 - 1), st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31), 65535, -65536, 2**30])
)


@given(int32, int32)
def test_products_from_halves_are_exact(arithmetic: ctypes.CDLL, a: int, b: int) -> None:
    assert arithmetic.wide(a, b) == a * b
    if (a, b) != (-(2**31), -(2**31)):
        assert arithmetic.high(a, b) == (a * b + 2**30) >> 31


@pytest.mark.parametrize(
    ("channels", "rows", "run"), [(8, 1, 14), (6, 2, 7), (3, 3, 5), (9, 1, 4), (4, 2, 3)]
)
def test_weights_are_found_where_they_were_laid(
    variant: str, channels: int, rows: int, run: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(channels)
    weights = rng.integers(-128, 128, (channels, rows, run)).astype(np.int8)
    macros = ", ".join(weight_macros(weights.ravel(), (channels, rows, run)))
    source = tmp_path / "weights.c"
    source.write_text(
        f'#include "nn_weights.h"\nNN_WEIGHTS_ALIGNED static const nn_weight_t w[] = {{{macros}}};\n'
        "int32_t count(void);\nint32_t at(int32_t channel, int32_t row, int32_t tap);\n"
        "int32_t count(void) {\n    return (int32_t)(sizeof w / sizeof w[0]);\n}\n"
        "int32_t at(int32_t channel, int32_t row, int32_t tap) {\n"
        f"    return nn_weight_at(w, {channels}, {rows}, {run}, channel, row, tap);\n}}\n"
    )
    library = ctypes.CDLL(
        str(compile_c([source], [NN, C_DIR], VARIANTS[variant], tmp_path / "weights.so", "shared"))
    )
    assert library.count() == weights.size
    found = [library.at(*where) for where in np.ndindex(weights.shape)]
    np.testing.assert_array_equal(np.array(found), weights.ravel())
