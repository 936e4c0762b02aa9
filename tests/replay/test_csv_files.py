"""Text tables of every make: each is read rightly, or refused in one true line.

Oracle: the samples that the tests wrote.
"""

from __future__ import annotations

import contextlib
import datetime
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.csv_input import read_csv
from host_tools.errors import UserError
from host_tools.records import read_record

from .signals import cells, ecg_mv, table

FS = 250
ECG = np.round(ecg_mv(FS, 20), 4)
T = np.arange(len(ECG)) / FS
N = range(len(ECG))


def values(path: Path, fs_hz: float | None = FS, **options: object) -> np.ndarray:
    """What was read, mV, NaN where a sample is missing."""
    raw = read_csv(path, options.pop("lead", None), fs_hz, **options)  # type: ignore[arg-type]
    return np.where(raw.missing, np.nan, raw.values / raw.per_mv)


def clock(t: float) -> str:
    return f"{int(t // 3600)}:{int(t // 60 % 60):02d}:{t % 60:06.3f}"


def dated(t: float) -> str:
    return (datetime.datetime(2024, 3, 1, 23, 59, 50) + datetime.timedelta(seconds=t)).isoformat(
        sep=" ", timespec="milliseconds"
    )


def clock12(t: float) -> str:
    hours, rest = divmod(t, 3600)
    return (
        f"{(int(hours) - 1) % 12 + 1}:{int(rest // 60):02d}:{rest % 60:06.3f} {'AM' if hours < 12 else 'PM'}"
    )


def american(t: float) -> str:
    when = datetime.datetime(2024, 3, 12, 23, 59, 50) + datetime.timedelta(seconds=t)
    return when.strftime("%m/%d/%Y %H:%M:%S.%f")


