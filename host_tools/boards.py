"""The emulated boards: what they are, and QEMU in their place, started, found again and stopped.

Only the standard library and this package's errors are imported here: PlatformIO's builder calls
:func:`start_board` from its own interpreter. What a board is stands in its PlatformIO board file.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from host_tools.errors import DeviceError, UserError

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
#: Where started boards are written down: ``NAME.json``, ``NAME.log`` and, for PlatformIO, ``NAME.ini``.
STATE_DIR = Path(os.environ.get("BITBEAT_BOARDS_DIR", ROOT / "build" / "boards"))

#: The eight instruction sets that the firmware is proven on.
EMULATED = (
    "qemu_m0", "qemu_m3", "qemu_m4", "qemu_m7", "qemu_m33", "qemu_m55", "qemu_rv32", "qemu_lx106"
)  # fmt: skip
#: The board that is meant where none is named.
DEFAULT_BOARD = "qemu_m4"

_STARTING_S = 0.3
_ENDING_S = 3.0


@dataclass(frozen=True)
class Board:
    """An emulated board.

    Attributes
    ----------
    name, title : str
        PlatformIO's environment, and what it is.
    cpu : str
        Its core.
    compiler : str
        Its C compiler; "" for the machine's own.
    program : str
        The emulator; "" where the image itself is started.
    arguments : tuple of str
        What it is started with, besides image and port.
    port : int
        TCP port on 127.0.0.1 that it gets when that is free.
    apt : tuple of str
        Debian's packages that bring compiler and emulator.
    """

    name: str
    title: str
    cpu: str
    compiler: str
    program: str
    arguments: tuple[str, ...]
    port: int
    apt: tuple[str, ...]


@dataclass(frozen=True)
class RunningBoard:
    """A board that was started in the background."""

    board: str
    pid: int
    url: str
    image: str


def board_names() -> list[str]:
    """Return the names of all boards that run on this machine: the eight emulated ones and ``host``."""
    return [*EMULATED, "host"]


def load_board(name: str) -> Board:
    """Return the board of this name.

    Raises
    ------
    UserError
        There is none.
    """
    folder = FIRMWARE / "platforms" / ("host" if name == "host" else "qemu") / "boards"
    path = folder / f"{name}.json"
    if not path.is_file():
        raise UserError(f"{name}: no emulated board; there are {', '.join(board_names())}")
    text = json.loads(path.read_text())
    build, emulator = text["build"], text["emulator"]
    compiler = build["toolchain"] + "gcc" if build["toolchain"] else ""
    return Board(
        name=name,
        title=text["name"],
        cpu=build["cpu"],
        compiler=compiler,
        program=emulator["program"],
        arguments=tuple(emulator["arguments"]),
        port=emulator["port"],
        apt=tuple(text["apt"]),
    )


def check_tool(program: str, board: Board) -> None:
    """Raise :class:`UserError`, with the command that mends it, unless ``program`` is installed."""
    if program and shutil.which(program) is None:
        raise UserError(
            f"{board.name} needs {program}, which is not installed (Debian, Ubuntu: sudo apt install "
            f"--no-install-recommends {' '.join(board.apt)}; all boards: make toolchains)"
        )


def _listen(port: int) -> socket.socket:
    """Return a socket that listens on ``port`` of 127.0.0.1, or on a free one if that is taken."""
    for wanted in (port, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
            listener.listen(1)
        except OSError:
            listener.close()
            continue
        return listener
    raise DeviceError("no TCP port on 127.0.0.1 is free")


def _spawn(board: Board, image: Path, port: int, log: IO[bytes]) -> tuple[subprocess.Popen[bytes], str]:
    """Start a board, its UART on TCP; return the process and the URL of its port."""
    check_tool(board.program, board)
    if not image.is_file():
        raise UserError(f"{image}: no image there; `make firmware BOARD={board.name}` builds it")
    with _listen(port) as listener:
        number = int(listener.getsockname()[1])
        fd = listener.fileno()
        if board.program:
            # QEMU gets the socket that already listens: no port is lost between asking and using.
            command = [board.program, *board.arguments, "-display", "none", "-monitor", "none"]
            command += ["-chardev", f"socket,id=uart,fd={fd},server=on,wait=off,nodelay=on"]
            command += ["-serial", "chardev:uart", "-kernel", str(image)]
        else:
            command = [str(image), *board.arguments, "--port", str(number)]
            listener.close()
        process = subprocess.Popen(
            command,
            pass_fds=[fd] if board.program else [],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return process, f"socket://127.0.0.1:{number}"


class QemuBoard:
    """A board for the time of a ``with`` block, on a port of its own.

    Parameters
    ----------
    board : str or Board
        Its name, or what it is.
    image : Path
        What it runs.

    Raises
    ------
    UserError
        No such board, no image, or QEMU is not installed.
    DeviceError
        QEMU ended at once; the message is QEMU's.

    Examples
    --------
    >>> with QemuBoard("qemu_m4", image) as board:  # doctest: +SKIP
    ...     device = Device(board.url)
    """

    def __init__(self, board: str | Board, image: Path) -> None:
        STATE_DIR.mkdir(parents=True, exist_ok=True)
        board = load_board(board) if isinstance(board, str) else board
        log = STATE_DIR / f"{board.name}-{os.getpid()}-{time.monotonic_ns()}.log"
        with log.open("wb") as file:
            self._process, self.url = _spawn(board, image, 0, file)
        self._log = log

    def __enter__(self) -> QemuBoard:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def message(self) -> str:
        """Return what QEMU has said so far, in one line."""
        return " ".join(self._log.read_text(errors="replace").split())

    def stop(self) -> None:
        """End it; may be called twice."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.unlink(missing_ok=True)


