"""Progress bars for long work: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from host_tools.text import new_console, printable

T = TypeVar("T")

#: Seconds between two lines where there is no terminal.
_LOG_EVERY_S = 20.0


def track(items: Iterable[T], total: int, what: str, name: Callable[[T], str]) -> Iterator[T]:
    """Yield ``items`` while showing how many of ``total`` are done and the name of the last one."""
    if sys.stderr.isatty():
        columns = (
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[last]}", markup=False),
        )
        with Progress(*columns, console=new_console(stderr=True)) as progress:
            task = progress.add_task(what, total=total, last="")
            for item in items:
                progress.update(task, advance=1, last=printable(name(item)))
                yield item
        return
    said = time.monotonic()
    for done, item in enumerate(items, 1):
        if done == total or time.monotonic() - said > _LOG_EVERY_S:
            said = time.monotonic()
            print(f"{what}: {done} of {total} ({name(item)})", file=sys.stderr, flush=True)
        yield item


class TrainingBars:
    """Bars of trainings, one for the records and one for the networks of each task; in a log, lines."""

    def __init__(self) -> None:
        self.progress = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeElapsedColumn(),
            console=new_console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self.tasks: dict[str, TaskID] = {}
        self.records = 0
        self.what = "networks"
        self.began = time.monotonic()
        self.said = self.began

    def __enter__(self) -> TrainingBars:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def begin(self, what: str) -> None:
        """A new task has begun."""
        self.what = what

    def loading(self, record: str) -> None:
        """One record's inputs are there."""
        self.records += 1
        self._show("inputs", self.records, None, f"record {record}")

    def network(self, name: str, done: int, total: int) -> None:
        """One network is trained."""
        self._show(self.what, done, total, name)

    def _show(self, what: str, done: int, total: int | None, last: str) -> None:
        if not self.progress.disable:
            if what not in self.tasks:
                self.tasks[what] = self.progress.add_task(what, total=total, figures="")
            self.progress.update(self.tasks[what], total=total, completed=done, figures=last)
            return
        now = time.monotonic()
        if done == total or now - self.said > _LOG_EVERY_S:
            self.said = now
            of = f" of {total}" if total else ""
            print(f"{what}: {done}{of} ({last}), {now - self.began:.0f} s", file=sys.stderr, flush=True)
