"""Every kind of bad input: one clear line, its exit code, and nothing half-written.

Oracle: the messages and exit codes written by hand in the tests.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb

from host_tools.csv_input import read_csv
from host_tools.link import device as device_module
from host_tools.link.identity import Identity
from host_tools.records import read_record

from .conftest import Outcome, ramp, write_record

Bitbeat = Callable[..., Outcome]


def case_missing_dat(folder: Path) -> list[object]:
    path = write_record(folder, "r", ramp(1000))
    path.with_suffix(".dat").unlink()
    return [path]


def case_truncated_dat(folder: Path) -> list[object]:
    path = write_record(folder, "r", ramp(1000))
    dat = path.with_suffix(".dat")
    dat.write_bytes(dat.read_bytes()[:1500])
    return [path]


def case_no_record(folder: Path) -> list[object]:
    return [folder / "nosuch"]


def case_no_such_name(folder: Path) -> list[object]:
    return ["nosuchrecord"]


def case_header_without_signal(folder: Path) -> list[object]:
    (folder / "r.hea").write_text("r 0 360 1000\n")
    return [folder / "r"]


def case_header_that_is_none(folder: Path) -> list[object]:
    (folder / "r.hea").write_text("<html>404</html>\n")
    return [folder / "r"]


def case_no_gain(folder: Path) -> list[object]:
    path = write_record(folder, "r", ramp(1000), gain=321)
    hea = path.with_suffix(".hea")
    assert "321" in hea.read_text()
    hea.write_text(re.sub(r"321[.0]*", "-5", hea.read_text()))
    return [path]


def case_not_volts(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000), unit="mmHg")]


def case_unknown_lead(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000, 2), leads=("MLII", "V5")), "--lead", "aVF"]


def case_lead_number(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000, 2), leads=("MLII", "V5")), "--lead", "2"]


def case_rate_too_low(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000), fs_hz=99)]


def case_rate_too_high(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000), fs_hz=2001)]


def case_from_behind_end(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000)), "--from", "10"]


def case_to_before_from(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000)), "--from", "2", "--to", "1"]


def case_time_that_is_none(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000)), "--from", "soon"]


def case_annotations_behind_end(folder: Path) -> list[object]:
    path = write_record(folder, "r", ramp(1000))
    wfdb.wrann("r", "atr", np.array([10, 5000]), symbol=["N", "N"], write_dir=str(folder))
    return [path]


def case_annotations_more_than_a_second_behind_end(folder: Path) -> list[object]:
    path = write_record(folder, "r", ramp(1000))
    wfdb.wrann("r", "atr", np.array([10, 1361]), symbol=["N", "N"], write_dir=str(folder))
    return [path]


def case_annotations_that_are_none(folder: Path) -> list[object]:
    path = write_record(folder, "r", ramp(1000))
    path.with_suffix(".atr").write_bytes(b"this is not an annotation file")
    return [path]


def case_no_annotations(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000)), "--reference", "qrs"]


def case_options_of_csv(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000)), "--fs", "360"]


def csv(folder: Path, text: str, *options: object) -> list[object]:
    (folder / "x.csv").write_text(text)
    return [folder / "x.csv", *(options or ("--fs", 360))]


def case_csv_missing(folder: Path) -> list[object]:
    return [folder / "no.csv", "--fs", 360]


def case_csv_text(folder: Path) -> list[object]:
    return csv(folder, "ecg\n0.1\n0.2\noops\n0.3\n")


def case_csv_infinite(folder: Path) -> list[object]:
    return csv(folder, "0.1\ninf\n")


def case_csv_empty_line(folder: Path) -> list[object]:
    return csv(folder, "\necg\n\n0.1\n# a remark\n0.2\n \n0.3\n")


def case_csv_empty_line_of_two_columns(folder: Path) -> list[object]:
    return csv(folder, "t,ecg\n0,0.1\n\n2,0.2\n")


def case_csv_few_columns(folder: Path) -> list[object]:
    return csv(folder, "t,ecg\n0,0.1\n1,0.2\n2\n")


def case_csv_unknown_lead(folder: Path) -> list[object]:
    return csv(folder, "t,ecg\n0,0.1\n", "--fs", 360, "--lead", "V9")


def case_csv_empty(folder: Path) -> list[object]:
    return csv(folder, "\n\n")


def case_csv_header_only(folder: Path) -> list[object]:
    return csv(folder, "t,ecg\n")


def case_csv_binary(folder: Path) -> list[object]:
    (folder / "x.csv").write_bytes(b"\xff\xfe\x00\x01" * 20)
    return [folder / "x.csv", "--fs", 360]


def case_csv_no_rate(folder: Path) -> list[object]:
    return csv(folder, "0.1\n", "--unit", "mV")


def case_csv_rate(folder: Path) -> list[object]:
    return csv(folder, "0.1\n", "--fs", 50)


def case_csv_rate_nan(folder: Path) -> list[object]:
    return csv(folder, "0.1\n", "--fs", "nan")


def case_csv_unit(folder: Path) -> list[object]:
    return csv(folder, "0.1\n", "--fs", 360, "--unit", "bar")


def case_csv_adu_without_gain(folder: Path) -> list[object]:
    return csv(folder, "0.1\n", "--fs", 360, "--unit", "adu")


def case_csv_gain_zero(folder: Path) -> list[object]:
    return csv(folder, "0.1\n", "--fs", 360, "--unit", "adu", "--gain", 0)


def case_csv_gain_with_mv(folder: Path) -> list[object]:
    return csv(folder, "0.1\n", "--fs", 360, "--gain", 200)


def case_csv_huge(folder: Path) -> list[object]:
    (folder / "x.csv").write_text("ecg\n" + "0.1\n1e300\n" * 500)
    return [folder / "x.csv", "--fs", 360]


def case_gain_tiny(folder: Path) -> list[object]:
    path = write_record(folder, "r", ramp(1000))
    header = path.with_suffix(".hea")
    header.write_text(re.sub(r" 200(\.0)?(\(\d+\))?/mV", " 1e-300/mV", header.read_text()))
    return [path]


def case_other_format(folder: Path) -> list[object]:
    (folder / "x.edf").write_bytes(b"0       ")
    return [folder / "x.edf", "--fs", 360]


def case_speed(folder: Path) -> list[object]:
    return [write_record(folder, "r", ramp(1000)), "--speed", "fast"]


CASES = [
    (case_missing_dat, r"r\.dat: the record's signal file is missing"),
    (case_truncated_dat, r"r\.dat: truncated: 1500 bytes.*need 2000"),
    (case_no_record, r"nosuch\.hea: no such record"),
    (case_no_such_name, r"nosuchrecord: no such record here or in data/"),
    (case_header_without_signal, r"r\.hea: the header describes no signal"),
    (case_header_that_is_none, r"r\.hea: not a WFDB header"),
    (case_no_gain, r"gain of -5"),
    (case_not_volts, r"'mmHg', not in volts"),
    (case_unknown_lead, r"no lead 'aVF'; there are: 0 = MLII, 1 = V5"),
    (case_lead_number, r"no lead '2'; there are: 0 = MLII, 1 = V5"),
    (case_rate_too_low, r"sampling rate 99 Hz"),
    (case_rate_too_high, r"sampling rate 2001 Hz"),
    (case_from_behind_end, r"--from 10 is behind the end"),
    (case_to_before_from, r"--to 1 is not behind --from 2"),
    (case_time_that_is_none, r"--from soon: a time is"),
    (case_annotations_behind_end, r"r\.atr: does not fit the record of 1000 samples"),
    (case_annotations_more_than_a_second_behind_end, r"r\.atr: does not fit .* \(an annotation is at 1361\)"),
    (case_annotations_that_are_none, r"r\.atr: "),
    (case_no_annotations, r"r\.qrs: no such annotation file"),
    (case_options_of_csv, r"--fs, --gain and --unit are for CSV"),
    (case_csv_missing, r"no\.csv: no such file"),
    (case_csv_text, r"x\.csv: line 4: 'oops' is not a number"),
    (case_csv_infinite, r"x\.csv: line 2: 'inf' is not a sample"),
    (case_csv_empty_line, r"x\.csv: line 7 is empty: a sample is missing"),
    (case_csv_empty_line_of_two_columns, r"x\.csv: line 3 is empty: a sample is missing"),
    (case_csv_few_columns, r"x\.csv: line 4 has 1 column, 'ecg' is column 2"),
    (case_csv_unknown_lead, r"no lead 'V9'; there are: 0 = t, 1 = ecg"),
    (case_csv_empty, r"x\.csv: the file is empty"),
    (case_csv_header_only, r"x\.csv: the file has a header but no samples"),
    (case_csv_binary, r"x\.csv: cannot be read as text"),
    (case_csv_no_rate, r"x\.csv: a CSV file needs --fs"),
    (case_csv_rate, r"x\.csv: sampling rate 50 Hz"),
    (case_csv_rate_nan, r"x\.csv: sampling rate nan Hz"),
    (case_csv_unit, r"--unit bar: known units are"),
    (case_csv_adu_without_gain, r"--unit adu needs --gain"),
    (case_csv_gain_zero, r"--gain 0: it must be above 0"),
    (case_csv_gain_with_mv, r"--gain goes with --unit adu"),
    (case_csv_huge, r"x\.csv: lead ecg reaches 1e\+300 mV: its gain or unit is wrong"),
    (case_gain_tiny, r"r: lead MLII reaches .*e\+30\d mV: its gain or unit is wrong"),
    (case_other_format, r"x\.edf: neither a WFDB record \(x\.edf\.hea is missing\) nor a table"),
    (case_speed, r"--speed fast: max, real"),
]


@pytest.mark.parametrize(("case", "message"), CASES, ids=[c.__name__[5:] for c, _ in CASES])
def test_bad_input(
    bitbeat: Bitbeat, tmp_path: Path, case: Callable[[Path], list[object]], message: str
) -> None:
    arguments = case(tmp_path)
    outcome = bitbeat("replay", *arguments, "--port", "socket://127.0.0.1:1", "--out", tmp_path / "out")
    assert outcome.code == 2
    assert_line(outcome.error, message)
    assert not (tmp_path / "out").exists()


def test_empty_lines_around_the_samples_are_none(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("\n# made by hand\n\necg\n\n0.1\n# a remark\n0.2\n\n \n# the end\n\n")
    raw = read_csv(tmp_path / "x.csv", None, 360)
    assert (raw.name, raw.index, raw.values.tolist()) == ("ecg", 0, [0.1, 0.2])


def test_annotations_up_to_a_second_behind_the_end_are_left_out(tmp_path: Path) -> None:
    """As ``bitbeat score`` tolerates them; one of svdb's records has such a beat."""
    path = write_record(tmp_path, "r", ramp(1000))
    samples = np.array([10, 999, 1000, 1360])
    wfdb.wrann("r", "atr", samples, symbol=["N", "V", "N", "A"], write_dir=str(tmp_path))
    reference = read_record(path).reference
    assert reference is not None
    assert reference.samples.tolist() == [10, 999]
    assert reference.labels.tolist() == ["N", "V"]


