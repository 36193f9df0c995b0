"""An action in a process of its own that dies, or is refused by the disk, at its n-th file operation.

Python's audit events tell of an operation before it happens; `os.fsync` has none and is wrapped. What the file system
would have kept if the power had gone at the same moment is worked out from what was synced (`lose_power`). Writes of
the safetensors library are not seen one by one: they fall between two operations that are.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from ugembed.errors import UgembedError

Fault = Literal["kill", "io"]
KILLED, REFUSED, UNEXPECTED = 9, 3, 70
"""Exit statuses of an attempt: died where it should, ended with an error in words, ended with any other exception."""
_PATHS = {"os.rename": 2, "os.remove": 1, "os.mkdir": 1, "os.rmdir": 1, "os.truncate": 1, "os.link": 2}
"""Audit event to the number of its leading arguments that are paths."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended.

    Attributes:
        status: Exit status; 0 for an action that came to its end.
        operations: File operations seen.
        synced: Inode to the bytes of it that a loss of power would leave.
        renamed: Renames, oldest first, whose folder was not synced since.
        trace: Of an unexpected exception.
    """

    status: int
    operations: int
    synced: dict[int, int]
    renamed: list[tuple[str, str]]
    trace: str


def attempt(
    action: Callable[[], object], folder: Path, *, at: int = 0, fault: Fault = "kill", kill_after: float | None = None
) -> Ending:
    """Do ``action`` in a forked process.

    Args:
        action: What to do.
        folder: The operations on files below it count.
        at: Number of the operation that fails, from 1; 0 for none.
        fault: How it fails: the process dies, or the disk says no.
        kill_after: Seconds after which the process is killed from outside.
    """
    note = folder.with_name(f"{folder.name}.ending.json")
    child = os.fork()
    if child == 0:
        _run(action, _Recorder(folder, at, fault, note))
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        return Ending(status, 0, {}, [], "")
    told = orjson.loads(note.read_bytes())
    synced = {int(inode): size for inode, size in told["synced"].items()}
    return Ending(status, told["operations"], synced, [(a, b) for a, b in told["renamed"]], told["trace"])


def _run(action: Callable[[], object], recorder: _Recorder) -> None:
    """The forked process: never returns."""
    status, trace = UNEXPECTED, ""
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        recorder.start()
        action()
        status = 0
    except (UgembedError, OSError):
        status = REFUSED
    except BaseException:
        trace = traceback.format_exc()
    recorder.end(status, trace)


@dataclass
class _Recorder:
    """Counts operations, remembers what is synced, and lets one of them fail."""

    folder: Path
    at: int
    fault: Fault
    note: Path
    count: int = 0
    synced: dict[int, int] = field(default_factory=dict)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    listening: bool = False

    def start(self) -> None:
        """What lies there before the attempt is on the disk."""
        for path in self.folder.rglob("*"):
            self._is_synced(path.lstat())
        self.fsync, os.fsync = os.fsync, self._fsync  # type: ignore[assignment]
        sys.addaudithook(self._heard)
        self.listening = True

    def end(self, status: int, trace: str = "") -> None:
        """Leave the process at once, without cleaning up."""
        self.listening = False
        told = {"operations": self.count, "renamed": self.renamed, "trace": trace}
        told["synced"] = {str(inode): size for inode, size in self.synced.items()}
        self.note.write_bytes(orjson.dumps(told))
        os._exit(status)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.listening:
            return
        if event == "open":
            path, _, flags = arguments
            if flags & _WRITING and self._is_ours(path):
                self._operation()
        elif event in _PATHS:
            paths = arguments[: _PATHS[event]]
            if any(self._is_ours(path) for path in paths):
                self._operation()
                if event == "os.rename":
                    self.renamed.append((os.fspath(paths[0]), os.fspath(paths[1])))

    def _fsync(self, handle: Any) -> None:
        handle = handle if isinstance(handle, int) else handle.fileno()
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if self.listening and self._is_ours(path):
            self._operation()
        self.fsync(handle)
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            self.renamed = [(a, b) for a, b in self.renamed if Path(b).absolute().parent != path]
        else:
            self._is_synced(found)

    def _is_synced(self, found: os.stat_result) -> None:
        self.synced[found.st_ino] = found.st_size

    def _is_ours(self, path: Any) -> bool:
        """Below the folder; a bare name is one of a folder that is being removed."""
        if not isinstance(path, str | os.PathLike):
            return False
        name = os.fspath(path)
        return isinstance(name, str) and ("/" not in name or Path(name).absolute().is_relative_to(self.folder))

    def _operation(self) -> None:
        self.count += 1
        if self.count != self.at:
            return
        if self.fault == "kill":
            self.end(KILLED)
        raise OSError(errno.EIO, os.strerror(errno.EIO))


Loss = Literal["empty", "half", "gone", "not renamed"]
"""What becomes of bytes that were never synced, or of a rename whose folder was not."""


def lose_power(folder: Path, ending: Ending, loss: Loss) -> None:
    """Leave below ``folder`` only what a disk may hold after the power went at the end of an attempt."""
    if loss == "not renamed":
        for source, target in ((Path(a), Path(b)) for a, b in reversed(ending.renamed)):
            if target.exists() and not source.exists() and source.parent.is_dir():
                target.rename(source)
        return
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        kept, size = ending.synced.get(path.stat().st_ino), path.stat().st_size
        if kept is None and loss == "gone":
            path.unlink()
        elif kept is None or size > kept:
            os.truncate(path, (kept or 0) + (size - (kept or 0)) // 2 if loss == "half" else kept or 0)