V, COUNTS = cells(ECG), [str(round(v * 1000) + 2048) for v in ECG]
COMMA_V, COMMA_S = [v.replace(".", ",") for v in V], [f"{t:.3f}".replace(".", ",") for t in T]
S, MS = cells(T), [f"{1000 * t:.0f}" for t in T]
RDSAMP = "'sample #','MLII'\n'sample interval','mV'\n"
PHYSIONET = "'Elapsed time','MLII'\n'hh:mm:ss.mmm','mV'\n"
#: How a table looks: columns, what stands in front, and what else is written.
TABLES: dict[str, tuple[list[list[str]], dict[str, str]]] = {
    "one column": ([V], {}),
    "time in s named (s)": ([S, V], {"head": "Time (s),ECG (mV)\n"}),
    "Time[s]": ([S, V], {"head": "Time[s],ecg\n"}),
    "timestamp_ms": ([MS, V], {"head": "timestamp_ms,ecg\n"}),
    "millis": ([MS, V], {"head": "millis,ecg\n"}),
    "microseconds": ([[f"{1e6 * t:.0f}" for t in T], V], {"head": "t_us,ecg\n"}),
    "unix_timestamp": ([[f"{1.7e9 + t:.3f}" for t in T], V], {"head": "unix_timestamp,ecg\n"}),
    "sample #": ([[str(i) for i in N], V], {"head": "sample #,ecg\n"}),
    "index without a name": ([[str(i) for i in N], V], {"head": ",ecg\n"}),
    "index without a head": ([[str(i) for i in N], V], {"head": "ecg\n"}),
    "Unnamed: 0": ([[str(i) for i in N], V], {"head": "Unnamed: 0,ecg\n"}),
    "time without header": ([S, V], {}),
    "index without header": ([[str(i) for i in N], V], {}),
    "units row": ([[clock(t) for t in T], V], {"head": PHYSIONET}),
    "quoted clock": ([[f"'{clock(t)}'" for t in T], V], {"head": PHYSIONET}),
    "date and time over midnight": ([[dated(t) for t in T], V], {"head": "date,ecg\n"}),
    "clock over midnight": ([[clock((86390 + t) % 86400) for t in T], V], {"head": "clock,ecg\n"}),
    "date-time without header": ([[dated(t) for t in T], V], {}),
    "rows end with a tab": ([["0"] * len(V), V, [""] * len(V)], {"sep": "\t"}),
    "header ends with a comma": ([S, V, [""] * len(V)], {"head": "time,ecg,\n"}),
    "rows end with a comma, header not": ([S, V, [""] * len(V)], {"head": "time,ecg\n"}),
    "empty cells in another column": ([V, [""] * 9 + ["x"] * (len(V) - 9)], {}),
    "remark in another column": ([V, ["start", *[""] * (len(V) - 1)]], {"head": "ecg,remark\n"}),
    "log lines": ([["I"] * len(V), [f"({i})" for i in N], ["ecg:"] * len(V), V], {"sep": " "}),
    "decimal commas, one column": ([[v.replace(".", ",") for v in V]], {}),
    "decimal commas, one column, header": ([[v.replace(".", ",") for v in V]], {"head": "ecg\n"}),
    "decimal commas, semicolons": ([COMMA_S, COMMA_V], {"sep": ";", "head": "Zeit;EKG\n"}),
    "decimal commas, tabs": ([COMMA_S, COMMA_V], {"sep": "\t"}),
    "decimal commas, quoted": ([['"' + v.replace(".", ",") + '"' for v in S],
                                ['"' + v.replace(".", ",") + '"' for v in V]], {"head": "time,ecg\n"}),
    "bars": ([S, V], {"sep": "|", "head": "time|ecg\n"}),
    "many blanks": ([S, V], {"sep": "    "}),
    "comma and blank": ([S, V], {"sep": ", ", "head": "time, ecg\n"}),
    "percent comments": ([S, V], {"head": "%OpenBCI Raw Data\n%Sample Rate = 250.0 Hz\ntime,ecg\n"}),
    "lines of Windows": ([S, V], {"head": "time,ecg\r\n", "end": "\r\n"}),
    "lines of old Macs": ([S, V], {"head": "time,ecg\r", "end": "\r"}),
    "byte order mark": ([S, V], {"head": "\ufefftime,ecg\n"}),
    "every cell quoted": ([[f'"{s}"' for s in S], [f'"{v}"' for v in V]], {"head": '"time","ecg"\n'}),
    "a comma in a quoted name": ([S, V], {"head": '"time","ecg, lead II (mV)"\n'}),
    "rows about the file": ([V], {"head": "Name,Jo\nSample Rate,250 hertz\n\nLead,Lead I\nUnit,mV\n\n"}),
    "exponents": ([[f"{v:.4e}" for v in ECG]], {}),
    "constant first": ([["0"] * len(V), V], {}),
    "respiration first": ([cells(np.sin(2 * np.pi * 0.25 * T)), V], {"head": "resp,ecg\n"}),
    "nameless pulse wave first": ([cells(np.sin(2 * np.pi * 1.2 * T) ** 2), V], {"head": "a,b\n"}),
    "RR column beside it": ([["0.83"] * len(V), V], {"head": "rr,ecg\n"}),
    "wrapping counter first": ([[str(i % 256) for i in N], V], {"head": "nSeq,ecg\n"}),
    "leads of one letter": ([V, cells(0.5 * ECG), cells(0.2 * ECG)], {"head": "I,II,III\n"}),
    "time and lead I": ([S, V], {"head": "time,i\n"}),
    "a lead called sample": ([V], {"head": "sample\n"}),
    "a lead called X": ([V, ["0"] * len(V)], {"head": "x,y\n"}),
    "lead v is no volt": ([S, V], {"head": "time,lead v\n"}),
    "the unit for a name": ([S, V], {"head": "s,mV\n"}),
    "brackets for units": ([MS, V], {"head": "time;ecg\n[ms];[mV]\n", "sep": ";"}),
    "sample interval for a unit": ([[str(i) for i in N], V], {"head": RDSAMP}),
    "two times": ([[dated(t) for t in T], [f"{4e6 * i:.0f}" for i in N], V],
                  {"head": "phone timestamp;sensor timestamp [ns];ecg [mV]\n", "sep": ";"}),
    "date and clock apart": ([["1.3.2024"] * len(V), [clock(t) for t in T], V], {"head": "date,clock,ecg\n"}),
    "LabChart": ([S, V], {"head": "Interval=\t0.004 s\nChannelTitle=\tECG\nRange=\t2 mV\n", "sep": "\t"}),
    "Excel's days": ([[f"{45352.5 + t / 86400:.10f}" for t in T], V], {"head": "date,ecg\n"}),
    "minutes": ([[f"{t / 60:.8f}" for t in T], V], {"head": "time,ecg\n"}),
    "American dates over midnight": ([[american(t) for t in T], V], {"head": "date,ecg\n"}),
    "12 hours over noon": ([[clock12(43190 + t) for t in T], V], {"head": "clock,ecg\n"}),
    "12 hours over midnight": ([[clock12((86390 + t) % 86400) for t in T], V], {"head": "clock,ecg\n"}),
    "whole seconds": ([[f"{1700000000 + int(t)}" for t in T], V], {"head": "timestamp,ecg\n"}),
    "sep= of a spreadsheet": ([COMMA_S, COMMA_V], {"sep": ";", "head": "sep=;\nZeit;EKG\n"}),
    "notch of 50 Hz": ([V], {"head": "# mains frequency: 50 Hz\n"}),
    "counter with a step of 4": ([[str(4 * i) for i in N], V], {"head": "a,b\n"}),
    "wrapping counter without header": ([[str(i % 16) for i in N], V], {"sep": "\t"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
def test_every_table_gives_the_samples(tmp_path: Path, kind: str) -> None:
    columns, options = TABLES[kind]
    path = table(tmp_path / "x.csv", columns, **options)
    np.testing.assert_allclose(values(path), ECG, atol=1e-4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("unit", ["µV", "uV", "μV"])
def test_units_and_encodings(tmp_path: Path, encoding: str, unit: str) -> None:
    if unit == "μV" and encoding == "latin-1":
        unit = "µV"
    rows = "".join(f"{t:.3f},{v * 1000:.1f}\n" for t, v in zip(T, ECG, strict=True))
    path = tmp_path / "x.csv"
    path.write_bytes(f"Zeit,EKG [{unit}]\n{rows}".encode(encoding))
    raw = read_csv(path, None, FS)
    np.testing.assert_allclose(raw.values / raw.per_mv, ECG, atol=1e-4)
    assert raw.unit == "uV"
    assert any("own: uV" in note for note in raw.notes or [])


def test_a_file_that_says_its_unit_is_read_in_the_unit_that_is_given(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", [V], head="ecg (uV)\n")
    raw = read_csv(path, None, FS, "mV")
    np.testing.assert_allclose(raw.values / raw.per_mv, ECG)
    assert "the file itself says uV, --unit mV" in (raw.notes or [])


@pytest.mark.parametrize("empty", ["", "NaN", "nan", "NA", "null", '""', "-"])
def test_an_empty_cell_is_no_sample(tmp_path: Path, empty: str) -> None:
    gone = {0, 7, 8, 9, 700, len(V) - 1}
    path = table(
        tmp_path / "x.csv", [S, [empty if i in gone else v for i, v in enumerate(V)]], head="t,ecg\n"
    )
    found = values(path)
    assert set(np.flatnonzero(np.isnan(found)).tolist()) == gone
    record = read_record(path, fs_hz=FS, spec=(FS, 200))
    assert set(np.flatnonzero(record.samples == -32768).tolist()) == gone
    assert any("6 samples are missing" in note for note in record.notes)


def rows_lost(path: Path, keep: np.ndarray, times: list[str], name: str = "time") -> Path:
    pick = np.flatnonzero(keep)
    return table(path, [[times[i] for i in pick], [V[i] for i in pick]], head=f"{name},ecg\n")


LOST = np.ones(len(V), np.bool_)
LOST[1500:2250] = LOST[3000:3100] = False
DROPPED = np.random.default_rng(3).random(len(V)) > 0.1
DROPPED[[0, -1]] = True


@pytest.mark.parametrize("keep", [LOST, DROPPED], ids=["two gaps", "one row in ten"])
@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("time", S),
        ("t (ms)", MS),
        ("sample", [str(i) for i in N]),
        ("date", [dated(t) for t in T]),
        ("epoch", [f"{1.7e12 + 1000 * t:.0f}" for t in T]),
    ],
)
def test_rows_lost_by_the_times_are_missing_samples(
    tmp_path: Path, keep: np.ndarray, name: str, times: list[str]
) -> None:
    found = values(rows_lost(tmp_path / "x.csv", keep, times, name))
    np.testing.assert_array_equal(np.isnan(found), ~keep)
    np.testing.assert_allclose(found[keep], ECG[keep], atol=1e-4)


def test_late_rows_are_no_gaps(tmp_path: Path) -> None:
    """A logger that is now and then a few milliseconds late loses nothing."""
    late = np.where(np.random.default_rng(5).random(len(T)) < 0.05, 0.0031, 0.0)
    times = cells(np.maximum.accumulate(T + late), 5)
    found = values(table(tmp_path / "x.csv", [times, V], head="time,ecg\n"))
    np.testing.assert_allclose(found, ECG, atol=1e-4)


def test_packets_of_one_time_are_no_gaps(tmp_path: Path) -> None:
    """Movesense's and Polar's rows: 16 of them a millisecond apart, then the next packet."""
    times = [str(64 * (i // 16) + i % 16) for i in N]
    found = values(table(tmp_path / "x.csv", [times, V], head="Timestamp,ecg\n"))
    np.testing.assert_allclose(found, ECG, atol=1e-4)


@pytest.mark.parametrize(
    ("times", "name", "message"),
    [
        (cells(T / 2), "time", "another than --fs 250: steps of 0.002, 500 Hz in seconds"),
        (cells(T * 1.05, 6), "time (s)", "another than --fs 250: 238.1 Hz"),
        (MS, "time (s)", "another than --fs 250: 0.25 Hz"),
        ([*S[:2500], *S[:2500]], "time", "goes back at sample 2500"),
        (S[::-1], "time", "goes back"),
        (S[::-1], "t", "goes back"),
        ([*S[:2500], *cells(T[2500:] + 9000)], "time", r"leaves out 2\.5 h at sample 2500"),
        ([*S[:100], "soon", *S[101:]], "time", r"line 102: 'soon' is not a time"),
    ],
)
def test_times_that_cannot_be_are_refused(tmp_path: Path, times: list[str], name: str, message: str) -> None:
    path = table(tmp_path / "x.csv", [times, V], head=f"{name},ecg\n")
    with pytest.raises(UserError, match=message) as error:
        values(path)
    assert "\n" not in str(error.value)


def test_a_rate_that_is_a_little_off_is_said(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", [cells(np.arange(len(V)) / 249.31, 6), V], head="time,ecg\n")
    raw = read_csv(path, None, FS)
    assert len(raw.values) == len(V)
    assert any("249.31 Hz, not 250" in note for note in raw.notes or [])


def test_repeated_rows_are_said(tmp_path: Path) -> None:
    twice = np.repeat(np.arange(len(V)), np.where(np.arange(len(V)) % 50 == 7, 2, 1))
    path = table(tmp_path / "x.csv", [[S[i] for i in twice], [V[i] for i in twice]], head="time,ecg\n")
    raw = read_csv(path, None, FS)
    assert any("100 rows are more than column 'time' has time for" in note for note in raw.notes or [])


@pytest.mark.parametrize(
    ("head", "times"),
    [("Time (s),ecg\n", S), ("# sampling rate: 250 Hz\nx,ecg\n", S), ("time_ms,ecg\n", MS)],
)
def test_the_files_own_rate_is_taken_where_none_is_given(tmp_path: Path, head: str, times: list[str]) -> None:
    raw = read_csv(table(tmp_path / "x.csv", [times, V], head=head), None, None)
    assert raw.fs_hz == 250
    assert "the sampling rate is the file's own: 250 Hz" in (raw.notes or [])


def test_another_rate_in_the_file_is_said(tmp_path: Path) -> None:
    raw = read_csv(table(tmp_path / "x.csv", [V], head="# sampling rate: 500 Hz\n"), None, FS)
    assert "the file itself says 500 Hz, --fs 250" in (raw.notes or [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,ecg\n" + "".join(f"0,00{i % 10},0,01{i % 7}\n" for i in range(50)), "commas between commas"),
        ("name,what\n" + "Jo,nothing\n" * 30, "no column of numbers"),
        ("ecg\n" + "0.1\n" * 30 + "1.234,5\n" + "0.1\n", "line 32: '1.234,5' is not a number"),
        ("0.1\n" * 30 + "1_000\n" + "0.1\n", "line 31: '1_000' is not a number"),
        ("0.1\n" * 30 + "٣\n" + "0.1\n", "line 31: '٣' is not a number"),
        ("time,sample\n" + "".join(f"{i / 250:.3f},{i}\n" for i in range(99)), "tells the time .*--lead"),
        ("time,ecg\n" + "".join(f"{i / 250},{i % 9} mV\n" for i in range(99)), "'ecg' holds '0 mV'"),
        ("ecg\n" + "nan\n" * 30, "holds no sample"),
        ("0.1\n" * 30 + "\0\n", "control codes"),
        (",".join(V[:300]) + "\n", "one row of 300 numbers: write each sample into a row"),
        ('{"fs": 250, "ecg": [' + ", ".join(V[:300]) + "]}\n", r"one row of \d+ numbers"),
    ],
)  # fmt: skip
def test_tables_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message) as error:
        values(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("fs_hz", [128, 1000, 2000])
def test_the_choice_looks_at_seconds_not_at_rows(tmp_path: Path, fs_hz: int) -> None:
    ecg = ecg_mv(fs_hz, 12)
    slow = np.sin(2 * np.pi * 0.4 * np.arange(len(ecg)) / fs_hz)
    path = table(tmp_path / "x.csv", [cells(slow, 6), cells(ecg)], head="a,b\n")
    assert read_csv(path, None, fs_hz).name == "b"


def test_the_choice_is_said(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", [S, cells(np.sin(T)), V], head="time,a,b\n")
    raw = read_csv(path, None, FS)
    assert (raw.name, raw.index) == ("b", 2)
    assert "lead b chosen of a, b: the first that looks like an ECG (--lead takes another)" in (
        raw.notes or []
    )
    assert read_csv(path, "a", FS).index == 1
    assert read_csv(path, "1", FS).index == 1


@pytest.mark.parametrize("timed", [False, True])
def test_a_long_table_takes_five_times_its_samples_at_most(tmp_path: Path, timed: bool) -> None:
    """From text to the device's samples, in 8 bytes a sample; what is there once is left out: libraries."""
    path = tmp_path / "x.csv"
    with path.open("w") as file:
        file.write("time,ecg\n" if timed else "ecg\n")
        for k in range(200):
            file.writelines(
                f"{k * 20 + t:.3f},{v}\n" if timed else f"{v}\n" for t, v in zip(T, V, strict=True)
            )
    read_record(table(tmp_path / "small.csv", [V]), fs_hz=FS)
    tracemalloc.start()
    record = read_record(path, fs_hz=FS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    samples = 200 * len(V)
    assert record.duration_s == samples / FS
    assert peak < 5 * 8 * samples


@pytest.mark.parametrize("columns", [[V], [S, V], [V, S]])
def test_an_empty_line_far_inside_is_refused(tmp_path: Path, columns: list[list[str]]) -> None:
    path = table(tmp_path / "x.csv", columns)
    text = path.read_text()
    path.write_text(text * 20 + "\n" + text)
    with pytest.raises(UserError, match=rf"line {20 * len(V) + 1} is empty"):
        values(path, lead=str(columns.index(V)))


@pytest.mark.parametrize("size", [1 << 21, 3 << 21])
def test_a_line_without_an_end_is_refused_before_it_is_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"1" * size)
    with pytest.raises(UserError, match="a line has more than"):
        values(path)


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="not a regular file"):
        values(path)


text_cells = st.one_of(
    st.floats(allow_nan=True).map(str),
    st.text(max_size=8),
    st.sampled_from(["", "0", "-1,5", "12:00:01", '"', "'"]),
)
tables = st.lists(st.lists(text_cells, max_size=5), max_size=40)


@given(tables, st.sampled_from([",", ";", "\t", " ", "|"]), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_is_read_or_refused_in_one_line(
    tmp_path: Path, rows: list[list[str]], sep: str, end: str
) -> None:
    path = tmp_path / "fuzz.csv"
    path.write_bytes(end.join(sep.join(row) for row in rows).encode("utf-8", "surrogatepass"))
    reads_or_refuses(path)


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "fuzz.csv"
    path.write_bytes(content)
    reads_or_refuses(path)


def reads_or_refuses(path: Path) -> None:
    raw = None
    with contextlib.suppress(UserError):
        raw = read_csv(path, None, FS)
    if raw is None:
        with pytest.raises(UserError) as refusal:
            read_csv(path, None, FS)
        assert len(str(refusal.value).splitlines()) == 1
        return
    assert len(raw.values) == len(raw.missing) > 0
    assert np.isfinite(raw.values).all()