def assert_line(error: str, message: str) -> None:
    assert "\n" not in error
    assert re.search(message, error), error


def test_one_way_to_the_device(bitbeat: Bitbeat, tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", ramp(1000))
    outcome = bitbeat("replay", path, "--emulator", "--port", "loop://")
    assert outcome.code == 2
    assert_line(outcome.error, "give --port or --emulator, not both")
    alone = bitbeat("replay", path, "--out", tmp_path / "out")
    assert (alone.code, alone.error) == (0, "")
    assert "no --port: through the emulated device" in alone.output


def test_port_that_does_not_exist(bitbeat: Bitbeat, tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", ramp(1000))
    outcome = bitbeat("replay", path, "--port", "/dev/ttyNOSUCH7", "--out", tmp_path / "out")
    assert outcome.code == 3
    assert_line(outcome.error, r"/dev/ttyNOSUCH7: the port cannot be opened \(No such file or directory\)")
    assert not (tmp_path / "out").exists()


def test_what_is_no_serial_port_is_called_so(bitbeat: Bitbeat, tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", ramp(1000))
    for port in ("/dev/null", str(path.with_suffix(".hea"))):
        outcome = bitbeat("replay", path, "--port", port, "--out", tmp_path / "out")
        assert outcome.code == 3
        assert_line(outcome.error, r"the port cannot be opened \(it is no serial port\)")


def test_silent_port(bitbeat: Bitbeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_record(tmp_path, "r", ramp(1000))
    monkeypatch.setitem(device_module.Device.__init__.__kwdefaults__, "hello_timeout_s", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        outcome = bitbeat("replay", path, "--port", url, "--out", tmp_path / "out")
    assert outcome.code == 3
    assert_line(outcome.error, r"no answer within 0\.4 s \(nothing came\)")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("identity", "message"), [(Identity(1, None), "specification"), (Identity(None, 1), "model")]
)
def test_wrong_hash(
    bitbeat: Bitbeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: Identity, message: str
) -> None:
    path = write_record(tmp_path, "r", ramp(1000))
    monkeypatch.setattr(device_module, "expected_identity", lambda: identity)
    outcome = bitbeat("replay", path, "--emulator", "--out", tmp_path / "out")
    assert outcome.code == 3
    assert_line(outcome.error, f"the device has {message} .*, this host 00000001: .* is old")
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_written(bitbeat: Bitbeat, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    outcome = bitbeat(
        "replay", write_record(tmp_path, "r", ramp(1000)), "--emulator", "--out", tmp_path / "out"
    )
    assert outcome.code == 2
    assert_line(outcome.error, "out: cannot be written to")


def test_no_c_compiler(bitbeat: Bitbeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "nosuchcc")
    outcome = bitbeat("replay", write_record(tmp_path, "r", ramp(1000)), "--emulator")
    assert outcome.code == 2
    assert_line(outcome.error, "the C compiler named by CC .nosuchcc. was not found: install one")
