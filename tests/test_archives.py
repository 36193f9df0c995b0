"""Members of zip files are read like files; damaged, hostile and replaced archives never give other bytes."""

from __future__ import annotations

import multiprocessing
import os
import random
import stat
import tracemalloc
import zipfile
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from ugembed import archives
from ugembed.archives import (
    MAX_MEMBER_BYTES,
    _directory_bytes,
    is_file,
    member_names,
    read_bytes,
    size,
    write_archive,
)
from ugembed.errors import DataError, StoreError

MEMBERS = {"a.json": b'{"a": 1}', "folder/b é.json": bytes(range(256)) * 40, "empty": b""}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "part-0000.zip"
    write_archive(path, MEMBERS.items())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_bytes(path)
    assert caught.value.hint
    return caught.value.code


def test_members_come_back_as_they_were(archive: Path) -> None:
    assert member_names(archive) == list(MEMBERS)
    for name, content in MEMBERS.items():
        assert is_file(archive / name)
        assert size(archive / name) == len(content)
        assert read_bytes(archive / name) == content


def test_other_programs_read_what_is_written_and_the_other_way_round(archive: Path, tmp_path: Path) -> None:
    with ZipFile(archive) as theirs:
        assert {name: theirs.read(name) for name in theirs.namelist()} == MEMBERS
    with ZipFile(tmp_path / "theirs.zip", "w", ZIP_DEFLATED) as theirs:
        theirs.mkdir("folder")
        theirs.writestr("folder/a.json", b"content")
    assert member_names(tmp_path / "theirs.zip") == ["folder/a.json"]
    assert read_bytes(tmp_path / "theirs.zip" / "folder" / "a.json") == b"content"


def test_plain_files_are_read_too_even_below_a_folder_named_like_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "unpacked.zip" / "a.json"
    path.parent.mkdir()
    path.write_bytes(b"plain")
    assert (is_file(path), size(path), read_bytes(path)) == (True, 5, b"plain")


def test_equal_members_give_equal_bytes(archive: Path, tmp_path: Path) -> None:
    write_archive(tmp_path / "again.zip", MEMBERS.items())
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


@pytest.mark.parametrize(
    "name", ["b.json", "folder", "../a.json", "folder/../a.json", "a.json/x", "\\a.json", "A.JSON"]
)
def test_what_is_not_in_the_archive_is_missing(archive: Path, name: str) -> None:
    (archive.parent / "a.json").write_bytes(b"outside")
    assert not is_file(archive / name)
    assert refusal(archive / name) == "file-missing"


@pytest.mark.parametrize("name", ["../up.json", "/etc/hosts", "a/../b", "a//b", "back\\slash", "./a"])
def test_unsafe_members_are_as_good_as_not_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.zip"
    with ZipFile(path, "w") as file:
        file.writestr(name, b"content")
        file.writestr("good", b"good")
    assert member_names(path) == ["good"]
    assert not is_file(Path(f"{path}/{name}"))
    assert refusal(Path(f"{path}/{name}")) == "file-missing"


def test_a_link_in_an_archive_is_no_file(tmp_path: Path) -> None:
    link = ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(link, "/etc/hosts")
    assert not is_file(tmp_path / "a.zip" / "link")
    assert member_names(tmp_path / "a.zip") == []


@pytest.mark.parametrize("name", ["missing", "folder", "pipe", "x\0y"])
def test_what_is_no_regular_file_is_missing_and_never_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / name) == "file-missing"
    with pytest.raises(DataError, match="no such file"):
        size(tmp_path / name)
    with pytest.raises(DataError, match="no such file"):
        member_names(tmp_path / name)


def test_a_replaced_archive_is_opened_anew(archive: Path) -> None:
    assert read_bytes(archive / "a.json") == MEMBERS["a.json"]
    write_archive(archive, [("a.json", b'{"a": 2}')])
    assert read_bytes(archive / "a.json") == b'{"a": 2}'
    assert not is_file(archive / "empty")
    archive.unlink()
    assert not is_file(archive / "a.json")
    assert refusal(archive / "a.json") == "file-missing"


def _read_all(path: Path, expected: dict[str, bytes], seed: int) -> bool:
    names = random.Random(seed).choices(list(expected), k=400)
    return all(read_bytes(path / name) == expected[name] for name in names)


