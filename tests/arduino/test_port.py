"""The Arduino port and the firmware's main loop, compiled as each board's core would compile them.

Oracle: the compiler, strict, against ``tests/arduino_api``: declarations of exactly the API that the port
uses. Nothing is run: "compile-checked, not run here". Which functions the object file leaves to the core is
compared with a list, so the port cannot quietly begin to use more.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from host_tools.build import CORE_INCLUDE_DIRS, FIRMWARE, ROOT, STRICT_FLAGS, c_compiler

API = ROOT / "tests" / "arduino_api"
PORT = FIRMWARE / "ports" / "arduino" / "port_arduino.cpp"
CXX_FLAGS = ("-std=c++11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2")
MBED = ("ARDUINO_ARCH_RP2040", "ARDUINO_ARCH_MBED_RP2040")
STM32 = ("ARDUINO_ARCH_STM32", "SERIAL_RX_BUFFER_SIZE=512")
#: PlatformIO environment: what its core defines.
BOARDS = {
    "esp32dev": ("ARDUINO_ARCH_ESP32", "API_CHIP_ESP32"),
    "esp32-s3-devkitc-1": ("ARDUINO_ARCH_ESP32", "API_CHIP_ESP32S3"),
    "esp32-c3-devkitm-1": ("ARDUINO_ARCH_ESP32", "API_CHIP_ESP32C3"),
    "nucleo_f446re": (*STM32, "ARDUINO_NUCLEO_F446RE"),
    "nucleo_l476rg": (*STM32, "ARDUINO_NUCLEO_L476RG"),
    "bluepill_f103c8": (*STM32, "ARDUINO_BLUEPILL_F103C8"),
    "nrf52840_dk": ("NRF52840_XXAA",),
    "nrf52840_dk over USB": ("NRF52840_XXAA", "USE_TINYUSB"),
    "pico": MBED,
}
COMMON = {"pinMode", "digitalWrite", "digitalRead", "analogRead", "analogReadResolution", "yield", "Serial"}
SERIAL = {"begin", "available", "read", "write", "operator bool"}
FIRMWARE_CALLS = {"firmware_setup", "firmware_step", "adc_ring_put", "adc_ring_put_lead_off"}
PACED = {"micros", "adc_ring_skip", "adc_ring_late"}


def defines(*macros: str) -> list[str]:
    return ["-DARDUINO=10808", *(f"-D{macro}" for macro in macros)]


def compile_port(macros: tuple[str, ...], output: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    compiler = shutil.which("g++") or shutil.which("clang++")
    assert compiler, "a C++ compiler is needed (Debian, Ubuntu: sudo apt install g++)"
    includes = [f"-I{folder}" for folder in (API, API / "idf", FIRMWARE / "src")]
    command = [compiler, *CXX_FLAGS, *defines(*macros), *extra, *includes]
    return subprocess.run(
        [*command, "-c", str(PORT), "-o", str(output)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("board", BOARDS)
def test_port_compiles_for_every_board(board: str, tmp_path: Path) -> None:
    done = compile_port(BOARDS[board], tmp_path / "port.o")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("board", BOARDS)
def test_port_uses_the_declared_api_and_no_more(board: str, tmp_path: Path) -> None:
    assert compile_port(BOARDS[board], tmp_path / "port.o", "-fno-exceptions").returncode == 0
    listing = subprocess.run(
        ["nm", "-u", "-C", str(tmp_path / "port.o")], capture_output=True, text=True, check=True
    ).stdout
    used = {line.split("U ", 1)[1].split("(")[0].strip() for line in listing.splitlines() if "U " in line}
    used = {re.sub(r"^(ArduinoSerial|HardwareTimer)::", "", name) for name in used}
    used -= {
        name
        for name in used
        if name.startswith(("__", "_GLOBAL", "_Unwind", "std::", "operator delete", "vtable for __"))
    }
    allowed = COMMON | SERIAL | FIRMWARE_CALLS
    if "ESP32" in BOARDS[board][0]:
        allowed |= PACED | {"setRxBufferSize", "esp_timer_create", "esp_timer_start_once", "esp_timer_stop"}
    elif "STM32" in BOARDS[board][0]:
        timer = {"HardwareTimer", "pause", "resume", "setOverflow", "attachInterrupt", "detachInterrupt"}
        allowed |= timer | {"arduino_api_tim2"}
    else:
        allowed |= PACED
    assert used == allowed


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("source", ["main.c", "app.c", "live.c", "adc_ring.c", "port_no_adc.c"])
def test_main_loop_compiles_for_every_board(board: str, source: str, tmp_path: Path) -> None:
    includes = [f"-I{d}" for d in (*CORE_INCLUDE_DIRS, FIRMWARE / "src", API / "idf")]
    command = [*c_compiler().split(), *STRICT_FLAGS, "-O2", *defines(*BOARDS[board]), *includes]
    done = subprocess.run(
        [*command, "-c", str(FIRMWARE / "src" / source), "-o", str(tmp_path / "x.o")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    symbols = subprocess.run(["nm", str(tmp_path / "x.o")], capture_output=True, text=True, check=True).stdout
    assert " T main" not in symbols  # the core's own main calls setup and loop


@pytest.mark.parametrize(
    ("macros", "what"),
    [
        (("ARDUINO_ARCH_AVR",), "no block for this board"),
        # A relative must not get the pins of esp32dev: there they may be the flash's.
        (("ARDUINO_ARCH_ESP32", "API_CHIP_ESP32S2"), "no block for this ESP32 chip"),
        (("ARDUINO_ARCH_ESP32", "API_CHIP_ESP32C6"), "no block for this ESP32 chip"),
        (("ARDUINO_ARCH_ESP32",), "no block for this ESP32 chip"),
    ],
)
def test_an_unknown_board_is_refused_with_advice(macros: tuple[str, ...], what: str, tmp_path: Path) -> None:
    done = compile_port(macros, tmp_path / "port.o")
    assert done.returncode != 0
    [said] = [line for line in done.stderr.splitlines() if "error: #error" in line and what in line]
    for name in ("NAME", "PIN_ECG", "PIN_LO_PLUS", "PIN_LO_MINUS", "PIN_LED", "ADC_BITS", "ADC_REF_UV"):
        assert f"BOARD_{name}" in said


@pytest.mark.parametrize(
    ("chip", "name"),
    [
        ("ESP32", "esp32dev"),
        ("ESP32S3", "esp32-s3-devkitc-1"),
        ("ESP32C3", "esp32-c3-devkitm-1"),
    ],
)
def test_files_without_the_cores_header_know_their_chip_too(chip: str, name: str) -> None:
    # live.c and adc_ring.c do not include Arduino.h; they scale counts by the profile all the same.
    macros = defines("ARDUINO_ARCH_ESP32", f"API_CHIP_{chip}")
    includes = [f"-I{API / 'idf'}", f"-I{FIRMWARE / 'src'}"]
    done = subprocess.run(
        [*c_compiler().split(), *macros, *includes, "-E", "-dM", "-x", "c", "-"],
        input='#include "board_profile.h"\n',
        capture_output=True,
        text=True,
        check=True,
    )
    assert f'#define BOARD_NAME "{name}"' in done.stdout


def test_every_real_board_of_platformio_is_compiled() -> None:
    text = (FIRMWARE / "platformio.ini").read_text()
    names = set(re.findall(r"^\[env:([\w-]+)\]", text, re.MULTILINE))
    real = {n for n in names if not n.startswith("qemu_") and not n.endswith("_tflm") and n != "host"}
    assert real == {name for name in BOARDS if " " not in name}
