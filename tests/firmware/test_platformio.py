"""PlatformIO on emulated boards, as a user calls it. Oracles: the reference's beats; the errors that the
manual promises (one line, exit code 2, the command that mends it)."""

from __future__ import annotations

import configparser
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest

from host_tools import boards, pio
from host_tools.boards import FIRMWARE, ROOT
from host_tools.errors import UserError
from host_tools.link import messages as m
from host_tools.link.device import Device
from host_tools.link.frames import encode_frame
from host_tools.reference.run import RecordResult

needs_toolchain = pytest.mark.needs_toolchain


def bitbeat(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line; the environment variables given replace those of this process."""
    return subprocess.run(
        [sys.executable, "-m", "host_tools.cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@needs_toolchain
def test_flash_replay_flash_again_stop(own_boards: Path, signal: np.ndarray, expected: RecordResult) -> None:
    first = bitbeat("flash", "qemu_m0")
    assert first.returncode == 0, first.stderr
    url = first.stdout.split()[-1]
    assert url.startswith("socket://127.0.0.1:")
    with Device(url) as device:
        np.testing.assert_array_equal(device.stream(signal), expected.beats)
    second = bitbeat("flash", "qemu_m0")
    assert second.returncode == 0, second.stderr
    assert len(boards.running_boards()) == 1, "the one before was ended"
    with Device(second.stdout.split()[-1]) as device:
        np.testing.assert_array_equal(device.stream(signal), expected.beats)
    assert bitbeat("stop").stdout == "stopped: qemu_m0\n"
    assert boards.running_boards() == []
    assert bitbeat("stop").stdout == "no emulated board runs\n"


@needs_toolchain
def test_pio_by_hand_uploads_and_monitors(own_boards: Path) -> None:
    pio.prepare_core()
    # Nothing but the state folder comes from here: what platformio.ini says must be enough.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PLATFORMIO_")}
    environment["HOME"] = str(own_boards / "home")
    with pio._one_at_a_time():
        done = subprocess.run(
            pio.pio_command("run", "-e", "qemu_rv32", "-t", "upload"),
            cwd=FIRMWARE, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "its serial port: socket://127.0.0.1:" in done.stdout
    [board] = boards.running_boards()
    assert (own_boards / "qemu_rv32.ini").read_text() == f"[env:qemu_rv32]\nmonitor_port = {board.url}\n"
    said = _monitor(environment, board.url, _typed_hello(), b"61 6F 74")
    assert board.url.encode() in said
    assert b"61 6F 74" in said, "the engine's name, aot, in the hello that was asked for by typing"
    assert not (own_boards / "home" / ".platformio").exists(), "PlatformIO keeps everything in build/"


def _typed_hello() -> bytes:
    """The command that asks for a hello, as a frame of characters that a terminal lets through."""
    plain = set(range(0x20, 0x7F)) | {0, 1, 2, 3, 4, 5, 6}
    for session in range(1, 256):
        for seq in range(1, 256):
            frame = encode_frame(m.MSG_CONFIG, session, seq, m.Config(m.OP_HELLO).pack())
            if set(frame) <= plain:
                return b"\0" + frame
    raise AssertionError("there is such a frame")


def _monitor(environment: dict[str, str], url: str, typed: bytes, wanted: bytes) -> bytes:
    """Run PlatformIO's monitor on a terminal, type, and return what it showed."""
    keyboard, terminal = pty.openpty()
    command = pio.pio_command("device", "monitor", "-e", "qemu_rv32", "-p", url, "--exit-char", "29")
    with subprocess.Popen(
        command, cwd=FIRMWARE, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        said = _read_until(keyboard, b"Quit:")
        while termios.tcgetattr(keyboard)[3] & termios.ICANON and process.poll() is None:
            time.sleep(0.05)  # until the monitor takes characters as they are
        os.write(keyboard, typed)
        said += _read_until(keyboard, wanted)
        process.terminate()
    os.close(keyboard)
    return said


def _read_until(fd: int, wanted: bytes, timeout_s: float = 20) -> bytes:
    said = b""
    deadline_s = time.monotonic() + timeout_s
    while wanted not in said and time.monotonic() < deadline_s:
        ready, _, _ = select.select([fd], [], [], 0.2)
        said += os.read(fd, 4096) if ready else b""
    return said


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with a shell and little else: no compiler, no emulator."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "uname"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return str(folder)


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Check that the command failed as the manual says; return its line."""
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines), done.stdout) == (code, 1, ""), done.stderr
    return lines[0]


@pytest.mark.parametrize(
    ("board", "program", "package"),
    [
        ("qemu_m4", "arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"),
        ("qemu_rv32", "riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf qemu-system-misc"),
        ("qemu_lx106", "xtensa-lx106-elf-gcc", "gcc-xtensa-lx106 qemu-system-misc"),
    ],
)
def test_missing_compiler_is_one_line(bare_path: str, board: str, program: str, package: str) -> None:
    line = one_line(bitbeat("firmware", board, PATH=bare_path), 2)
    assert program in line
    assert f"sudo apt install --no-install-recommends {package}" in line
    assert "make toolchains" in line


def test_missing_emulator_is_one_line(bare_path: str, own_boards: Path) -> None:
    compiler = Path(bare_path) / "arm-none-eabi-gcc"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    line = one_line(bitbeat("flash", "qemu_m4", PATH=bare_path), 2)
    assert "qemu-system-arm" in line
    assert "make toolchains" in line
    assert boards.running_boards() == []


def test_toolchains_without_apt_is_one_line(bare_path: str) -> None:
    line = one_line(bitbeat("toolchains", PATH=bare_path), 2)
    assert "Debian and Ubuntu" in line
    assert "qemu-system-xtensa" in line


@pytest.mark.parametrize("command", ["firmware", "flash", "serial"])
def test_unknown_board_is_one_line(command: str) -> None:
    line = one_line(bitbeat(command, "qemu_m99"), 2)
    assert "qemu_m99: no such board" in line
    assert "qemu_m4" in line
    assert "pico" in line


@needs_toolchain
def test_missing_emulator_of_isa_and_hil_is_one_line(bare_path: str) -> None:
    for command in (["isa", "--board", "qemu_m4"], ["hil"]):
        assert "qemu-system-arm" in one_line(bitbeat(*command, PATH=bare_path), 2)


#: What PlatformIO 6.2 said on a machine without a way to its registry, and with a broken source file.
NO_REGISTRY = """Processing pico (platform: raspberrypi@1.15.0; board: pico; framework: arduino)
Platform Manager: Installing raspberrypi @ 1.15.0
HTTPClientError:
"""
NOT_CONNECTED = """InternetConnectionError: You are not connected to the Internet.
PlatformIO needs the Internet connection to download dependent packages.
"""
UNKNOWN_PACKAGE = """Error: UnknownPackageError: Could not find the package 'raspberrypi @ 9.9.9'
"""
BROKEN_SOURCE = """Compiling build/qemu_m4/src/app.o
src/app.c:12:5: error: unknown type name 'uint'
*** [build/qemu_m4/src/app.o] Error 1
"""


#: What linkers and uploaders said, shortened: the line that counts is among many others.
UNDEFINED = """Linking build/qemu_m4/firmware.elf
/usr/lib/gcc/arm-none-eabi/12.2.1/../../../arm-none-eabi/bin/ld: build/qemu_m4/src/main.o: in function `main':
main.c:(.text.startup+0x6): undefined reference to `no_such_thing'
collect2: error: ld returned 1 exit status
*** [build/qemu_m4/firmware.elf] Error 1
========================== [FAILED] Took 0.36 seconds ==========================
"""
TOO_LARGE = """Linking build/qemu_m0/firmware.elf
/usr/lib/gcc/arm-none-eabi/12.2.1/../../../arm-none-eabi/bin/ld: region `FLASH' overflowed by 4660 bytes
collect2: error: ld returned 1 exit status
*** [build/qemu_m0/firmware.elf] Error 1
"""
NO_BOARD = """Serial port /dev/ttyUSB7
A fatal error occurred: Could not open /dev/ttyUSB7, the port doesn't exist
*** [upload] Error 2
========================= [FAILED] Took 2.10 seconds =========================
"""
SILENT = """Processing qemu_m4 (board: qemu_m4)
it ended here
==================== 1 failed, 0 succeeded in 00:00:00.361 ====================
"""


@pytest.mark.parametrize(
    ("output", "board", "text"),
    [
        (NO_REGISTRY, "pico", "PlatformIO's registry, which cannot be reached: connect to the internet"),
        (NOT_CONNECTED, "pico", "connect to the internet and try again, or take an emulated board (qemu_m0"),
        (UNKNOWN_PACKAGE, "pico", "Could not find the package 'raspberrypi @ 9.9.9'"),
        (BROKEN_SOURCE, "qemu_m4", "src/app.c:12:5: error: unknown type name 'uint'"),
        (UNDEFINED, "qemu_m4", "does not build: main.c:(.text.startup+0x6): undefined reference to"),
        (TOO_LARGE, "qemu_m0", "does not build: region `FLASH' overflowed by 4660 bytes"),
        (NO_BOARD, "esp32dev", "could not be flashed: A fatal error occurred: Could not open /dev/ttyUSB7"),
        (SILENT, "qemu_m4", "does not build: it ended here"),
        ("", "qemu_m4", "PlatformIO gave no message"),
    ],
)
def test_what_platformio_says_becomes_one_line(
    output: str, board: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess([], 1, stdout=output)
    monkeypatch.setattr(pio, "run_pio", lambda *_: done)
    monkeypatch.setattr(pio, "check_tool", lambda *_: None)
    monkeypatch.setattr(pio, "_check_registry", lambda _: None)
    monkeypatch.setattr(pio, "PIO_DIR", tmp_path)
    with pytest.raises(UserError) as raised:
        pio.build_firmware(board)
    said = str(raised.value)
    assert text in said
    assert "\n" not in said
    log = tmp_path / "logs" / f"{board}.log"
    assert log.read_text() == output
    assert said.endswith(f"(all of it: {log})")


def test_registry_out_of_reach_is_said_before_anything_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pio, "CORE_DIR", tmp_path)
    for other in ("host", "espressif8266"):  # neither is the ESP32's
        (tmp_path / "platforms" / other).mkdir(parents=True)
        (tmp_path / "platforms" / f"{other}.pio-link").touch()
    monkeypatch.setattr(pio, "_registry_answers", lambda: False)
    monkeypatch.setattr(pio, "run_pio", lambda *_: pytest.fail("PlatformIO goes on trying for a minute"))
    with pytest.raises(UserError, match="esp32dev: its compiler and framework come from"):
        pio.build_firmware("esp32dev")
    assert "from PlatformIO's registry, once" in capsys.readouterr().err
    # What was fetched once needs no registry.
    (tmp_path / "platforms" / "espressif32").mkdir()
    (tmp_path / "platforms" / "espressif32" / "platform.json").touch()
    monkeypatch.setattr(pio, "run_pio", lambda *_: subprocess.CompletedProcess([], 0, stdout=""))
    assert pio.build_firmware("esp32dev").board == "esp32dev"


