"""The process in which pickles are read: takes paths on stdin, gives JSON on stdout, one line each.

Started by `ugembed.graphs.legacy.sandbox`. It may not grow beyond its memory, write a file, or spend more than
its seconds of processor time on one pickle; the system ends it if it does.
"""

from __future__ import annotations

import hashlib
import json
import math
import resource
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from ugembed.errors import GraphError
from ugembed.graphs.legacy.document import document
from ugembed.graphs.legacy.known import broken
from ugembed.graphs.legacy.machine import read_inert

MIN_BYTES = 100
"""A pickled graph is never smaller; the reference throws such files away."""


def serve(memory_bytes: int, cpu_s: int) -> None:
    """Answer every line of stdin until it closes."""
    for kind, most in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _limit(kind, most)
    for line in sys.stdin.buffer:
        spent = math.ceil(time.process_time())
        _limit(resource.RLIMIT_CPU, spent + cpu_s)
        sys.stdout.buffer.write(_answer(json.loads(line)) + b"\n")
        sys.stdout.buffer.flush()


def _limit(kind: int, most: int) -> None:
    """Set a limit that can still be raised, as far as the one that the user is under."""
    highest = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (most if highest == resource.RLIM_INFINITY else min(most, highest), highest))


def _answer(path: str) -> bytes:
    try:
        return orjson.dumps(read_document(Path(path).read_bytes()))
    except GraphError as error:
        return orjson.dumps({"code": error.code, "message": error.message, "hint": error.hint})
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        return orjson.dumps({"code": "unreadable", "message": what, "hint": "check the file and its permissions"})
    except MemoryError:
        return b'{"code": "pickle-memory"}'


def read_document(data: bytes) -> dict[str, Any]:
    """The `ugembed.graphs.legacy.document.Document` of a pickle as a dict, with the ``sha256`` of its bytes.

    Raises:
        GraphError: of `ugembed.graphs.legacy.machine.read_inert` and `ugembed.graphs.legacy.document.document`.
    """
    if len(data) < MIN_BYTES:
        raise broken(f"{len(data)} bytes, too few for a graph")
    return {**vars(document(read_inert(data))), "sha256": hashlib.sha256(data).hexdigest()}