def run_image(name: str, image: Path, timeout_s: float) -> int:
    """Run an image that ends by itself (a self-test) and return its exit status.

    Raises
    ------
    UserError
        No such board or image, or QEMU is not installed.
    DeviceError
        It did not end in time.
    """
    with QemuBoard(name, image) as board:
        try:
            return board._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise DeviceError(f"{name}: {image.name} did not end within {timeout_s:g} s") from None


def start_board(name: str, image: str | Path) -> RunningBoard:
    """Start a board in the background, in place of the one of this name that runs already.

    It goes on until :func:`stop_boards`. Its port stays the same from one start to the next if it can.

    Raises
    ------
    UserError
        No such board, no image, or its emulator is not installed.
    DeviceError
        The emulator ended at once; the message says why.
    """
    board = load_board(name)
    stop_boards([name])
    STATE_DIR.mkdir(parents=True, exist_ok=True)
    log = STATE_DIR / f"{name}.log"
    with log.open("wb") as file:
        process, url = _spawn(board, Path(image).resolve(), board.port, file)
    time.sleep(_STARTING_S)
    if process.poll() is not None:
        said = " ".join(log.read_text(errors="replace").split())
        raise DeviceError(f"{name} did not start: {said or 'its emulator ended without a message'}")
    running = RunningBoard(name, process.pid, url, str(Path(image).resolve()))
    _state_file(name).write_text(json.dumps(asdict(running), indent=1) + "\n")
    # PlatformIO reads this besides platformio.ini, so that `pio device monitor` finds the port.
    (STATE_DIR / f"{name}.ini").write_text(f"[env:{name}]\nmonitor_port = {url}\n")
    return running


def running_boards() -> list[RunningBoard]:
    """Return the boards that were started in the background and still run."""
    found = []
    for name in board_names():
        try:
            running = RunningBoard(**json.loads(_state_file(name).read_text()))
        except (OSError, ValueError, TypeError):
            continue
        if _is_alive(running):
            found.append(running)
    return found


def running_url(name: str) -> str | None:
    """Return the port of a board that was started in the background, None if it does not run."""
    return next((b.url for b in running_boards() if b.board == name), None)


def stop_boards(names: Iterable[str] | None = None) -> list[RunningBoard]:
    """End the boards that were started in the background, or those named; return which these were."""
    wanted = set(board_names() if names is None else names)
    stopped = [board for board in running_boards() if board.board in wanted]
    for board in stopped:
        _end(board)
    for name in wanted:
        for path in (_state_file(name), STATE_DIR / f"{name}.ini"):
            path.unlink(missing_ok=True)
    return stopped


def _state_file(name: str) -> Path:
    return STATE_DIR / f"{name}.json"


def _is_alive(board: RunningBoard) -> bool:
    """Whether the process still is this board: a number alone may have been given to another process."""
    command_line = Path(f"/proc/{board.pid}/cmdline")
    if command_line.parent.parent.joinpath("self").exists():
        try:
            return board.image.encode() in command_line.read_bytes().split(b"\0")
        except OSError:
            return False
    try:
        os.kill(board.pid, 0)
    except OSError:
        return False
    return True


def _end(board: RunningBoard) -> None:
    deadline_s = time.monotonic() + _ENDING_S
    sent = signal.SIGTERM
    while _is_alive(board):
        try:
            os.kill(board.pid, sent)
            os.waitpid(board.pid, os.WNOHANG)
        except ChildProcessError:
            pass  # started by another process: init collects it
        except ProcessLookupError:
            return
        time.sleep(0.05)
        if time.monotonic() > deadline_s:
            sent = signal.SIGKILL
