"""Progress bars for long work: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

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
            TextColumn("{task.fields[last]}"),
        )
        with Progress(*columns) as progress:
            task = progress.add_task(what, total=total, last="")
            for item in items:
                progress.update(task, advance=1, last=name(item))
                yield item
        return
    said = time.monotonic()
    for done, item in enumerate(items, 1):
        if done == total or time.monotonic() - said > _LOG_EVERY_S:
            said = time.monotonic()
            print(f"{what}: {done} of {total} ({name(item)})", file=sys.stderr, flush=True)
        yield item
