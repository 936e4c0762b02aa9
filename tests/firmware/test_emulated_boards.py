"""The firmware on eight emulated instruction sets.

Oracles: the integer reference for every beat and value, the committed test vectors for the self-test, the
linker's symbol table for what must not be in the image.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from host_tools.boards import EMULATED, QemuBoard, load_board, run_image
from host_tools.errors import CheckFailed, DeviceError
from host_tools.isa import Run, compare_run, trace_rows
from host_tools.link.device import Device
from host_tools.pio import build_firmware
from host_tools.reference.run import RecordResult
from host_tools.xtensa import WINDOWED_BOARD, build_windowed, check_esp32, compile_all

pytestmark = pytest.mark.needs_toolchain


@pytest.mark.parametrize("board", EMULATED)
def test_self_test_passes_and_notices_a_wrong_sample(board: str) -> None:
    assert run_image(board, build_firmware(board, "vectors").path, 60) == 0
    assert run_image(board, build_firmware(board, "vectors-spoiled").path, 60) == 1


@pytest.mark.parametrize("board", EMULATED)
def test_replay_over_the_uart_gives_the_reference_beats(
    board: str, signal: np.ndarray, expected: RecordResult
) -> None:
    image = build_firmware(board)
    assert 0 < image.flash_bytes < image.flash_size_bytes
    assert 0 < image.ram_bytes < image.ram_size_bytes
    with QemuBoard(board, image.path) as running, Device(running.url) as device:
        assert device.hello.engine == "aot"
        first = device.stream(signal)
        second = device.replay(signal, rails=(-32767, 32767))  # a second session begins from a clean state
        again = second.beats
    assert len(expected.beats) > 20
    np.testing.assert_array_equal(first, expected.beats)
    np.testing.assert_array_equal(again, expected.beats)
    np.testing.assert_array_equal(second.conditions, expected.conditions)


@pytest.mark.parametrize("board", ["qemu_m0", "qemu_rv32", "qemu_lx106"])
def test_every_intermediate_value_comes_over_the_link(
    board: str, signal: np.ndarray, expected: RecordResult
) -> None:
    with QemuBoard(board, build_firmware(board, "trace").path) as running, Device(running.url) as device:
        result = device.replay(signal, trace=True)
    run = Run(board, "signal", None, trace=True)
    compared, wrong, first = compare_run(run, expected, result.beats, trace_rows(result.trace))
    assert (wrong, first) == (0, None)
    assert compared > 10 * len(signal)


def test_client_may_go_and_come_back(signal: np.ndarray, expected: RecordResult) -> None:
    with QemuBoard("qemu_m4", build_firmware("qemu_m4").path) as running:
        for _ in range(2):
            with Device(running.url) as device:
                np.testing.assert_array_equal(device.stream(signal), expected.beats)


def test_firmware_without_the_hook_refuses_trace(signal: np.ndarray) -> None:
    with (
        QemuBoard("qemu_m0", build_firmware("qemu_m0").path) as running,
        Device(running.url) as device,
        pytest.raises(DeviceError, match="built without the trace hook"),
    ):
        device.replay(signal, trace=True)


#: Heap; soft float of the run-time ABI and of libgcc; 64-bit division.
FORBIDDEN = re.compile(
    r"\b(_?(malloc|calloc|realloc|free|sbrk)(_r)?"
    r"|__aeabi_([fdc]|[iul]+2)[a-z0-9]*"
    r"|__(add|sub|mul|div|neg|cmp|eq|ne|lt|le|gt|ge|fix|fixuns|float|floatun|extend|trunc)[sd]f[a-z0-9]*"
    r"|__float(un)?[sd]i[sd]f|__aeabi_u?ldivmod|__u?(div|mod|divmod)di[34])\b"
)


def _symbols(board: str) -> str:
    program = load_board(board).compiler.replace("gcc", "nm")
    done = subprocess.run(
        [program, str(build_firmware(board).path)], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("board", EMULATED)
def test_image_has_no_heap_no_float_and_no_64_bit_division(board: str) -> None:
    symbols = _symbols(board)
    assert "ecg_pipeline_push" in symbols
    assert FORBIDDEN.findall(symbols) == []


@pytest.mark.parametrize(
    "name",
    [
        "malloc",
        "_sbrk",
        "_malloc_r",
        "__aeabi_fadd",
        "__aeabi_dmul",
        "__aeabi_i2f",
        "__aeabi_ldivmod",
        "__aeabi_uldivmod",
        "__addsf3",
        "__divdi3",
        "__udivdi3",
        "__floatsisf",
        "__aeabi_cdcmple",
        "__fixdfsi",
    ],
)
def test_the_forbidden_names_would_be_found(name: str) -> None:
    assert FORBIDDEN.search(f"00000010 T {name}\n")


@pytest.mark.parametrize(
    "name", ["__aeabi_uidiv", "__aeabi_lmul", "__aeabi_idivmod", "memcpy", "__aeabi_llsr"]
)
def test_the_allowed_helpers_are_not_forbidden(name: str) -> None:
    assert not FORBIDDEN.search(f"00000010 T {name}\n")


@pytest.mark.needs_toolchain("llvm")
def test_core_network_and_link_compile_for_the_esp32() -> None:
    done = check_esp32()
    assert done["compiled"] >= 25
    assert done["code_bytes"] > 10_000


@pytest.mark.needs_toolchain("llvm")
def test_file_that_does_not_compile_for_xtensa_is_named(tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int f(void) { return undeclared; }\n")
    with pytest.raises(CheckFailed, match=r"broken\.c does not build for Xtensa: .*undeclared"):
        compile_all([source], ["-mcpu=esp32"], [], tmp_path)


@pytest.mark.needs_toolchain("llvm")
@pytest.mark.parametrize("trace", [False, True])
def test_register_windows_give_the_reference_values(
    trace: bool, signal: np.ndarray, expected: RecordResult
) -> None:
    image = build_windowed(trace)
    with QemuBoard(WINDOWED_BOARD, image) as running, Device(running.url) as device:
        result = device.replay(signal, trace=trace)
    rows = trace_rows(result.trace) if trace else None
    compared, wrong, first = compare_run(Run("dc233c", "signal", None), expected, result.beats, rows)
    assert (wrong, first) == (0, None)
    assert compared > (10 * len(signal) if trace else 200)
