"""Hostile devices at a TCP port, met by the commands as a user calls them: one line on stderr, exit code 3.

Oracle: the status and the text of an error; no traceback, nothing half written.
"""

from __future__ import annotations

import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.cli import main
from host_tools.link.identity import expected_identity
from tests.text.test_text import record

from .hostile import Hostile
from .test_hostile import LIES, LIVE_LIES

#: Those that are told at once: silence would take its 20 s here.
AT_ONCE = {
    name: lie
    for name, lie in LIES.items()
    if not any(word in lie[1] for word in ("nothing new", "opened again", "sent again"))
}
LIVE_AT_ONCE = {
    name: lie
    for name, lie in LIVE_LIES.items()
    if not any(word in lie[1] for word in ("gives no samples", "fell silent", "was lost", "was reset"))
}


class Port:
    """Serves one hostile device at a time on 127.0.0.1."""

    def __init__(self, device: Hostile) -> None:
        own = expected_identity()
        assert own.spec_hash is not None
        assert own.model_hash is not None
        device.hello = device.hello._replace(spec_hash=own.spec_hash, model_hash=own.model_hash)
        self._device = device
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client:
            while not self._ended.is_set():
                ready, _, _ = select.select([client], [], [], 0.005)
                try:
                    data = client.recv(65536) if ready else b""
                    if ready and not data:
                        return
                    self._device.write(data)
                    client.sendall(self._device.read(0.0))
                except OSError:
                    return

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._listener.close()


@pytest.fixture
def port() -> Iterator[Callable[[Hostile], str]]:
    opened: list[Port] = []

    def serve(device: Hostile) -> str:
        opened.append(Port(device))
        return opened[-1].url

    yield serve
    for one in opened:
        one.close()


@pytest.fixture
def bitbeat(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs the command line in this process: status, errors."""

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["bitbeat", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdout", sys.stdout)
        monkeypatch.setattr(sys, "stderr", sys.stderr)
        with pytest.raises(SystemExit) as ended:
            main.run()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize("lie", AT_ONCE)
def test_replay(
    lie: str, port: Callable[[Hostile], str], bitbeat: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    url = port(Hostile(AT_ONCE[lie][0]))
    code, err = bitbeat("replay", record(tmp_path, "r", "MLII"), "--port", url, "--out", tmp_path / "out")
    assert (code, err.count("\n")) == (3, 1)
    assert err.startswith(f"bitbeat: {url}: ")
    assert not [path for path in (tmp_path / "out").glob("*") if path.is_file()]


@pytest.mark.parametrize("lie", LIVE_AT_ONCE)
def test_monitor(lie: str, port: Callable[[Hostile], str], bitbeat: Callable[..., tuple[int, str]]) -> None:
    url = port(Hostile(LIVE_AT_ONCE[lie][0]))
    code, err = bitbeat("monitor", "--port", url)
    assert (code, err.count("\n")) == (3, 1)
    assert f"{url}: link error: " in err