def test_processes_that_were_forked_do_not_move_one_anothers_place(tmp_path: Path) -> None:
    expected = {f"{k}.json": random.Random(k).randbytes(3000) for k in range(50)}
    path = tmp_path / "a.zip"
    write_archive(path, expected.items())
    assert read_bytes(path / "0.json") == expected["0.json"]  # open in the parent
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pending = pool.starmap_async(_read_all, [(path, expected, seed) for seed in range(8)])
        assert _read_all(path, expected, 99)
        assert pending.get(timeout=60) == [True] * 8


def test_a_member_above_the_limit_is_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.zip", "w", ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("large", bytes(MAX_MEMBER_BYTES + 1))
    assert (tmp_path / "a.zip").stat().st_size < 1_000_000
    assert refusal(tmp_path / "a.zip" / "large") == "archive-member-large"


def test_a_bomb_that_tells_a_small_size_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        file.writestr("bomb", bytes(50_000_000))
    path.write_bytes(path.read_bytes().replace((50_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    tracemalloc.start()
    assert refusal(path / "bomb") == "archive-broken"
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_other_compressions_have_no_bound_and_are_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.zip", "w", ZIP_BZIP2) as file:
        file.writestr("a", b"content")
    assert refusal(tmp_path / "a.zip" / "a") == "archive-broken"


def test_an_encrypted_member_is_refused(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[6] |= 1  # the flags of the first member: in front of it, and in the directory
    data[data.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(data)
    assert refusal(archive / "a.json") == "archive-encrypted"
    assert read_bytes(archive / "empty") == b""


def test_a_name_that_comes_twice_is_neither_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        write_archive(tmp_path / "a.zip", [("a", b"1"), ("a", b"2")])
    assert caught.value.code == "archive-name"
    assert list(tmp_path.iterdir()) == []
    with ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a", b"2")
    assert refusal(tmp_path / "a.zip" / "a") == "archive-broken"


@pytest.mark.parametrize("name", ["", "../a", "/a", "a\\b", "a/./b"])
def test_names_that_could_not_be_read_are_not_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError) as caught:
        write_archive(tmp_path / "a.zip", [(name, b"")])
    assert caught.value.code == "archive-name"


def test_a_truncated_archive_is_broken_wherever_it_ends(archive: Path) -> None:
    data = archive.read_bytes()
    for end in range(len(data)):
        archive.write_bytes(data[:end])
        with pytest.raises(DataError) as caught:
            is_file(archive / "a.json")
        assert caught.value.code == "archive-broken"


def test_a_damaged_archive_gives_the_right_bytes_or_a_code(archive: Path) -> None:
    data = archive.read_bytes()
    rng = random.Random(5)
    codes = set()
    for _ in range(1500):
        damaged = bytearray(data)
        damaged[rng.randrange(len(data))] = rng.randrange(256)
        archive.write_bytes(damaged)
        os.utime(archive, ns=(0, rng.randrange(10**18)))  # the clock of the disk is too coarse for this loop
        for name, content in MEMBERS.items():
            try:
                assert read_bytes(archive / name) == content
            except DataError as error:
                codes.add(error.code)
    assert {"archive-broken", "file-missing"} <= codes


@pytest.mark.parametrize("members", [0, 3, 70_000])  # beyond 65,535 the size stands in the record of 64 bits too
@pytest.mark.parametrize("comment", [b"", b"x" * 65_535, b"PK\x05\x06" + bytes(18)])
def test_the_size_of_the_list_is_that_which_zipfile_reads(members: int, comment: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w") as archive:
        archive.comment = comment
        for number in range(members):
            archive.writestr(ZipInfo(str(number)), b"")
    with ZipFile(path) as archive:
        wanted = zipfile._EndRecData(archive.fp)[5]  # type: ignore[attr-defined]
    assert _directory_bytes(str(path)) == wanted


def test_a_list_of_too_many_members_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    write_archive(path, [(f"{number}.json", b"") for number in range(1000)])
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 50_000)
    assert refusal(path / "1.json") == "archive-directory-large"
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 60_000)
    assert read_bytes(path / "1.json") == b""


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06", b"PK\x05\x06" + b"\xff" * 18, bytes(100)])
def test_ends_that_are_none_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert refusal(path / "a.json") in {"archive-broken", "archive-directory-large"}
