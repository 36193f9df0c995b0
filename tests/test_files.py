"""The door to the disk: whole or not at all, damage is seen."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import orjson
import pytest

from ugembed import files
from ugembed.errors import DataError, StoreError
from ugembed.files import (
    MANIFEST,
    committed_directory,
    contained,
    durable_files,
    iter_lines,
    read_json,
    read_manifest,
    resumed_directory,
    sha256_file,
    write_atomic,
    write_json,
    write_jsonl,
)


def everything_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def make(target: Path, content: str = "old") -> None:
    with committed_directory(target, kind="test", rows=2) as scratch:
        (scratch / "inner").mkdir()
        (scratch / "inner" / "a.txt").write_text(content)


def test_a_committed_folder_names_every_file_with_size_and_sha256(tmp_path: Path) -> None:
    make(tmp_path / "out")
    manifest = orjson.loads((tmp_path / "out" / MANIFEST).read_bytes())
    assert manifest["files"] == {"inner/a.txt": {"bytes": 3, "sha256": hashlib.sha256(b"old").hexdigest()}}
    assert read_manifest(tmp_path / "out", kind="test", verify=True) == {"rows": 2}
    assert everything_in(tmp_path) == ["out", "out/inner", "out/inner/a.txt", f"out/{MANIFEST}"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_inside_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with committed_directory(tmp_path / "out", kind="test") as scratch:
            (scratch / "half.txt").write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert everything_in(tmp_path) == []


def test_a_failure_while_the_manifest_is_written_leaves_no_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(files, "_write_manifest", full_disk)
    with pytest.raises(OSError, match="no space"):
        make(tmp_path / "out")
    assert everything_in(tmp_path) == []


def test_a_kill_before_the_rename_leaves_no_target_and_the_next_attempt_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(files, "_commit", lambda scratch, target: None)
        make(tmp_path / "out")
    left = [path for path in tmp_path.iterdir()]
    assert [path.name.startswith(".out.") for path in left] == [True]
    with pytest.raises(StoreError) as caught:
        read_manifest(tmp_path / "out", kind="test")
    assert caught.value.code == "manifest-missing"
    make(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_existing_folder_is_never_replaced(tmp_path: Path) -> None:
    make(tmp_path / "out")
    with pytest.raises(StoreError) as caught:
        make(tmp_path / "out", "new")
    assert caught.value.code == "output-exists"
    assert (tmp_path / "out" / "inner" / "a.txt").read_text() == "old"
    (tmp_path / "empty").mkdir()
    make(tmp_path / "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "out"]


def test_two_processes_do_not_make_the_same_folder(tmp_path: Path) -> None:
    with files.locked(tmp_path / "out"), pytest.raises(StoreError) as caught:
        make(tmp_path / "out")
    assert caught.value.code == "output-busy"
    make(tmp_path / "out")


@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_a_damaged_file_is_detected(tmp_path: Path, damage: str) -> None:
    make(tmp_path / "out")
    victim = tmp_path / "out" / "inner" / "a.txt"
    victim.write_text("odd") if damage == "changed" else victim.unlink()
    assert read_manifest(tmp_path / "out", kind="test") == {"rows": 2}
    with pytest.raises(StoreError, match=r"a\.txt") as caught:
        read_manifest(tmp_path / "out", kind="test", verify=True)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize(
    ("manifest", "code"),
    [({"kind": "other", "facts": {}, "files": {}}, "wrong-kind"), ([], "wrong-kind"), ({"kind": "test"}, "damaged")],
)
def test_a_manifest_that_is_another_is_refused(tmp_path: Path, manifest: object, code: str) -> None:
    write_json(tmp_path / MANIFEST, manifest)
    with pytest.raises(StoreError) as caught:
        read_manifest(tmp_path, kind="test")
    assert caught.value.code == code


def test_a_manifest_cannot_name_a_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    entry = {"bytes": 1, "sha256": sha256_file(tmp_path / "secret")}
    write_json(tmp_path / "out" / MANIFEST, {"kind": "test", "facts": {}, "files": {"../secret": entry}})
    with pytest.raises(DataError) as caught:
        read_manifest(tmp_path / "out", kind="test", verify=True)
    assert caught.value.code == "path-escapes"


def test_a_failed_write_leaves_the_old_bytes_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "a.json"
    write_atomic(path, b"old")

    def full_disk(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert everything_in(tmp_path) == ["deep", "deep/a.json"]


def test_json_lines_round_trip_with_their_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"a": "ö"}, [1, 2]])
    path.write_bytes(path.read_bytes() + b"\n  \n3\n")
    assert [(number, orjson.loads(line)) for number, line in iter_lines(path)] == [(1, {"a": "ö"}), (2, [1, 2]), (5, 3)]


@pytest.mark.parametrize("read", [read_json, lambda path: list(iter_lines(path))])
def test_a_file_that_is_missing_is_named(tmp_path: Path, read: object) -> None:
    with pytest.raises(DataError, match=r"gone\.json") as caught:
        read(tmp_path / "gone.json")  # type: ignore[operator]
    assert caught.value.code == "file-missing"


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(DataError) as caught:
        read_json(tmp_path / "a.json")
    assert caught.value.code == "json-broken"


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "inner/../../a", "link/a"])
def test_names_that_leave_a_folder_are_refused(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(DataError) as caught:
        contained(root, name)
    assert caught.value.code == "path-escapes"
    assert contained(root, "inner/../b") == (root / "b").resolve()


def test_files_written_at_once_are_whole_hashed_and_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(number: int) -> None:
        real(number)
        synced.append(os.fstat(number).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    content = {f"{k}.bin": bytes([k]) * (k * 50_000) for k in range(40)}
    with durable_files(tmp_path) as written:
        for name, data in content.items():
            written.write(name, data)
        digests = written.digests()
    assert list(digests) == list(content)
    for name, data in content.items():
        assert (tmp_path / name).read_bytes() == data
        assert digests[name] == hashlib.sha256(data).hexdigest()
    assert set(synced) >= {(tmp_path / name).stat().st_ino for name in content}


def test_a_disk_that_fails_in_the_background_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", failing)
    with durable_files(tmp_path) as written:
        written.write("a.json", b"{}")
        with pytest.raises(OSError, match="no space"):
            written.digests()


def test_what_is_durable_is_not_read_again_for_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests: dict[str, str] = {}
    read: list[str] = []
    real = files.sha256_file

    def sha256(path: Path) -> str:
        read.append(path.name)
        return real(path)

    monkeypatch.setattr(files, "sha256_file", sha256)
    with resumed_directory(tmp_path / "out", kind="test", identity="1", durable=digests) as folder:
        with durable_files(folder) as written:
            written.write("a.json", b"{}")
            digests |= written.digests()
        (folder / "b.txt").write_text("by hand")
    assert read == ["b.txt"]
    assert read_manifest(tmp_path / "out", kind="test", verify=True) == {}
    assert set(orjson.loads((tmp_path / "out" / MANIFEST).read_bytes())["files"]) == {"a.json", "b.txt"}


def test_folders_below_are_synced_before_the_manifest_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, bool]] = []
    real = files._sync_directory

    def sync(folder: Path) -> None:
        synced.append((folder.name, (folder.parent / MANIFEST).exists()))
        real(folder)

    monkeypatch.setattr(files, "_sync_directory", sync)
    make(tmp_path / "out")
    assert synced[0] == ("inner", False)
