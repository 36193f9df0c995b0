"""Files inside zip files, addressed as if the zip were a folder: ``graphs/part-0000.zip/v00012.json``.

Every function takes plain paths too. Archives stay open between reads; one that is replaced on disk is opened anew, and
so is every archive after a fork, where parent and child would move one another's place in the file.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from ugembed.errors import DataError, StoreError
from ugembed.files import write_atomic

SUFFIX = ".zip"
MAX_MEMBER_BYTES = 64 * 2**20
"""Largest member that is unpacked."""

MAX_DIRECTORY_BYTES = 8 * 2**20
"""Largest list of members that is read: some 150,000 of them, which take 80 MiB."""

_OPEN_ARCHIVES = 64
_SUFFIX_INSIDE = re.compile(r"\.zip(?=/)", re.IGNORECASE)
_LEVEL = 2  # a quarter larger than at 6, in little more than a third of the time
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can tell; equal members give equal bytes
_ENCRYPTED = 0x1
# PKWARE's APPNOTE 4.3.14 to 4.3.16: the records at the end that say how large the list of members is
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 2**16 - 1
_END_64, _END_64_BYTES, _LOCATOR_BYTES = b"PK\x06\x06", 56, 20
_BROKEN_HINT = "fetch or write the archive again"


def is_file(path: Path) -> bool:
    """Whether ``path`` is a regular file or a member of an archive.

    Raises:
        DataError: ``archive-broken``, rather than calling every member of a damaged archive missing.
    """
    place = _member(path)
    return path.is_file() if place is None else place[1] in place[0].infos


def size(path: Path) -> int:
    """Bytes of a regular file, or of a member when unpacked.

    Raises:
        DataError: ``file-missing`` (also for folders, devices and pipes) or ``archive-broken``.
    """
    place = _member(path)
    if place is not None:
        archive, name = place
        return archive.info(name).file_size
    status = _status(path)
    if status is None:
        raise DataError(f"{path}: no such file", code="file-missing", hint="check the path")
    return status.st_size


def read_bytes(path: Path) -> bytes:
    """The content of a regular file or a member.

    Raises:
        DataError: ``file-missing``, ``archive-broken``, ``archive-encrypted``, ``archive-directory-large`` for more
            names than `MAX_DIRECTORY_BYTES`, or ``archive-member-large`` for a member above `MAX_MEMBER_BYTES`.
    """
    place = _member(path)
    if place is not None:
        archive, name = place
        return archive.read(name)
    if _status(path) is None:
        raise DataError(f"{path}: no such file", code="file-missing", hint="check the path")
    return path.read_bytes()


def member_names(archive: Path) -> list[str]:
    """The names of the files in an archive, in its order; folders, links and unsafe names are left out.

    Raises:
        DataError: ``file-missing`` or ``archive-broken``.
    """
    status = _status(archive)
    if status is None:
        raise DataError(f"{archive}: no such file", code="file-missing", hint="check the path")
    return list(_opened(archive.as_posix(), status).infos)


def write_archive(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Write `archive_bytes` atomically.

    Raises:
        StoreError: ``archive-name``.
    """
    write_atomic(path, archive_bytes(path, members))


