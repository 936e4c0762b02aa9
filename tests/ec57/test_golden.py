"""Oracle: WFDB 10.7.0 ``bxb -L`` and ``sumstats`` on all 48 records of MIT-BIH, three annotators, with and
without the learning period; every count and every rate is equal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb

from host_tools.ec57 import Score, bxb_columns, pair_beats, qrs_score, sveb_score, veb_score
from tests.data_access import database_dir, mitdb_dir
from tests.ec57.golden import read_bxb, read_gross

pytestmark = pytest.mark.needs_data("mitdb", "ec57_golden")


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:.2f}"


def _rates(scores: list[Score]) -> list[str]:
    return [_percent(rate) for s in scores for rate in (s.sensitivity, s.positive_predictivity)]


@pytest.fixture(scope="module")
def golden() -> Path:
    return database_dir("ec57_golden")


@pytest.fixture(scope="module")
def reference() -> dict[str, tuple[np.ndarray, list[str]]]:
    folder = mitdb_dir()
    annotations = {p.stem: wfdb.rdann(str(p.with_suffix("")), "atr") for p in sorted(folder.glob("*.atr"))}
    return {record: (a.sample, a.symbol) for record, a in annotations.items()}


@pytest.mark.parametrize("start_s", [300.0, 0.0], ids=["learning period", "from 0"])
@pytest.mark.parametrize("annotator", ["gqrs", "osea", "perturbed"])
def test_equal_to_bxb(golden, reference, annotator, start_s):
    name = f"{annotator}.bxb" if start_s else f"{annotator}.from0.bxb"
    expected = read_bxb(golden / name)
    assert len(expected) == 48
    pooled = np.zeros((6, 6), dtype=np.int64)
    rates = []
    for record, fields in expected.items():
        test = wfdb.rdann(str(golden / "annotations" / record), annotator)
        result = pair_beats(*reference[record], test.sample, test.symbol, 360, start_s)
        pooled += result.matrix
        scores = [rule(result.matrix) for rule in (qrs_score, veb_score, sveb_score)]
        counts = [str(n) for n in bxb_columns(result.matrix).values()]
        rates.append(_rates(scores))
        assert counts + rates[-1] == fields[:25], f"{name}, record {record}"
    sums = read_gross(golden / f"{name}.sumstats")
    columns = bxb_columns(pooled)
    assert [str(n) for n in columns.values()] == sums["Sum"]
    # sumstats sees the columns only, in which F and Q are one: for its S predictivity it leaves out both.
    sveb = sveb_score(pooled)
    seen = Score(sveb.tp, sveb.fn, sum(columns[c] for c in ("Ns", "Vs", "Os'")))
    assert _rates([qrs_score(pooled), veb_score(pooled), seen]) == sums["Gross"]
    for k, column in enumerate(list(zip(*rates, strict=True))[:5]):
        known = [float(rate) for rate in column if rate != "-"]
        average = sums["Average"][k]
        assert average == "-" if not known else abs(float(np.mean(known)) - float(average)) < 0.0051
