"""README's tables are those that the measuring commands write. Oracles: the marks, and the tables against
one another and against the generated headers.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from host_tools.boards import EMULATED
from host_tools.cli.output import figures_file
from host_tools.places import Place
from host_tools.readme import (
    COMPARISON,
    COSTS,
    DETECTOR,
    ENERGY,
    ENGINES,
    HIL,
    ISA,
    JITTER,
    PARITY,
    RATES,
    README,
    SIZE,
    SPEED,
    detector_markdown,
    engines_markdown,
    hil_markdown,
    isa_markdown,
    jitter_markdown,
    parity_markdown,
    rates_markdown,
    speed_markdown,
    write_costs,
)
from host_tools.scoreboard.tables import HEADLINE, SCORE
from host_tools.trust.table import SCORE_NOISE
from training.crossval_report import CROSSVAL

#: Places that hold sentences, and those that hold tables.
SENTENCES = (SIZE, HEADLINE, JITTER, HIL, ENGINES)
TABLES = (PARITY, RATES, ISA, COSTS, COMPARISON, ENERGY, SPEED, DETECTOR, SCORE, SCORE_NOISE, CROSSVAL)


def inside(place: Place, text: str | None = None) -> str:
    """What stands in a place."""
    return (text or README.read_text()).split(place.begin)[1].split(place.end)[0].strip()


def rows(place: Place, text: str | None = None) -> list[list[str]]:
    """Cells of a place's table without its head."""
    lines = [line for line in inside(place, text).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def numbers(text: str) -> list[int]:
    return [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", text)]


@pytest.mark.parametrize("place", SENTENCES + TABLES, ids=lambda place: place.name)
def test_each_place_is_there_once_and_filled(place: Place) -> None:
    text = README.read_text()
    assert text.count(place.begin) == text.count(place.end) == 1
    assert rows(place) if place in TABLES else numbers(inside(place))


def test_the_tables_agree() -> None:
    costs = {row[0]: row[1:] for row in rows(COSTS)}
    assert list(costs) == [row[0] for row in rows(ISA)] == list(EMULATED)
    beside = [row[1] for row in rows(COMPARISON)]
    judged, small = costs["qemu_m4"], costs["qemu_m0"]
    assert beside[0] == judged[0]
    assert beside[1] == judged[2]
    assert numbers(beside[2].replace(" and ", "; ")) == numbers(judged[4].replace(", ", "; "))
    assert numbers(beside[3].replace(" and ", "; ")) == numbers(small[4].replace(", ", "; "))
    assert numbers(beside[4])[0] > numbers(judged[5])[0]


def test_nothing_differs_where_parity_is_claimed() -> None:
    assert rows(PARITY)[0][:2] == ["48", "31,200,000"]
    for place, column in ((PARITY, 4), (RATES, 3), (ISA, 3)):
        assert {row[column].strip("*") for row in rows(place)} == {"0"}
    assert " 0 mismatches" in inside(HIL)
    assert " 0 differ" in inside(ENGINES)


def test_the_speed_is_what_the_command_writes() -> None:
    """Two significant digits; figures typed by hand had more."""
    core, replay = (numbers(row[1])[0] for row in rows(SPEED))
    assert speed_markdown({"core_x_realtime": core, "replay_x_realtime": replay}).strip() == inside(SPEED)


def test_figures_of_a_part_do_not_take_the_place_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = tmp_path / "given.json"
    assert figures_file("isa", "isa", None, force=False) == (Path("build/isa.json"), True)
    assert figures_file("isa", "isa", None, force=False, some=True) == (Path("build/isa-some.json"), False)
    assert figures_file("isa", "isa", given, force=False) == (given, False)


def test_writing_changes_the_place_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(README.read_text())
    before = page.read_text()
    summary = {"records": 2, "samples": 1300000, "beats": 4321, "values_compared": 99, "mismatches": 1}
    assert PARITY.write(parity_markdown(summary), (page,)) == [page]
    assert rows(PARITY, page.read_text()) == [["2", "1,300,000", "4,321", "99", "**1**"]]
    outside = [part.split(PARITY.end)[-1] for part in page.read_text().split(PARITY.begin)]
    assert outside == [part.split(PARITY.end)[-1] for part in before.split(PARITY.begin)]
    report = {"fs_hz": 250, "state_bytes": 6000, "values_compared": 7, "mismatches": 0}
    report |= {"qrs_se": 99.5, "qrs_ppv": 98.25, "accuracy": 97.0, "macro_f1": 90.123}
    RATES.write(rates_markdown([report]), (page,))
    assert rows(RATES, page.read_text()) == [["250", "6,000", "7", "0", "99.50 / 98.25", "97.00, 90.12"]]
    everything = {"p50_samples": 0.0, "p90_samples": 2.0, "p95_samples": 8.5}
    everything |= {"delay_p50_s": 1.96, "delay_p95_s": 2.5, "delay_p100_s": 4.61}
    JITTER.write(jitter_markdown([{}, everything]), (page,))
    distances, answers = inside(JITTER, page.read_text()).splitlines()[1:]
    assert distances == "median 0 samples, 90 % within 2 and 95 % within 8.5."
    assert answers.endswith("median 2.0 s, 95 % within 2.5 s, the last after 4.6 s (`make jitter`).")
    total = {"board": "x", "records": 2, "beats": 1234, "values_compared": 12340, "mismatches": 1}
    HIL.write(hil_markdown(total), (page,))
    assert numbers(inside(HIL, page.read_text())) == [2, 1234, 12340, 1]
    report = {"records": 3, "beats": 10, "logits": 40, "mismatches": 2, "array_bytes": 5, "arena_bytes": 6}
    ENGINES.write(engines_markdown(report), (page,))
    assert numbers(inside(ENGINES, page.read_text())) == [3, 10, 40, 2, 5, 6]
    SPEED.write(speed_markdown({"core_x_realtime": 12345.6, "replay_x_realtime": 987.6}), (page,))
    assert [row[1] for row in rows(SPEED, page.read_text())] == ["12,000", "990"]
    rates = {"qrs_se": 99.5, "qrs_ppv": 98.0}
    group = {"runs": 1, "candidates": 2, "committed": rates, "refitted": rates | {"qrs_se": 99.0}}
    DETECTOR.write(detector_markdown({"groups": {"DS1": group}}), (page,))
    assert rows(DETECTOR, page.read_text()) == [["DS1", "99.50 / 98.00", "99.00 / 98.00"]]
    ISA.write(isa_markdown({"x": {"beats": 1, "values_compared": 2, "mismatches": 3}}), (page,))
    assert rows(ISA, page.read_text()) == [["x", "1", "2", "3"]]


def test_costs_are_written_in_three_places(tmp_path: Path) -> None:
    """Oracle of the energy: 1,000,000 instructions a second, 1.3 cycles each, 52 uA/MHz, 3.2 uA asleep."""
    figures = {
        **{"insn_per_sample": 100.4, "insn_per_beat": 50_000, "insn_per_second": 1_000_000},
        **{"insn_per_mac": 2.0, "anchor": {"A": 1, "C": 2}, "flash_bytes": {"total": 3}},
        **{"ram_bytes": 4, "stack_bytes": 5, "image_bytes": 6, "forbidden_symbols": []},
    }
    page = tmp_path / "page.md"
    page.write_text(README.read_text())
    write_costs({"qemu_m0": figures, "qemu_m4": figures}, (page,))
    text = page.read_text()
    assert rows(COSTS, text)[0] == [
        *("qemu_m0", "100", "50,000", "1,000,000", "2.00", "1, 2", "3", "4", "5"),
    ]
    assert rows(COMPARISON, text)[-1][:2] == ["heap, float, 64-bit division in the M0 image", "none"]
    chip = rows(ENERGY, text)[0]
    assert chip[:3] == ["nRF52840", f"{1.3 * 0.05 * 52 * 3:.0f}", f"{1.3 * 52 + 3.2:.0f}"]
    assert len(rows(ENERGY, text)) == 2  # the chips of the other instruction sets were not measured
