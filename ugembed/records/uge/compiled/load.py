"""The compiled functions as Python calls them: an object file, made once an installation, is loaded by LLVM."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from ugembed.records.uge.compiled.memory import CONSTANTS, KINDS, Memory, new_memory

_HERE = Path(__file__).parent
_BUILD = "ugembed.records.uge.compiled.build"
_PATIENCE_S = 300
_BEGUN, _SAID = ".begun", ".log"
_PROBES = (b"", b"a", b"12345678", b"a longer text, of more than one word")


class Kernel(NamedTuple):
    """The functions of `ugembed.records.uge.compiled.rows`, which work without Python's lock, and the key of hashes."""

    scan_rows: Callable[[int, int, int, int], int]
    add_files: Callable[[int], int]
    hash_data: Callable[[int, int, int], int]
    key: tuple[int, int]

    def new_memory(self, kind: str) -> Memory:
        return new_memory(self.key, kind)


class Condition(NamedTuple):
    """Whether the functions can be used, and the name of their file, or why they cannot."""

    is_there: bool
    what: str


def load() -> Kernel | None:
    """The functions; None while they are not there, or if Python hashes otherwise than they do."""
    key = _hash_key()
    path = object_file()
    return _load(path, key) if key and path.is_file() else None


def build(*, wait: bool = True) -> None:
    """Make the object file if there is none and it could be used; without ``wait`` by a process that outlives this one.

    Raises:
        subprocess.CalledProcessError: when it cannot be made.
    """
    path = object_file()
    if path.is_file() or not _hash_key():
        return
    command = [sys.executable, "-m", _BUILD, str(path)]
    if wait:
        subprocess.run(command, check=True)
    elif not _is_begun(path.with_suffix(_BEGUN)):
        nothing = subprocess.DEVNULL
        with path.with_suffix(_SAID).open("wb") as said:
            subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=said, start_new_session=True)


def condition() -> Condition:
    """How it stands with the functions; of a build that failed, what it said last."""
    path = object_file()
    if not _hash_key():
        return Condition(False, "not for this Python, whose hashes are others")
    if path.is_file():
        is_there = load() is not None
        return Condition(is_there, path.name if is_there else f"{path.name} gives other hashes than Python")
    said = path.with_suffix(_SAID)
    last = said.read_text("utf-8", "replace").strip().splitlines()[-1:] if said.is_file() else []
    if last:
        return Condition(False, f"could not be made: {last[0]}")
    return Condition(False, "being made" if _is_recent(path.with_suffix(_BEGUN)) else "not made yet")


def _is_begun(mark: Path) -> bool:
    """Whether another process began within the last minutes, or nothing can be kept; if not, this one begins."""
    try:
        if _is_recent(mark):
            return True
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError:
        return True
    return False


def _is_recent(mark: Path) -> bool:
    return mark.is_file() and time.time() - mark.stat().st_mtime < _PATIENCE_S


@cache
def object_file() -> Path:
    """Where the object file is kept, named by the digest of everything it is made from."""
    import llvmlite.binding as llvm  # type: ignore[import-untyped]

    sources = sorted(_HERE.glob("*.py"))
    made_by = (repr(CONSTANTS), sys.version, version("numba"), version("llvmlite"), version("numpy"))
    made_for = (platform.platform(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    parts = [*(path.read_bytes() for path in sources), *(text.encode() for text in (*made_by, *made_for))]
    name = f"rows-{blake2b(b''.join(parts), digest_size=12).hexdigest()}.o"
    folder = _HERE / "__pycache__"
    if not os.access(folder, os.W_OK):
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ugembed"
    return folder / name


def target_machine() -> Any:
    """This computer, as LLVM makes code for it."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        codemodel="jitdefault",
        jit=True,
    )


def _hash_key() -> tuple[int, int] | None:
    """The key of Python's own hash, for which there is no public name."""
    if sys.hash_info.algorithm != "siphash13" or sys.hash_info.cutoff or sys.byteorder != "little":
        return None
    try:
        first, second = (ctypes.c_uint64 * 2).in_dll(ctypes.pythonapi, "_Py_HashSecret")
    except ValueError:
        return None
    return first, second


@cache
def _load(path: Path, key: tuple[int, int]) -> Kernel | None:
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(path.read_bytes()))
    engine.finalize_object()
    scan_rows, add_files, hash_data = (
        _function(engine, name, arguments) for name, arguments in (("scan_rows", 4), ("add_files", 1), ("hash_data", 3))
    )
    kernel = Kernel(scan_rows, add_files, hash_data, key)
    return kernel if all(_hash(kernel, text) == hash(text) for text in _PROBES) else None


def _function(engine: Any, name: str, arguments: int) -> Callable[..., int]:
    """A function of the object file: numba's take pointers to the result and to an exception, and return a status."""
    number = ctypes.c_int64
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int32, ctypes.POINTER(number), ctypes.POINTER(ctypes.c_void_p), *[number] * arguments
    )
    function = kind(engine.get_function_address(name))

    def call(*values: int, _engine: Any = engine) -> int:
        result, error = number(), ctypes.c_void_p()
        status = function(result, error, *values)
        if status:
            raise AssertionError(f"{name} has no errors, but returned {status}")
        return result.value

    return call


def _hash(kernel: Kernel, text: bytes) -> int:
    memory = kernel.new_memory(KINDS[0])
    memory["data"][0, : len(text)] = list(text)
    return kernel.hash_data(memory.ctypes.data, 0, len(text))
