"""The accepted rows as they stand, the refused ones with their reasons, and both together are all."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson
import pytest

from ugembed.errors import DataError, StoreError
from ugembed.files import iter_lines, read_manifest
from ugembed.records.clean_copy import clean_copy
from ugembed.records.report import Problem


def problem(line: int, code: str = "label-zero") -> Problem:
    return Problem(code, "rows.jsonl", line, "label", "0 would mark the query", "use 1")


def test_accepted_lines_are_copied_byte_for_byte_and_others_told(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    sound = [b' {"a" : 1.0}\r\n', b'{"b":"\xc3\xa9"}\n', b'{"last": true}']
    with clean_copy(tmp_path / "out") as copy:
        copy.add(file, sound[0], True, [])
        copy.add(file, b'{"label": 0}\r\n', False, [problem(2), problem(2, "tag-count")])
        copy.add(file, sound[1], True, [])
        copy.add(file, b'{"\xff\n', False, [problem(4, "json-broken")])
        copy.add(file, sound[2], True, [])
    out = tmp_path / "out"
    assert (out / "rows.jsonl").read_bytes() == b"".join(sound) + b"\n"
    first, second = (orjson.loads(line) for _, line in iter_lines(out / "rejects.jsonl"))
    assert (first["file"], first["line"], first["raw"]) == (str(file), 2, '{"label": 0}')
    assert [reason["code"] for reason in first["problems"]] == ["label-zero", "tag-count"]
    assert first["problems"][0] == {
        "code": "label-zero",
        "field": "label",
        "message": "0 would mark the query",
        "hint": "use 1",
    }
    assert base64.b64decode(second["raw_base64"]) == b'{"\xff'
    counts = copy.counts().to_json()
    assert counts == {"out": str(out), "rows": 5, "clean": 3, "rejected": 2}
    assert read_manifest(out, kind="clean-rows", verify=True) == {}


def test_files_of_one_name_keep_their_folders_and_a_file_without_sound_rows_is_left_out(tmp_path: Path) -> None:
    with clean_copy(tmp_path / "out") as copy:
        for folder in ("paris", "rome"):
            copy.add(tmp_path / folder / "rows.jsonl", folder.encode() + b"\n", True, [])
        copy.add(tmp_path / "none.jsonl", b"{\n", False, [problem(1)])
    out = tmp_path / "out"
    assert (out / "paris" / "rows.jsonl").read_bytes() == b"paris\n"
    assert (out / "rome" / "rows.jsonl").read_bytes() == b"rome\n"
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "paris", "rejects.jsonl", "rome"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted() -> None:
        with clean_copy(tmp_path / "out") as copy:
            copy.add(tmp_path / "rows.jsonl", b"{}\n", True, [])
            assert list(tmp_path.iterdir()) != []
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal, clean_copy(tmp_path / "out"):
        pass
    assert refusal.value.code == "write-clean-nothing"
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_the_rejects_is_taken(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal, clean_copy(tmp_path / "out") as copy:
        copy.add(tmp_path / "rejects.jsonl", b"{}\n", True, [])
    assert refusal.value.code == "name-taken"


def test_an_existing_folder_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b"{}\n")
    with pytest.raises(StoreError) as refusal, clean_copy(tmp_path):
        pytest.fail("the block must not start")
    assert refusal.value.code == "output-exists"
