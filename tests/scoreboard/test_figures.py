"""Figures of the board. Oracles: keys written down here; rates worked out from the counts in plain Python."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.ec57 import figures_from_matrix
from host_tools.scoreboard.chain import COMPARISONS, Replayed
from host_tools.scoreboard.figures import average_of, board_figures, ds2_figures, macro_f1, rates
from host_tools.scoreboard.log import append_log, scorings

NAMES = ("100", "200", "232")

counts = st.integers(0, 400)
matrices = st.lists(st.lists(counts, min_size=6, max_size=6), min_size=6, max_size=6).map(
    lambda rows: (
        np.array(rows, np.int64) * (1 - np.eye(6, dtype=np.int64)[5] * np.eye(6, dtype=np.int64)[:, 5:])
    )
)


def replayed(name: str, *found: np.ndarray) -> Replayed:
    """Return a record with these matrices, in the order of COMPARISONS, and nothing else."""
    nothing = np.zeros(0, np.int64)
    by_key = dict(zip(COMPARISONS, found, strict=True))
    return Replayed(name, "MLII", by_key, nothing, nothing.astype(np.uint8), None, None, (nothing, []))


@st.composite
def records(draw: st.DrawFn) -> list[Replayed]:
    return [replayed(name, *(draw(matrices) for _ in COMPARISONS)) for name in NAMES]


def _se(m: np.ndarray, k: int) -> float:
    return 100 * m[k, k] / m[k].sum() if m[k].sum() else math.nan


def _ppv(m: np.ndarray, k: int) -> float:
    """Predictivity; what EC57 leaves out: Q for all, and F for V."""
    rows = [i for i in (0, 1, 2, 3, 5) if not (k == 2 and i == 3)]
    called = m[rows, k].sum()
    return 100 * m[k, k] / called if called else math.nan


def _same(said: float | None, expected: float) -> bool:
    return said is None if math.isnan(expected) else said == pytest.approx(expected)


@given(records())
def test_gross_average_and_per_record(found) -> None:
    ds2 = ds2_figures(found, 0.1)
    late = [r.matrices["dechazal", 300.0] for r in found]
    for table, key, but in (
        ("bxb", ("bxb", 300.0), None),
        ("dechazal", ("dechazal", 300.0), None),
        ("dechazal_from_0", ("dechazal", 0.0), None),
        ("dechazal_without_232", ("dechazal", 300.0), "232"),
    ):
        each = [r.matrices[key] for r in found if r.record != but]
        total = sum(each)
        for name, said in ds2[table].items():
            k = "NSVF".index(name)
            assert _same(said["se"], _se(total, k))
            assert _same(said["ppv"], _ppv(total, k))
            for rate, rule in (("se", _se), ("ppv", _ppv)):
                known = [v for v in (rule(m, k) for m in each) if not math.isnan(v)]
                mean = sum(known) / len(known) if known else math.nan
                assert _same(ds2["average"][table][name][rate], mean)
    total = sum(late)
    plain = figures_from_matrix(total)
    assert ds2["macro_f1"] == pytest.approx(plain["macro_f1"])
    assert macro_f1(late) == ds2["macro_f1"]
    assert (ds2["accuracy"] or 0.0) == pytest.approx(plain["accuracy"])
    assert list(ds2["per_record"]) == list(NAMES)
    json.dumps(ds2, allow_nan=False)


def test_keys_of_the_report() -> None:
    m = np.full((6, 6), 2, np.int64)
    m[5, 5] = 0
    found = [replayed(name, m, m, m) for name in NAMES]
    ds2 = ds2_figures(found, -0.2)
    content = board_figures(found, [replayed("118e06", m, m, m)], ds2, ["100", "232"])
    assert set(content["qrs"]) == set(content["qrs_ds2"]) == {"se", "ppv"}
    assert set(content["qrs_noise"]["118e06"]) == {"se", "ppv"}
    for tables in (content["ds2"], content["ds2"]["average"]):
        assert set(tables["bxb"]) == {"V", "S"}
        assert set(tables["bxb"]["V"]) == {"se", "ppv"}
        for name in ("dechazal", "dechazal_from_0"):
            assert list(tables[name]) == ["N", "S", "V", "F"]
            assert all(set(rates) == {"se", "ppv", "f1"} for rates in tables[name].values())
        assert set(tables["dechazal_without_232"]["S"]) == {"se", "ppv", "f1"}
        assert {"accuracy", "macro_f1"} <= set(tables)
    assert content["ds2"]["int8_minus_float"] == -0.2
    assert set(content["ds2"]["per_record"]) == set(NAMES)
    assert content["qrs_per_record"]["100"]["beats"] == 60


def test_a_missed_or_false_beat_is_an_error_of_the_accuracy() -> None:
    m = np.zeros((6, 6), np.int64)
    m[0, 0], m[0, 5], m[5, 0], m[4, 0] = 97, 1, 2, 50
    found = [replayed("100", m, m, m)]
    assert ds2_figures(found, None)["accuracy"] == pytest.approx(97)


def test_rates_that_are_not_there() -> None:
    from host_tools.ec57 import Score

    assert rates(Score(0, 0, 0)) == {"se": None, "ppv": None, "f1": None}
    assert rates(Score(0, 0, 3)) == {"se": None, "ppv": 0.0, "f1": 0.0}
    assert average_of([Score(0, 0, 0), Score(1, 1, 0)], ("se",)) == {"se": 50.0}


def test_a_model_is_logged_once(tmp_path) -> None:
    log = tmp_path / "log.jsonl"
    first = {"model_hash": "a", "spec_hash": "x", "accuracy": 1}
    assert append_log(first, log)
    assert not append_log(first | {"accuracy": 2}, log)
    assert append_log(first | {"spec_hash": "y"}, log)
    assert append_log(first | {"model_hash": "b"}, log)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(e["model_hash"], e["spec_hash"]) for e in lines] == [("a", "x"), ("a", "y"), ("b", "x")]
    assert lines[0]["accuracy"] == 1
    assert [e["designed_after_looking_at_ds2"] for e in lines] == [False, True, True]
    assert append_log({"model_hash": "c", "spec_hash": "x", "protocol": "ds1+svdb"}, log)
    assert scorings(log) == {"ds1": 3, "ds1+svdb": 1}
    assert scorings(tmp_path / "none.jsonl") == {}
