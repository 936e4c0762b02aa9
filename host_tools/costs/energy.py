"""An estimate of energy: counted instructions times what data sheets say of the current. Not a measurement.

    cycles per second   = instructions per second * cycles per instruction (an assumption, per core)
    charge per second   = cycles * current per MHz + sleep current
    energy of a beat    = its instructions * cycles per instruction * current per MHz * supply voltage

The chip is taken to sleep between samples, waking without cost. ADC, radio, regulators and the board's other
parts are left out; the ECG front end is shown in a column of its own.

Of the currents only ESP-AT's was read at its source when this was written; the others are quoted from
memory of the documents named with them: check them there before building anything on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.table import Table

from host_tools.costs.measure import BEATS_PER_SECOND

#: A CR2032, nominal. At the small currents here nearly all of it can be had.
COIN_CELL_MAH = 220.0
SUPPLY_V = 3.0
#: AD8232, typical supply current (Analog Devices, AD8232 data sheet, "Features").
FRONT_END_UA = 170.0
_HOURS_PER_DAY = 24


@dataclass(frozen=True)
class Chip:
    """A real chip and where its figures are from.

    Attributes
    ----------
    name : str
        The chip, and its board in ``platformio.ini``.
    target : str
        Emulated board with its instruction set.
    ua_per_mhz : float
        Current while it computes, per MHz of clock.
    sleep_ua : float
        Current while it sleeps with its memory and a timer kept.
    cycles_per_instruction : float
        Assumed.
    source : str
        Where both currents are from.
    """

    name: str
    target: str
    ua_per_mhz: float
    sleep_ua: float
    cycles_per_instruction: float
    source: str


#: Typical values at 3.0 or 3.3 V and 25 degrees.
CHIPS = (
    Chip("nRF52840 (nrf52840_dk)", "qemu_m4", 52, 3.2, 1.3,
         "nRF52840 Product Specification, features: 52 uA/MHz with DC/DC; System ON, all RAM, RTC"),
    Chip("STM32L476 (nucleo_l476rg)", "qemu_m4", 100, 1.4, 1.3,
         "ST DS10198, features: 100 uA/MHz run mode; Stop 2 with RTC"),
    Chip("STM32F103 (bluepill_f103c8)", "qemu_m3", 375, 24, 1.4,
         "ST DS5319, run mode from flash at 72 MHz, peripherals off: 27 mA; Stop mode"),
    Chip("ESP32-C3 (esp32-c3-devkitm-1)", "qemu_rv32", 125, 130, 1.4,
         "Espressif ESP-AT guide, Sleep AT examples: 20 mA at 160 MHz, no radio; data sheet: light sleep"),
)  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """What a chip would need.

    Attributes
    ----------
    microjoules_per_beat : float
        Features and network of one beat.
    average_ua : float
        Current of the whole chain at 75 beats a minute, sleep included.
    days : float
        On a coin cell, the chip alone.
    days_with_front_end : float
        The same with an AD8232 at work.
    """

    microjoules_per_beat: float
    average_ua: float
    days: float
    days_with_front_end: float


def estimate(chip: Chip, figures: dict[str, Any]) -> Estimate:
    """Estimate from the counts of the chip's target (``targets.<name>`` of bench.json)."""
    mega_cycles = chip.cycles_per_instruction * figures["insn_per_second"] / 1e6
    average_ua = mega_cycles * chip.ua_per_mhz + chip.sleep_ua
    beat_mega_cycles = chip.cycles_per_instruction * figures["insn_per_beat"] / 1e6
    # uA/MHz * 1e6 cycles = microcoulombs
    return Estimate(
        beat_mega_cycles * chip.ua_per_mhz * SUPPLY_V,
        average_ua,
        _days(average_ua),
        _days(average_ua + FRONT_END_UA),
    )


def _days(current_ua: float) -> float:
    return COIN_CELL_MAH * 1000 / current_ua / _HOURS_PER_DAY


def energy_table(targets: dict[str, Any]) -> Table:
    """The estimate for every chip whose target was measured."""
    title = f"energy, ESTIMATED from data sheets ({BEATS_PER_SECOND * 60:.0f} bpm, {SUPPLY_V:g} V)"
    table = Table("chip", title=title)
    for head in ("uA/MHz", "cycles/insn", "uJ per beat", "uA average", "days, CR2032", "with AD8232"):
        table.add_column(head, justify="right")
    for chip in CHIPS:
        if chip.target in targets:
            e = estimate(chip, targets[chip.target])
            row = (e.microjoules_per_beat, e.average_ua, e.days, e.days_with_front_end)
            cells = [f"{chip.ua_per_mhz:g}", f"{chip.cycles_per_instruction:g}"]
            table.add_row(
                chip.name, *cells, *[f"{value:.1f}" if value < 100 else f"{value:.0f}" for value in row]
            )
    return table
