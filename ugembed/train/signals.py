"""Signals that ask a run to stop: the first is heard at the next good place, the second ends the program at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from ugembed.errors import UgembedError

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGUSR1") if hasattr(signal, name))
"""What a person, a system that shuts down, and a batch queue (`sbatch --signal=USR1@120`) send."""


class StoppedError(UgembedError):
    """A run was asked to stop and has saved where it stands; the exit status is 128 + the signal, as in a shell."""

    def __init__(self, number: int, run: Path, *, step: int, total: int) -> None:
        super().__init__(
            message=f"{signal.Signals(number).name}: stopped and saved after step {step} of {total}",
            code="stopped",
            hint=f"go on with --resume {run}",
        )
        self.exit_status = 128 + number


@dataclass
class Asked:
    """Which signal has asked the run to stop; 0 for none."""

    signal: int = 0


@contextmanager
def listening() -> Iterator[Asked]:
    """Note the first of `SIGNALS` instead of acting on it; from then on each does what it did before.

    A signal that is ignored stays so: a shell lets its background jobs ignore SIGINT. Handlers belong to the main
    thread: in any other, nothing is heard and the caller's handlers stay.
    """
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        asked.signal = number
        restore()

    for number in before:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        restore()
