"""The one door to the disk: temporary name, fsync, manifest last, rename.

A folder written here either exists whole, with a ``manifest.json`` that names every file and its sha256, or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from glob import escape
from pathlib import Path
from typing import Any

import orjson

from ugembed.errors import DataError, StoreError

MANIFEST = "manifest.json"
SYNCS_AT_ONCE = 16
"""Files that wait for the disk at the same time: it takes several in about the time of one."""
MAX_LINE_BYTES = 64 * 2**20
"""Longest line, with its line end, that is read from a file of lines."""


def write_atomic(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``: readers see the old bytes or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` atomically as indented JSON."""
    write_atomic(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def read_json(path: Path) -> Any:
    """Read one JSON file; missing or broken files raise `DataError`."""
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: no such file", code="file-missing", hint="check the path") from None
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}: not JSON: {error}", code="json-broken", hint="repair or rewrite the file") from None


@contextmanager
def committed_directory(target: Path, *, kind: str, **facts: Any) -> Iterator[Path]:
    """Yield a scratch folder that becomes ``target`` in one step when the block ends without an error.

    What a killed process has left of an earlier attempt is removed first.

    Args:
        target: The folder to appear. Its parent is created.
        kind: What the folder is (``"graphs"``, ``"checkpoint"``, ``"embeddings"``, …); checked by `read_manifest`.
        **facts: Anything JSON that describes the content; stored in the manifest.

    Raises:
        StoreError: ``output-exists``: ``target`` is there and not empty; ``output-busy`` while another process works on
            the same target.
    """
    refuse_existing(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target):
        for left in target.parent.glob(f".{escape(target.name)}.*.tmp"):
            shutil.rmtree(left)
        scratch = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
        scratch.mkdir()
        try:
            yield scratch
            _write_manifest(scratch, kind, facts, {})
            _commit(scratch, target)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise


