"""The firmware's acquisition code, compiled for this machine and for each board's profile."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.adc import AdcProfile
from host_tools.build import BUILD_DIR, CORE_INCLUDE_DIRS, FIRMWARE, OPTIMISE_FLAGS, ROOT, compile_c

HERE = Path(__file__).parent
#: What the cores define for each board, beside the numbers that their headers give to pin names.
BOARD_MACROS = {
    "host": (),
    "esp32dev": ("-DARDUINO=10805", "-DARDUINO_ARCH_ESP32", "-DAPI_CHIP_ESP32"),
    "esp32-s3-devkitc-1": ("-DARDUINO=10805", "-DARDUINO_ARCH_ESP32", "-DAPI_CHIP_ESP32S3"),
    "esp32-c3-devkitm-1": ("-DARDUINO=10805", "-DARDUINO_ARCH_ESP32", "-DAPI_CHIP_ESP32C3"),
    "nucleo_f446re": ("-DARDUINO=10808", "-DARDUINO_ARCH_STM32", "-DARDUINO_NUCLEO_F446RE"),
    "nucleo_l476rg": ("-DARDUINO=10808", "-DARDUINO_ARCH_STM32", "-DARDUINO_NUCLEO_L476RG"),
    "nrf52840_dk": ("-DARDUINO=10805", "-DNRF52840_XXAA"),
    "pico": ("-DARDUINO=10810", "-DARDUINO_ARCH_RP2040"),
    "bluepill_f103c8": ("-DARDUINO=10808", "-DARDUINO_ARCH_STM32", "-DARDUINO_BLUEPILL_F103C8"),
}


class Acquisition:
    """``live.c`` and ``adc_ring.c``; the test is timer, ADC and LED."""

    def __init__(self, board: str) -> None:
        sources = [
            FIRMWARE / "src" / "live.c",
            FIRMWARE / "src" / "adc_ring.c",
            HERE / "live_c" / "harness.c",
        ]
        output = BUILD_DIR / "tests" / f"liblive-{board}.so"
        includes = [*CORE_INCLUDE_DIRS, FIRMWARE / "src", ROOT / "tests" / "arduino_api" / "idf"]
        flags = [*OPTIMISE_FLAGS, *BOARD_MACROS[board]]
        self.c = ctypes.CDLL(str(compile_c(sources, includes, flags, output, "shared")))
        self.c.h_start()

    @property
    def profile(self) -> AdcProfile:
        return AdcProfile(*(self.c.h_profile(i) for i in range(4)))

    def take(self, most: int = 1 << 18) -> list[int]:
        out = (ctypes.c_int16 * most)()
        return list(out[: self.c.h_take(out, most)])

    def led(self, before: int, aami_class: int, after: int) -> list[int]:
        out = (ctypes.c_uint32 * 64)()
        return list(out[: self.c.h_led(before, aami_class, after, out)])


@pytest.fixture(scope="session")
def acquisition() -> Callable[[str], Acquisition]:
    built: dict[str, Acquisition] = {}

    def make(board: str = "host") -> Acquisition:
        if board not in built:
            built[board] = Acquisition(board)
        built[board].c.h_start()
        return built[board]

    return make
