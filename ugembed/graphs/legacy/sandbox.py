"""Reads pickles in a process of its own, so that no file can take more memory or time than it is given."""

from __future__ import annotations

import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from ugembed.errors import GraphError

_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
_SERVE = (
    "import sys; sys.path.insert(0, sys.argv[1]); from ugembed.graphs.legacy.worker import serve; "
    "serve(int(sys.argv[2]), int(sys.argv[3]))"
)
"""The worker runs isolated (-I): neither the current folder nor PYTHONPATH can put other code into its way."""
_PIECE_BYTES = 1 << 20
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one pickle may take."""

    file_bytes: int = 512 * _MIB
    memory_bytes: int = 2048 * _MIB
    cpu_s: int = 60
    wall_s: float = 120.0


class Sandbox:
    """A worker process, started when the first pickle comes, and again after one that it did not survive.

    Used as a context; the worker ends with it.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, path: Path) -> dict[str, Any]:
        """The plain content of a pickle: what `ugembed.graphs.legacy.worker.read_document` gives.

        Raises:
            GraphError: ``pickle-too-large``, ``pickle-timeout``, ``pickle-memory``, ``pickle-crashed``, ``unreadable``,
                and what the worker refuses; every message begins with the path.
        """
        self._look_at(path)
        answer = self._ask(path)
        if answer.get("code") == "pickle-memory":
            self._end()  # what is left of its memory is in pieces
            what = f"{path}: it needs more than {self.limits.memory_bytes // _MIB} MiB to read"
            raise GraphError(what, code="pickle-memory", hint="a local graph is far smaller; build it again")
        if "code" in answer:
            raise GraphError(f"{path}: {answer['message']}", code=answer["code"], hint=answer["hint"])
        return answer

    def _look_at(self, path: Path) -> None:
        try:
            found = path.stat()
        except OSError as error:
            message = f"{path}: cannot be read: {error.strerror}"
            raise GraphError(message, code="unreadable", hint="check the file and its permissions") from None
        if not stat.S_ISREG(found.st_mode):
            raise GraphError(f"{path}: not a file", code="unreadable", hint="a pickle is a plain file")
        if found.st_size > self.limits.file_bytes:
            what = f"{path}: {found.st_size // _MIB:,} MiB, over the limit of {self.limits.file_bytes // _MIB}"
            hint = "a local graph has about 1 MiB; cut the neighbourhoods out before you pickle them"
            raise GraphError(what, code="pickle-too-large", hint=hint)

    def _ask(self, path: Path) -> dict[str, Any]:
        deadline = time.monotonic() + self.limits.wall_s
        worker = self._worker = self._worker or self._start()
        assert worker.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, which the empty answer tells
            worker.stdin.write(json.dumps(str(path.absolute())).encode() + b"\n")
            worker.stdin.flush()
        answer = self._answer(worker, deadline)
        if not answer.endswith(b"\n"):
            raise self._lost(path, worker)
        result: dict[str, Any] = orjson.loads(answer)
        return result

    def _start(self) -> subprocess.Popen[bytes]:
        numbers = [str(self.limits.memory_bytes), str(self.limits.cpu_s)]
        command = [sys.executable, "-I", "-c", _SERVE, str(_PACKAGE_ROOT), *numbers]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    @staticmethod
    def _answer(worker: subprocess.Popen[bytes], deadline: float) -> bytes:
        """One line; what came of it when the worker ended, or when time was up, in which case it still runs."""
        assert worker.stdout is not None
        pieces: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(worker.stdout, selectors.EVENT_READ)
            while not pieces or not pieces[-1].endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return b""
                piece = os.read(worker.stdout.fileno(), _PIECE_BYTES)
                if not piece:
                    worker.wait()
                    return b""
                pieces.append(piece)
        return b"".join(pieces)

    def _lost(self, path: Path, worker: subprocess.Popen[bytes]) -> GraphError:
        """Why there was no answer; the worker is no more."""
        status = worker.poll()
        self._end()
        if status is None or status == -signal.SIGXCPU:
            spent = f"{self.limits.wall_s:g} s" if status is None else f"{self.limits.cpu_s} s of processor time"
            hint = "a local graph takes well under a second; build it again"
            return GraphError(f"{path}: not read after {spent}", code="pickle-timeout", hint=hint)
        message = f"{path}: the process that read it ended with status {status}"
        return GraphError(message, code="pickle-crashed", hint="build the graph again; please report the file")

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
            worker.communicate()
