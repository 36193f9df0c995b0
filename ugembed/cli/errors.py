"""One place that turns errors into a screen and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from rich.markup import escape

from ugembed.cli.output import stderr
from ugembed.errors import UgembedError

MAX_LINES = 30
TRACEBACK_VARIABLE = "UGEMBED_TRACEBACK"


def guarded(run: Callable[[], None]) -> None:
    """Run the command line; every error becomes at most one screen on stderr and an exit status other than 0."""
    try:
        run()
    except UgembedError as error:
        show(error)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        stderr.print("[yellow]interrupted[/]: nothing half-written was left behind")
        sys.exit(130)
    except OSError as error:
        _unexpected(error)
        what = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
        stderr.print(f"[bold red]error\\[os][/]: {escape(what)}")
        sys.exit(1)
    except Exception as error:
        _unexpected(error)
        stderr.print(f"[bold red]error\\[internal][/]: {escape(type(error).__name__)}: {escape(str(error)[:2000])}")
        stderr.print(f"hint: a fault of ugembed; run again with {TRACEBACK_VARIABLE}=1 and report what it prints")
        sys.exit(70)


def show(error: UgembedError) -> None:
    """Print ``error[code]: message`` and its hint."""
    lines = error.message.splitlines()
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"… and {len(lines) - MAX_LINES} more"]
    stderr.print(f"[bold red]error\\[{error.code}][/]: {escape(chr(10).join(lines))}", soft_wrap=True)
    if error.hint:
        stderr.print(f"[cyan]hint[/]: {escape(error.hint)}", soft_wrap=True)


def _unexpected(error: BaseException) -> None:
    if os.environ.get(TRACEBACK_VARIABLE) == "1":
        raise error
