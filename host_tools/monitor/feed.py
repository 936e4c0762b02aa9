"""What a device acquires, as one stream with one clock, over connections that may be lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.errors import DeviceError
from host_tools.link.device import Device
from host_tools.link.live import LiveLost, LiveSession, LiveUpdate
from host_tools.link.messages import LiveStatus
from host_tools.reference.params import DELAY_SAMPLES, FS_HZ

#: A block this far ahead of the one before it is no loss on the way but nonsense, seconds of signal.
LONGEST_GAP_S = 3600.0
#: Pause between two attempts to open the port again, and the wait for a hello in each.
_REOPEN_EVERY_S = 0.5
_HELLO_TIMEOUT_S = 3.0
#: A device that is lost so often without having sent a sample in between is given up.
_FRUITLESS_MOST = 5


class Timeline:
    """Brings the numbers of one session after another onto one time, and ends it where it was told to.

    Parameters
    ----------
    limit : int, optional
        Samples after which nothing is taken any more.

    Attributes
    ----------
    end : int
        Number behind the newest sample.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.end = 0
        self._base = 0

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self.limit is not None and self.end >= self.limit

    def begin_anew(self, gap_samples: int) -> None:
        """Let the next session's sample 0 come this far behind the newest one."""
        self._base = self.end + max(gap_samples, 0)

    def take(self, update: LiveUpdate) -> LiveUpdate:
        """Return the update on this time, without what was there before and what is beyond the limit.

        Raises
        ------
        DeviceError
            A block begins far ahead of the one before.
        """
        blocks = [block for block in map(self._block, update.blocks) if len(block[2])]
        return LiveUpdate(
            blocks=blocks,
            beats=self._moved(update.beats, "r_sample", DELAY_SAMPLES),
            conditions=self._moved(update.conditions, "sample", 0),
            status=self._status(update.status),
            beats_lost=update.beats_lost,
        )

    def _status(self, status: LiveStatus | None) -> LiveStatus | None:
        """Return the counters; what holds at a sample beyond the limit is not this session's."""
        if status is None:
            return None
        if self.limit is None or self._base + status.taken <= self.limit:
            return status
        return status._replace(flags=0, conditions=0)

    def _block(self, block: tuple[int, int, npt.NDArray[np.int16]]) -> tuple[int, int, npt.NDArray[np.int16]]:
        first, step, values = block
        first, step = first + self._base, max(step, 1)
        if first - self.end > LONGEST_GAP_S * FS_HZ:
            raise DeviceError(
                f"the device sent samples {(first - self.end) / FS_HZ:.0f} s ahead of the ones before: "
                "its acquisition cannot be followed"
            )
        again = -(-max(self.end - first, 0) // step)  # sent twice
        first, values = first + again * step, values[again:]
        if self.limit is not None:
            values = values[: max(-(-(self.limit - first) // step), 0)]
        if len(values):
            self.end = first + step * len(values)
        return first, step, values

    def _moved(self, rows: list[npt.NDArray[np.void]], name: str, late: int) -> list[npt.NDArray[np.void]]:
        """Events on this time; those at or behind the limit are left out, ``late`` is their own delay."""
        if self._base == 0 and self.limit is None:
            return rows
        out = []
        for row in rows:
            at = int(row[name][0]) + self._base
            if self.limit is None or at - late < self.limit:
                moved = row.copy()
                moved[name] = at & 0xFFFFFFFF
                out.append(moved)
        return out


class Feed:
    """A device's acquisition; a context manager that closes the port.

    Parameters
    ----------
    url : str
        Any pyserial URL.
    baud : int
        Bits per second of a real port.
    limit : int, optional
        End after so many samples.
    reconnect_s : float
        A lost device may stay away for so long; 0 = it ends the session at once.
    on_lost, on_back : callable, optional
        Told when the port is lost and when samples come again.
    open_device, clock, sleep : callable, optional
        For tests.

    Raises
    ------
    DeviceError, UserError
        As :class:`~host_tools.link.device.Device` and :class:`~host_tools.link.live.LiveSession`.
    """

    def __init__(
        self,
        url: str,
        *,
        baud: int = 115200,
        limit: int | None = None,
        reconnect_s: float = 0.0,
        on_lost: Callable[[], None] = lambda: None,
        on_back: Callable[[], None] = lambda: None,
        open_device: Callable[..., Any] = Device,
        open_session: Callable[..., Any] = LiveSession,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self.timeline = Timeline(limit)
        self.losses = 0
        self._baud = baud
        self._reconnect_s = reconnect_s
        self._on_lost, self._on_back = on_lost, on_back
        self._open_device, self._open_session = open_device, open_session
        self._clock, self._sleep = clock, sleep
        self._lost_at_s = self._try_at_s = self._heard_s = clock()
        self._fruitless = 0
        self._why: DeviceError | None = None
        self._device: Any = open_device(url, baud=baud)
        self.hello = self._device.hello
        try:
            self._session: Any = open_session(self._device, step=1)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        if self._device is not None:
            self._device.close()

    def poll(self, timeout_s: float) -> LiveUpdate:
        """Wait at most about ``timeout_s`` for news and return them; nothing while the port is lost.

        Raises
        ------
        DeviceError
            The device failed, or stayed away.
        """
        if self._session is None:
            self._reopen(timeout_s)
            return LiveUpdate()
        try:
            update = self.timeline.take(self._session.poll(timeout_s))
        except LiveLost as lost:
            self._lose(lost)
            return LiveUpdate()
        if update.blocks:
            self._heard_s, self._fruitless = self._clock(), 0
        return update

    def end(self) -> LiveUpdate:
        """End the acquisition; return what was still on its way."""
        if self._session is None:
            return LiveUpdate()
        return self.timeline.take(self._session.end())

    def _lose(self, lost: LiveLost) -> None:
        self._fruitless += 1
        if self._reconnect_s <= 0 or self._fruitless > _FRUITLESS_MOST:
            raise lost
        self.losses += 1
        self._why, self._session = lost, None
        self._device.close()
        self._device = None
        self._lost_at_s = self._clock()
        self._try_at_s = self._lost_at_s + _REOPEN_EVERY_S
        self._on_lost()

    def _reopen(self, timeout_s: float) -> None:
        now_s = self._clock()
        if now_s < self._try_at_s:
            self._sleep(min(timeout_s, self._try_at_s - now_s))
            return
        try:
            self._device = self._open_device(self.url, baud=self._baud, hello_timeout_s=_HELLO_TIMEOUT_S)
            self._session = self._open_session(self._device, step=1)
        except DeviceError as error:
            if self._device is not None:
                self._device.close()
            self._device = None
            if self._clock() - self._lost_at_s > self._reconnect_s:
                raise DeviceError(
                    f"{self._why}; it did not come back within {self._reconnect_s:g} s ({error})"
                ) from error
            self._try_at_s = self._clock() + _REOPEN_EVERY_S
            return
        # A new acquisition counts from 0; what it missed is as long as the clock says.
        self.timeline.begin_anew(round(min(self._clock() - self._heard_s, LONGEST_GAP_S / 2) * FS_HZ))
        self._on_back()


def run_monitor(
    feed: Feed,
    *,
    on_update: Callable[[LiveUpdate], None],
    stop: Callable[[], bool],
    interval_s: float = 0.1,
) -> None:
    """Poll until ``stop()`` is true or the feed is full, then end it; what came goes to ``on_update``."""
    while not stop() and not feed.timeline.full:
        on_update(feed.poll(interval_s))
    on_update(feed.end())