def test_a_folder_that_platformio_cannot_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pio, "ROOT", Path("/home/me/it's (here)"))
    with pytest.raises(UserError, match=r"it's \(here\): PlatformIO cannot build .* has ' \( \): move"):
        pio.check_board("host")


def test_downloads_are_told_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("Platform Manager: Installing espressif32 @ 6.13.0", "Downloading  [####]  100%"):
        pio._tell_downloads(line)
    for line in ("Compiling main.o", "Platform Manager: Installing symlink://platforms/host"):
        pio._tell_downloads(line)
    assert capsys.readouterr().err.splitlines() == [
        "bitbeat: Platform Manager: Installing espressif32 @ 6.13.0",
        "bitbeat: Downloading  [####]  100%",
    ]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as a fresh clone has them, nothing built; the folder's name has a space and a comma."""
    folder = tmp_path_factory.mktemp("clone") / "my clone, new"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
         "firmware", "host_tools", "Makefile", "pyproject.toml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in listed.rstrip("\0").split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize(
    ("board", "image"),
    [("host", "firmware"), pytest.param("qemu_m4", "firmware.elf", marks=needs_toolchain)],
)
def test_firmware_of_a_fresh_clone_whose_path_has_a_space(clone: Path, board: str, image: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "host_tools.cli.main", "firmware", board],
        cwd=clone, env={**os.environ, "PYTHONPATH": str(clone)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().endswith(f"build/platformio/build/{board}/{image}")
    assert (clone / "build" / "platformio" / "build" / board / image).is_file()


@pytest.mark.parametrize(
    ("target", "variable", "value", "wanted"),
    [
        ("demo", "RECORD", "/my records/100", ["demo", "/my records/100"]),
        ("demo", "RECORD", "", ["demo"]),
        ("replay", "RECORD", "it's/100", ["replay", "it's/100", "--emulator", "--plot"]),
        ("data", "FROM", "my archives", ["data", "--from", "my archives"]),
        ("errors", "RECORDS", "my records", ["errors", "--records", "my records"]),
        ("firmware", "BOARD", "host", ["firmware", "host"]),
        ("flash", "PORT", "/dev/my port", ["flash", "qemu_m4", "--port", "/dev/my port"]),
        ("monitor", "PORT", "", ["serial", "qemu_m4"]),
    ],
)
def test_make_hands_each_value_on_as_one_word(
    clone: Path, target: str, variable: str, value: str, wanted: list[str]
) -> None:
    tool = clone / ".venv" / "bin" / "bitbeat"
    tool.parent.mkdir(parents=True, exist_ok=True)
    tool.write_text('#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\n')
    tool.chmod(0o755)
    (tool.parent / "python").touch()
    for stamp in ("base", "all", "parity", "firmware"):
        (clone / ".venv" / f".ready-{stamp}").touch()
    command = ["make", "--no-print-directory", target, f"{variable}={value}"]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-len(wanted) :] == wanted  # `make errors` runs `bitbeat data` before


def test_platformio_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platformio", None)
    with pytest.raises(UserError, match="PlatformIO is not installed"):
        pio.prepare_core()


def test_every_real_board_takes_a_pinned_platform() -> None:
    text = configparser.ConfigParser(interpolation=None)
    text.read(FIRMWARE / "platformio.ini")
    real = [n for n in pio.environments() if n not in boards.board_names() and not n.endswith("_tflm")]
    assert sorted(real) == sorted(
        (
            "esp32dev",
            "esp32-s3-devkitc-1",
            "esp32-c3-devkitm-1",
            "nucleo_f446re",
            "nucleo_l476rg",
            "nrf52840_dk",
            "pico",
            "bluepill_f103c8",
        )
    )
    for name in real:
        section = text[f"env:{name}"]
        assert section["board"] in (name, f"{name}_adafruit")
        while "platform" not in section:
            section = text[section["extends"]]
        assert re.fullmatch(r"[a-z0-9]+@\d+\.\d+\.\d+", section["platform"])
