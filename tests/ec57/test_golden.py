"""Oracle: WFDB 10.7.0 ``bxb -L`` and ``sumstats`` on all 48 records of MIT-BIH, three annotators, with and
without the learning period; every file that they wrote comes out again byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb

from host_tools.ec57 import (
    LineRecord,
    average_rates,
    beat_lines,
    bxb_columns,
    line_scores,
    pair_beats,
    pooled_columns,
    qrs_score,
    rates_of,
    shutdown_lines,
    shutdown_sum_lines,
    sum_lines,
    sveb_score,
    veb_score,
)
from tests.data_access import database_dir, mitdb_dir
from tests.ec57.golden import read_bxb, read_gross

pytestmark = pytest.mark.needs_data("mitdb", "ec57_golden")

FS_HZ = 360

ANNOTATORS = ("gqrs", "osea", "perturbed")
STARTS = {300.0: "", 0.0: ".from0"}


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.2f}"


@pytest.fixture(scope="module")
def golden() -> Path:
    return database_dir("ec57_golden")


@pytest.fixture(scope="module")
def reference() -> dict[str, wfdb.Annotation]:
    folder = mitdb_dir()
    return {p.stem: wfdb.rdann(str(p.with_suffix("")), "atr") for p in sorted(folder.glob("*.atr"))}


@pytest.fixture(scope="module")
def compared(golden, reference) -> dict[tuple[str, float], list[LineRecord]]:
    """All comparisons: annotator and start to the records in order."""
    found: dict[tuple[str, float], list[LineRecord]] = {}
    for annotator in ANNOTATORS:
        for record, ref in reference.items():
            test = wfdb.rdann(str(golden / "annotations" / record), annotator)
            for start_s in STARTS:
                comparison = pair_beats(
                    ref.sample,
                    ref.symbol,
                    test.sample,
                    test.symbol,
                    FS_HZ,
                    start_s,
                    ref_subtypes=ref.subtype,
                    test_subtypes=test.subtype,
                )
                found.setdefault((annotator, start_s), []).append(LineRecord(record, FS_HZ, comparison))
    return found


@pytest.mark.parametrize("start_s", STARTS, ids=["learning period", "from 0"])
@pytest.mark.parametrize("annotator", ANNOTATORS)
def test_line_files_are_those_of_bxb(golden, compared, annotator, start_s):
    records = compared[annotator, start_s]
    assert len(records) == 48
    beats, shutdown = beat_lines(records), shutdown_lines(records)
    for suffix, lines in {
        "bxb": beats,
        "bxb.sumstats": beats + sum_lines(records),
        "sd": shutdown,
        "sd.sumstats": shutdown + shutdown_sum_lines(records),
    }.items():
        expected = golden / f"{annotator}{STARTS[start_s]}.{suffix}"
        assert "\n".join(lines) + "\n" == expected.read_text(), expected.name


@pytest.mark.parametrize("start_s", STARTS, ids=["learning period", "from 0"])
@pytest.mark.parametrize("annotator", ANNOTATORS)
def test_counts_and_rates_are_those_of_bxb(golden, compared, annotator, start_s):
    """The figures themselves, not their lines, against the fields of bxb's and sumstats' reports."""
    name = f"{annotator}{STARTS[start_s]}.bxb"
    expected = read_bxb(golden / name)
    records = compared[annotator, start_s]
    for record in records:
        matrix = record.comparison.matrix
        counts = [str(n) for n in bxb_columns(matrix).values()]
        rates = rates_of([rule(matrix) for rule in (qrs_score, veb_score, sveb_score)])
        error = f"{record.comparison.rr_error_ms:.2f}"
        assert [*counts, *map(_percent, rates), error] == expected[record.name], record.name
    sums = read_gross(golden / f"{name}.sumstats")
    columns = pooled_columns(records)
    assert [str(n) for n in columns.values()] == sums["Sum"]
    assert [_percent(rate) for rate in rates_of(line_scores(columns))] == sums["Gross"]
    assert [_percent(rate) for rate in average_rates(records)] == sums["Average"][:6]