def archive_bytes(path: Path, members: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive of ``(name, content)``, meant for ``path``; equal members give equal bytes.

    Raises:
        StoreError: ``archive-name`` for a name that could not be read again, or that comes twice.
    """
    buffer = io.BytesIO()
    names = set()
    with ZipFile(buffer, "w") as archive:
        for name, content in members:
            if name in names or not _is_safe(name):
                what = "comes twice" if name in names else "cannot name a member"
                hint = "members want distinct relative names without '..' and backslashes"
                raise StoreError(f"{path}: {name!r} {what}", code="archive-name", hint=hint)
            names.add(name)
            info = ZipInfo(name, _FIRST_DAY)
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content, ZIP_DEFLATED, _LEVEL)
    return buffer.getvalue()


class _Archive:
    """An open zip file and its members by name."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.infos: dict[str, ZipInfo] = {}
        if (told := _directory_bytes(path)) > MAX_DIRECTORY_BYTES:
            what = f"{told:,} bytes of names of members, more than {MAX_DIRECTORY_BYTES:,}"
            raise DataError(f"{path}: {what}", code="archive-directory-large", hint="pack it into several archives")
        try:
            self._zip = ZipFile(path)
        except PermissionError:
            raise
        except Exception as error:  # zipfile raises nearly every type there is for damaged directories
            raise self._broken(str(error)) from None
        for info in self._zip.infolist():
            if not _is_safe(info.orig_filename) or info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
                continue
            if info.filename in self.infos:
                raise self._broken(f"holds {info.filename!r} twice")
            self.infos[info.filename] = info

    def info(self, name: str) -> ZipInfo:
        found = self.infos.get(name)
        if found is None:
            raise DataError(f"{self.path}: no {name!r} in it", code="file-missing", hint="check the path")
        return found

    def read(self, name: str) -> bytes:
        info = self.info(name)
        where = f"{self.path}/{name}"
        if info.flag_bits & _ENCRYPTED:
            raise DataError(f"{where}: encrypted", code="archive-encrypted", hint="pack it without a password")
        if info.file_size > MAX_MEMBER_BYTES:
            what = f"{info.file_size} bytes when unpacked, more than {MAX_MEMBER_BYTES}"
            raise DataError(f"{where}: {what}", code="archive-member-large", hint="keep it outside of the archive")
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # the others unpack without a bound on memory
            raise self._broken(f"{name!r} is neither stored nor deflated (method {info.compress_type})")
        try:
            with self._zip.open(info) as member:
                # A size that is asked for bounds the unpacking too: a bomb that tells a small size stays small.
                content = member.read(info.file_size)
        except Exception as error:  # as above; a wrong checksum among it
            raise self._broken(f"{name!r}: {error}") from None
        if len(content) != info.file_size:
            raise self._broken(f"{name!r} ends after {len(content)} of {info.file_size} bytes")
        return content

    def _broken(self, what: str) -> DataError:
        return DataError(f"{self.path}: {what}", code="archive-broken", hint=_BROKEN_HINT)


def _directory_bytes(path: str) -> int:
    """How large an archive says that its list of members is; 0 where it ends with no such record.

    `zipfile` reads the whole list, of the size in these records, and keeps some 500 bytes a member.
    """
    with Path(path).open("rb") as file:
        most = _LOCATOR_BYTES + _END_64_BYTES + _END_BYTES + _LONGEST_COMMENT
        file.seek(max(0, file.seek(0, io.SEEK_END) - most))
        tail = file.read()
    has_comment = not (tail[-_END_BYTES:].startswith(_END) and tail.endswith(b"\0\0"))
    end = tail.rfind(_END) if has_comment else len(tail) - _END_BYTES
    if end < 0:
        return 0
    told = int.from_bytes(tail[end + 12 : end + 16], "little")
    end_64 = end - _LOCATOR_BYTES - _END_64_BYTES
    if end_64 >= 0 and tail.startswith(_END_64, end_64):
        told = int.from_bytes(tail[end_64 + 40 : end_64 + 48], "little")
    return told


def _member(path: Path) -> tuple[_Archive, str] | None:
    """The archive that ``path`` runs through and the name in it; None for a plain path."""
    text = path.as_posix()
    for suffix in _SUFFIX_INSIDE.finditer(text):
        above = text[: suffix.end()]
        if (status := _status(Path(above))) is not None:
            return _opened(above, status), text[suffix.end() + 1 :]
    return None


def _status(path: Path) -> os.stat_result | None:
    """What the disk says of a regular file; None for everything else."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the name
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _opened(path: str, status: os.stat_result) -> _Archive:
    return _open(path, (status.st_ino, status.st_mtime_ns, status.st_size, os.getpid()))


@lru_cache(maxsize=_OPEN_ARCHIVES)
def _open(path: str, _identity: tuple[int, ...]) -> _Archive:
    return _Archive(path)


def _is_safe(name: str) -> bool:
    """Whether a name stays below its archive and is written as `_member` asks for it."""
    return "\\" not in name and "\0" not in name and not {"", ".", ".."} & set(name.removesuffix("/").split("/"))
