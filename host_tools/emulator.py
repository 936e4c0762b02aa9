"""Starts and stops emulators: the firmware's own main loop as a process, its UART on TCP."""

from __future__ import annotations

import hashlib
import select
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.build import BUILD_DIR, build_emulator
from host_tools.errors import DeviceError, UserError

_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 5.0


def live_options(samples: npt.NDArray[np.int16], speed: float = 1.0, loop: bool = False) -> list[str]:
    """Write the simulated ADC's file and return the emulator's options for it.

    Parameters
    ----------
    samples : int16 [n]
        adu at the spec's rate, -32768 = lead off; named after their hash in ``build/emulator``.
    speed, loop
        See :class:`Emulator`.
    """
    content = np.ascontiguousarray(samples, np.int16).tobytes()
    path = BUILD_DIR / "emulator" / f"adc-{hashlib.sha256(content).hexdigest()[:16]}.i16"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".adc-", delete=False) as aside:
            aside.write(content)
        Path(aside.name).replace(path)
    return ["--adc", str(path), "--speed", f"{speed:g}", *(["--loop"] if loop else [])]


class Emulator:
    """A running emulator; a context manager that stops it. Any number may run at once.

    Parameters
    ----------
    program : Path, optional
        The compiled emulator; built first by default.
    port : int
        TCP port on 127.0.0.1; 0 = any free one.
    keep : bool
        Wait for another client after the first (the firmware's state stays); else end with the client.
    live : int16 [n], optional
        Give it an ADC with these samples, adu at the spec's rate, -32768 = lead off.
    speed : float
        Of the ADC, multiple of real time; 0 = as fast as the chain takes them, and nothing after the end.
    loop : bool
        Begin again after the last sample; by default the electrodes come off there.

    Raises
    ------
    UserError
        It cannot be built, or the port is taken.

    Examples
    --------
    >>> with Emulator() as emulator:  # doctest: +SKIP
    ...     device = Device(emulator.url)
    """

    def __init__(
        self,
        program: Path | None = None,
        *,
        port: int = 0,
        keep: bool = False,
        live: npt.NDArray[np.int16] | None = None,
        speed: float = 1.0,
        loop: bool = False,
    ) -> None:
        self.program = build_emulator() if program is None else program
        command = [str(self.program), "--port", str(port), "--keep" if keep else "--once", "--tied"]
        if live is not None:
            command += live_options(live, speed, loop)
        # Nothing is written to its input, which ends with this process, however that ends; it then ends, too.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for the command, which ends its emulator
        )
        try:
            self.url = self._read_url()
        except BaseException:
            self.stop()
            raise

    def _read_url(self) -> str:
        """Return the line that the emulator prints once it listens."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _START_TIMEOUT_S)
        line = self._process.stdout.readline().strip() if ready else ""
        if line.startswith("socket://"):
            return line
        if self._process.poll() is None and not ready:
            raise DeviceError(f"{self.program.name} did not start listening within {_START_TIMEOUT_S:g} s")
        _, message = self._process.communicate(timeout=_STOP_TIMEOUT_S)
        first = message.strip().splitlines()[0] if message.strip() else "it ended without a message"
        raise UserError(f"the emulator did not start: {first}")

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """True until the process has ended."""
        return self._process.poll() is None

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait until it ends by itself (its client has gone) and return its exit status.

        Raises
        ------
        subprocess.TimeoutExpired
            It did not end in time.
        """
        return self._process.wait(timeout_s)

    def stop(self) -> int:
        """End it, politely first; return its exit status. May be called twice."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        return int(self._process.returncode)

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        # A client that just left lets it end by itself, and a sanitizer's finding must not be cut short.
        deadline_s = time.monotonic() + 0.2
        while self.running and time.monotonic() < deadline_s:
            time.sleep(0.01)
        self.stop()
