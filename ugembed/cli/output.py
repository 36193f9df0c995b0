"""What the command line prints: data to stdout, everything else to stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ugembed.progress import OnProgress

stderr = Console(stderr=True, highlight=False)
stdout = Console(highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout, for scripts."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())


def warn(what: str) -> None:
    """A yellow line on stderr."""
    stderr.print(f"warning: {what}", style="yellow", markup=False, soft_wrap=True)


def live_bars() -> Progress:
    """A live display on stderr; tasks carry a ``note`` that says what is happening."""
    return Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}"),
        console=stderr,
    )


@contextmanager
def progress(title: str) -> Iterator[OnProgress]:
    """A live bar on stderr while the block runs; plain lines at every tenth when stderr is not a terminal."""
    if not stderr.is_terminal:
        yield _plain(title)
        return
    with live_bars() as bars:
        task = bars.add_task(title, total=None, note="")

        def advance(done: int, total: int, note: str = "") -> None:
            bars.update(task, completed=done, total=total, note=note)

        yield advance


def _plain(title: str) -> OnProgress:
    last = -1

    def advance(done: int, total: int, note: str = "") -> None:
        nonlocal last
        tenth = 10 * done // total if total else 10
        if tenth != last:
            last = tenth
            stderr.print(f"{title}: {done}/{total} {note}".rstrip(), markup=False, soft_wrap=True)

    return advance