@contextmanager
def resumed_directory(
    target: Path, *, kind: str, identity: str, durable: Mapping[str, str] | None = None, **facts: Any
) -> Iterator[Path]:
    """As `committed_directory`, but what a stopped run has made is kept beside the target and found by the next one.

    Args:
        target, kind, facts: As there; ``target`` must be free.
        identity: A digest of everything that decides the content. What another identity has left is thrown away.
        durable: Files that are on the disk when the block ends, as `durable_files` leaves them, and their hex sha256;
            filled in the block. All others are synced and read once more for the manifest.

    Raises:
        StoreError: ``output-exists``; ``output-busy`` while another process works on the same target.
    """
    refuse_existing(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    with locked(target):
        scratch, told = unfinished / "content", unfinished / "identity"
        if not told.is_file() or told.read_text(encoding="utf-8") != identity:
            shutil.rmtree(unfinished, ignore_errors=True)
            scratch.mkdir(parents=True)
            write_atomic(told, identity.encode())
        yield scratch
        _write_manifest(scratch, kind, facts, durable or {})
        _commit(scratch, target)
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold ``target`` alone, by a lock beside it that the system lets go when the process ends, however it ends.

    Raises:
        StoreError: ``output-busy`` while another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield
        return
    lock = target.with_name(f".{target.name}.lock")
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_free = os.path.samestat(lock.stat(), os.fstat(file.fileno()))  # not one just removed by its last owner
        except (BlockingIOError, FileNotFoundError):
            is_free = False
        if not is_free:
            hint = "wait for it, or choose another --out"
            raise StoreError(f"{target}: another process is working on it", code="output-busy", hint=hint)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def refuse_existing(target: Path) -> None:
    """Raise `StoreError` ``output-exists`` unless ``target`` is free or an empty folder; long work asks this first."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StoreError(
            f"{target}: already exists and is not empty",
            code="output-exists",
            hint="choose another folder, or remove it first",
        )


class DurableFiles:
    """Writes files of one folder in the background; use `durable_files`."""

    def __init__(self, folder: Path, threads: Executor) -> None:
        self._folder, self._threads = folder, threads
        self._waiting: list[tuple[str, Future[str]]] = []

    def write(self, name: str, data: bytes) -> None:
        """Write a file; what was there before is gone."""
        self._waiting.append((name, self._threads.submit(_write_durably, self._folder / name, data)))

    def digests(self) -> dict[str, str]:
        """The hex sha256 of every file by its name, in the order of writing; waits until all are on the disk."""
        return {name: written.result() for name, written in self._waiting}


@contextmanager
def durable_files(folder: Path) -> Iterator[DurableFiles]:
    """Many files written, hashed and synced at once, while the caller goes on: syncing is mostly waiting for the disk.

    Their names in the folder are durable when the folder is synced, as it is when its manifest is written.
    """
    with ThreadPoolExecutor(SYNCS_AT_ONCE) as threads:
        yield DurableFiles(folder, threads)


def _write_durably(path: Path, data: bytes) -> str:
    with path.open("wb", buffering=0) as file:
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
        digest = hashlib.sha256(data).hexdigest()
        os.fsync(file.fileno())
    return digest


def _write_manifest(folder: Path, kind: str, facts: dict[str, Any], durable: Mapping[str, str]) -> None:
    below = sorted(folder.rglob("*"))
    files = {path.relative_to(folder).as_posix(): path for path in below if path.is_file()}
    rest = {name: path for name, path in files.items() if name not in durable}
    with ThreadPoolExecutor(SYNCS_AT_ONCE) as threads:
        digests = {**durable, **dict(zip(rest, threads.map(_synced, rest.values()), strict=True))}
    for path in below:
        if path.is_dir():
            _sync_directory(path)
    listing = {name: {"bytes": path.stat().st_size, "sha256": digests[name]} for name, path in files.items()}
    write_json(folder / MANIFEST, {"kind": kind, "facts": facts, "files": listing})


def _synced(path: Path) -> str:
    """Have a file on the disk; its sha256."""
    _sync(path)
    return sha256_file(path)


def _commit(scratch: Path, target: Path) -> None:
    """Rename; an empty folder in the way is replaced by the system itself."""
    scratch.rename(target)
    _sync_directory(target.parent)


def read_manifest(folder: Path, *, kind: str, verify: bool = False) -> dict[str, Any]:
    """The facts of a committed folder.

    Raises:
        StoreError: no manifest (never finished), another ``kind``, or with ``verify`` a file that is missing or whose
            sha256 differs.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise StoreError(
            f"{folder}: no {MANIFEST}, so this is not a finished {kind} folder",
            code="manifest-missing",
            hint="check the path; an interrupted command leaves no folder behind",
        )
    manifest = read_json(path)
    found = manifest.get("kind") if isinstance(manifest, dict) else None
    if found != kind:
        raise StoreError(f"{folder}: holds {found!r}, wanted {kind!r}", code="wrong-kind", hint="check the path")
    facts, files = manifest.get("facts"), manifest.get("files")
    if not isinstance(facts, dict) or not isinstance(files, dict):
        raise StoreError(f"{path}: lacks facts or files", code="damaged", hint="use an earlier folder or make it again")
    if verify:
        _verify(folder, files)
    return facts


def _verify(folder: Path, listing: dict[str, Any]) -> None:
    for name, entry in listing.items():
        wanted = entry.get("sha256") if isinstance(entry, dict) else None
        try:
            path = contained(folder, name)
            is_there = path.is_file()
        except (OSError, ValueError):  # a name that no file system takes
            path, is_there = folder / name[:100], False
        if not is_there or sha256_file(path) != wanted:
            state = "differs from its manifest" if is_there else "is missing"
            raise StoreError(
                f"{path}: {state}", code="damaged", hint="the folder is damaged; use an earlier one or make it again"
            )


def contained(root: Path, name: str) -> Path:
    """``root / name``, refused when it would leave ``root`` (absolute, ``..``, or a link that points outside)."""
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise DataError(f"{name!r} lies outside of {root}", code="path-escapes", hint="use a path inside the folder")
    return path


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def iter_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The non-blank lines of a file with their 1-based numbers; memory is one line.

    Raises:
        DataError: ``file-missing``, or ``line-too-long`` above `MAX_LINE_BYTES`.
    """
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f"{path}: no such file", code="file-missing", hint="check the path") from None
    with file:
        for number, line in enumerate(iter(partial(file.readline, MAX_LINE_BYTES + 1), b""), 1):
            if len(line) > MAX_LINE_BYTES:
                raise DataError(
                    f"{path}:{number}: longer than {MAX_LINE_BYTES >> 20} MiB",
                    code="line-too-long",
                    hint="write one JSON object a line",
                )
            if line.strip():
                yield number, line


def write_jsonl(path: Path, rows: Iterator[Any] | list[Any]) -> None:
    """Write rows atomically as JSON lines."""
    write_atomic(path, b"".join(orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n" for row in rows))


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_directory(folder: Path) -> None:
    with suppress(OSError):  # some file systems do not open folders; the rename itself stays atomic
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
