"""Live mode end to end, through the emulator: its simulated ADC, the ring, the chain, the link, the host.

Oracles: the C core run directly on the same samples (itself equal to the reference, see tests/chain), and a
replay of the same record.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import numpy.typing as npt
import pytest

from host_tools.emulator import Emulator
from host_tools.errors import DeviceError
from host_tools.link import messages as m
from host_tools.link.device import Device
from host_tools.link.frames import FrameReader, encode_frame
from host_tools.link.live import LiveSession
from host_tools.native import run_core
from host_tools.reference.params import FS_HZ
from host_tools.simulator import Step, simulate

MISSING = -32768


class Collected:
    """Everything that came from a live session."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self.samples: dict[int, int] = {}
        self.beats: list[npt.NDArray[np.void]] = []
        self.statuses: list[m.LiveStatus] = []

    def take(self, update) -> None:  # type: ignore[no-untyped-def]
        for first, step, values in update.blocks:
            for i, value in enumerate(values.tolist()):
                assert first + i * step not in self.samples
                self.samples[first + i * step] = value
        self.beats += update.beats
        self.statuses += [update.status] if update.status else []

    def until(self, taken: int, timeout_s: float = 20) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not self.statuses or self.statuses[-1].taken < taken:
            assert time.monotonic() < deadline_s, self.statuses[-1:]
            self.take(self.session.poll(0.1))

    def end(self) -> None:
        self.take(self.session.end())

    def all_beats(self) -> npt.NDArray[np.void]:
        return np.concatenate(self.beats)


@pytest.fixture(scope="module")
def ecg() -> npt.NDArray[np.int16]:
    """A minute of the project's simulator, with ventricular beats, and electrodes off for two seconds."""
    script = (
        Step("sinus", 8),
        Step("bigeminy", count=4),
        Step("sinus", 30),
        Step("couplet"),
        Step("run", count=4),
    )
    samples = simulate(script, 60, seed=5).samples.astype(np.int16)
    samples[20 * FS_HZ : 22 * FS_HZ] = MISSING
    return samples


