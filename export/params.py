"""Writes the specification as a C header and as a Python module."""

from __future__ import annotations

from export.spec import Spec

_UNSIGNED = ("SPEC_HASH",)


def c_header(spec: Spec, model_hash: str) -> str:
    """Text of ``ecg_params.h``."""
    lines = [
        "/* ecg_params.h - generated from export/spec.toml by `make export`; do not edit.",
        f" * specification {spec.digest[:16]}, model {model_hash}, {spec.fs_hz} Hz */",
        "#ifndef ECG_PARAMS_H",
        "#define ECG_PARAMS_H",
        "",
        "#include <stdint.h>",
        "",
        "/* clang-format off */",
    ]
    for name, value in spec.constants.items():
        text = f"UINT32_C(0x{value:08X})" if name in _UNSIGNED else f"({value})" if value < 0 else str(value)
        lines.append(f"#define ECG_{name} {text} /* {spec.comments[name]} */")
    lines += ["/* clang-format on */", "", "#endif", ""]
    return "\n".join(lines)


def c_tables(spec: Spec, model_hash: str) -> str:
    """Text of ``ecg_tables.c``: the tables of the core."""
    rows = [
        "    " + ", ".join(str(v) for v in spec.log2_q10[i : i + 13]) + ","
        for i in range(0, len(spec.log2_q10), 13)
    ]
    return "\n".join(
        [
            "/* ecg_tables.c - generated from export/spec.toml by `make export`; do not edit.",
            f" * specification {spec.digest[:16]}, model {model_hash} */",
            '#include "ecg_intmath.h"',
            "",
            "/* clang-format off */",
            "/* 1024 * log2(1 + i / 64), Q10 */",
            "const uint16_t ecg_log2_table_q10[65] = {",
            *rows,
            "};",
            "/* clang-format on */",
            "",
        ]
    )


def python_module(spec: Spec, model_hash: str) -> str:
    """Text of ``host_tools/reference/params.py``."""
    lines = [
        '"""Constants of the signal chain. Generated from export/spec.toml by `make export`; do not edit."""',
        "",
        f"# generated beside the model {model_hash}",
        f'SPEC_DIGEST = "{spec.digest}"',
    ]
    for name, value in spec.constants.items():
        text = f"0x{value:08X}" if name in _UNSIGNED else str(value)
        lines += [f"#: {spec.comments[name]}", f"{name} = {text}"]
    lines += ["#: 1024 * log2(1 + i / 64), Q10", "LOG2_TABLE_Q10 = ("]
    lines += [
        "    " + ", ".join(str(v) for v in spec.log2_q10[i : i + 13]) + ","
        for i in range(0, len(spec.log2_q10), 13)
    ]
    lines += [")", "#: names of the features of one beat in the rhythm input", "FEATURE_NAMES = ("]
    lines += [f'    "{name}",' for name in spec.feature_names]
    return "\n".join([*lines, ")", ""])