def test_live_beats_are_those_of_a_replay(ecg: npt.NDArray[np.int16]) -> None:
    with Emulator(live=ecg, speed=0) as emulator, Device(emulator.url) as device:
        live = Collected(LiveSession(device))
        live.until(len(ecg) // FS_HZ * FS_HZ)
        live.end()
        replayed = device.replay(ecg).beats  # the same device, now told to replay
    assert len(replayed) > 50
    assert np.array_equal(live.all_beats(), replayed)
    assert np.array_equal(live.all_beats(), run_core(ecg).beats)
    assert [live.samples[i] for i in range(len(ecg))] == ecg.tolist()
    assert live.statuses[-1].lost == 0


def test_after_the_record_the_electrodes_are_off(ecg: npt.NDArray[np.int16]) -> None:
    """On the clock, 50 times real time; every sample that was lost is one that the chain did not see."""
    part = ecg[: 10 * FS_HZ]
    with Emulator(live=part, speed=50) as emulator, Device(emulator.url) as device:
        live = Collected(LiveSession(device))
        live.until(12 * FS_HZ)
        live.end()
    n = live.statuses[-1].taken
    seen = np.array([live.samples[i] for i in range(n)], np.int16)
    assert n >= 12 * FS_HZ
    assert (seen[len(part) :] == MISSING).all()
    assert live.statuses[-1].flags & m.LIVE_LEAD_OFF
    lost = (seen[: len(part)] == MISSING) & (part != MISSING)
    assert int(lost.sum()) <= live.statuses[-1].lost
    assert np.array_equal(seen[: len(part)][~lost], part[~lost])
    assert np.array_equal(live.all_beats(), run_core(seen).beats)


def test_real_time_is_kept(ecg: npt.NDArray[np.int16]) -> None:
    with Emulator(live=ecg) as emulator, Device(emulator.url) as device:
        live = Collected(LiveSession(device, step=3))
        begun_s = time.monotonic()
        live.until(3 * FS_HZ)
        elapsed_s = time.monotonic() - begun_s
        live.end()
    assert 2.5 < elapsed_s < 6
    assert sorted(live.samples) == list(range(0, 3 * len(live.samples), 3))
    assert [live.samples[i] for i in sorted(live.samples)] == ecg[: 3 * len(live.samples) : 3].tolist()


def test_a_held_up_device_counts_what_it_lost(ecg: npt.NDArray[np.int16]) -> None:
    """The process is stopped for half a second, its clock goes on: as a main loop that is held up."""
    with Emulator(live=ecg, speed=4, loop=True) as emulator, Device(emulator.url) as device:
        live = Collected(LiveSession(device))
        live.until(6 * FS_HZ)
        os.kill(emulator.pid, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(emulator.pid, signal.SIGCONT)
        live.until(14 * FS_HZ)
        live.end()
    status = live.statuses[-1]
    assert status.lost >= 2 * FS_HZ - status.ring_size - 20
    assert status.ring_max == status.ring_size
    seen = np.array([live.samples[i] for i in range(status.taken)], np.int16)
    missing = seen == MISSING
    assert int(missing.sum()) == status.lost  # in their places: all others are where they belong
    assert np.array_equal(seen[~missing], ecg[: len(seen)][~missing])
    assert np.array_equal(live.all_beats(), run_core(seen).beats)


def test_a_host_that_stalls_causes_counted_overruns(ecg: npt.NDArray[np.int16]) -> None:
    """Nobody reads: the port fills up, the main loop waits, the timer goes on; nothing is silent."""
    with Emulator(live=ecg, speed=400, loop=True) as emulator:
        host, port = emulator.url.removeprefix("socket://").split(":")
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.connect((host, int(port)))
            raw.settimeout(5)
            raw.sendall(encode_frame(m.MSG_CONFIG, 9, 0, m.Config(m.OP_LIVE, 0, 1).pack()))
            time.sleep(3)
            reader, numbers, statuses = FrameReader(), [], []
            until_s = time.monotonic() + 20
            while time.monotonic() < until_s and not (statuses and statuses[-1].lost):
                for frame in reader.feed(raw.recv(1 << 16)):
                    if frame.type == m.MSG_LIVE:
                        statuses.append(m.LiveStatus.unpack(frame.payload))
                    elif frame.type == m.MSG_SAMPLES:
                        numbers.append(m.unpack_samples(frame.payload)[0])  # type: ignore[index]
    assert statuses[-1].lost > 0
    assert reader.bad_frames == reader.lost_frames == 0
    assert numbers == sorted(numbers)


def test_unconfirmed_beats_make_room_and_are_counted(ecg: npt.NDArray[np.int16]) -> None:
    """A host that never confirms: the device keeps the newest beats and says which are gone."""
    with Emulator(live=ecg, speed=0) as emulator, Device(emulator.url) as device:
        session = LiveSession(device, step=0)
        statuses: list[m.LiveStatus] = []
        session._acknowledge = lambda flags: None  # type: ignore[method-assign]
        beats = 0
        while not statuses or statuses[-1].taken < len(ecg) // FS_HZ * FS_HZ:
            update = session.poll(0.2)
            beats += len(update.beats)
            statuses += [update.status] if update.status else []
    assert statuses[-1].events_first == statuses[-1].events_lost > 0
    assert beats - statuses[-1].events_first <= 40  # what the device's memory holds


def test_a_device_without_adc_says_so() -> None:
    with (
        Emulator() as emulator,
        Device(emulator.url) as device,
        pytest.raises(DeviceError, match="has no ADC"),
    ):
        LiveSession(device)


def test_the_device_itself_refuses_without_adc() -> None:
    with Emulator() as emulator, Device(emulator.url) as device:
        device.hello = device.hello._replace(features=m.FEATURE_LIVE)  # as if it had said so
        with pytest.raises(DeviceError, match="this build cannot do that"):
            LiveSession(device)


def test_a_reset_is_noticed(ecg: npt.NDArray[np.int16]) -> None:
    with Emulator(live=ecg) as emulator, Device(emulator.url) as device:
        session = LiveSession(device)
        session._send(m.MSG_CONFIG, m.Config(m.OP_RESET).pack())

        def until_noticed() -> None:
            for _ in range(50):
                session.poll(0.1)

        with pytest.raises(DeviceError, match="was reset"):
            until_noticed()


def test_a_client_that_leaves_in_the_middle_at_full_speed_makes_room_for_the_next(
    ecg: npt.NDArray[np.int16],
) -> None:
    """The acquisition goes on without a pause, for nobody; who comes next is let in, and replays."""
    expected = run_core(ecg).beats
    with Emulator(live=ecg, speed=0, loop=True, keep=True) as emulator:
        for _ in range(3):
            with Device(emulator.url) as device:
                live = Collected(LiveSession(device))
                live.until(FS_HZ)
        with Device(emulator.url) as device:
            assert device.replay(ecg).beats.tobytes() == expected.tobytes()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("speed", [0, 1])
def test_no_emulator_outlives_the_program_that_started_it(how: signal.Signals, speed: int) -> None:
    """However it ends: also before it has a client, and while the acquisition leaves no time to wait."""
    program = (
        "import time\nimport numpy as np\nfrom host_tools.emulator import Emulator\n"
        f"e = Emulator(live=np.zeros(720, np.int16), speed={speed}, loop=True, keep=True)\n"
        "print(e.pid, e.url, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, url = parent.stdout.readline().split()
        if speed == 0:
            with Device(url) as device:
                LiveSession(device)
        parent.send_signal(how)
    for _ in range(200):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(int(pid), signal.SIGKILL)
    pytest.fail("the emulator runs on")
