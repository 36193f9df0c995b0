"""New paths in new files: only file names change, and every other byte stays."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.records.helpers import case, retrieval, stage2, user, write_rows
from ugembed.errors import ConfigError, DataError, StoreError
from ugembed.files import read_manifest
from ugembed.records.json_strings import json_string, read_object, string_values
from ugembed.records.output_names import output_names, row_files
from ugembed.records.path_rules import PathRule
from ugembed.records.rewrite import Rewritten, rewrite_paths


def rewrite(file: Path, *rules: str) -> Rewritten:
    return rewrite_paths([file], file.parent / "out", rules=[PathRule.parse(rule) for rule in rules])


def rewritten_row(folder: Path, row: dict[str, Any], *rules: str) -> dict[str, Any]:
    """What becomes of a row, read again."""
    done = rewrite(write_rows(folder, row), *rules)
    [line] = done.files[0].read_bytes().splitlines()
    value: dict[str, Any] = json.loads(line)
    return value


@pytest.mark.parametrize(
    ("rule", "name", "new"),
    [
        ("old=new", "old/a.jpg", "new/a.jpg"),
        ("old=new", "./old//a.jpg", "new/a.jpg"),
        ("old=new", "old/deep/a.jpg", "new/deep/a.jpg"),
        ("old=new", "older/a.jpg", None),
        ("old=new", "x/old/a.jpg", None),
        ("old=new", "old", None),
        ("/mydata/old=", "/mydata/old/a.jpg", "a.jpg"),
        ("/mydata/old=/else", "/mydata/old/a.jpg", "/else/a.jpg"),
        ("mydata=x", "/mydata/a.jpg", None),
        (".=images", "a.jpg", "images/a.jpg"),
        (".=images", "/a.jpg", None),
        (".=images", "https://host/a.jpg", None),
        ("https://host/img=images", "https://host/img/a.jpg", "images/a.jpg"),
        ("*=images", "https://host/img/a.jpg", "images/a.jpg"),
        ("*=images", "/x/y/a.jpg", "images/a.jpg"),
        ("*=images", "a.jpg", "images/a.jpg"),
        ("*=", "/x/y/a.jpg", "a.jpg"),
        ("*=images", "..", None),
        ("*=images", "/", None),
    ],
)
def test_a_rule_moves_whole_components(rule: str, name: str, new: str | None) -> None:
    assert PathRule.parse(rule).apply(name) == new


@pytest.mark.parametrize("text", ["old", "=new", " =new", "", "a\0=b"])
def test_a_rule_without_old_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        PathRule.parse(text)
    assert refusal.value.code == "fix-paths-broken"
    assert "OLD=NEW" in refusal.value.message


def test_names_change_wherever_the_format_has_them(tmp_path: Path) -> None:
    parts = [
        {"type": "text", "text": "old/text.jpg", "image": "old/text.jpg"},
        {"type": "image", "image": "old/1.jpg"},
        {"type": "image_url", "image_url": {"url": "old/2.jpg"}},
        {"type": "graph", "graph": "old/3.json"},
        {"type": "graph_url", "graph_url": "old/4.json"},
    ]
    row = stage2(
        messages=user(parts),
        images="old/a.jpg",
        graphs=["old/a.json"],
        positive_messages=[user(parts)],
        positive_images=["old/b.jpg", ["old/c.jpg", "other/d.jpg"], None],
        positive_graphs=[["old/b.json"]],
        negative_images=[["old/e.jpg"]],
        negative_graphs=["old/e.json"],
        candidate_images=["old/f.jpg"],
        candidate_graphs=[None, "old/f.json"],
        summarization="old/x.jpg",
        id="old/x",
    )
    wanted = json.loads(json.dumps(row).replace('"old/', '"new/'))
    for kept in ("summarization", "id"):
        wanted[kept] = row[kept]
    for talk in (wanted["messages"], wanted["positive_messages"][0]):
        talk[0]["content"][0] = parts[0]
    assert rewritten_row(tmp_path, row, "old=new") == wanted


@pytest.mark.parametrize(
    "row",
    [
        case(candidates=["old/Oak St", "old/Pine Rd"], ground_truth="old/Pine Rd"),
        case(candidates=["Bus stop / shelter", "Oak St"], ground_truth="Oak St"),
        case(candidates=["old/a.jpg", "a text about old/b"], ground_truth="old/a.jpg"),
        case(messages=user("old/a.jpg"), ground_truth_idx=1),
    ],
)
def test_text_candidates_are_never_touched(tmp_path: Path, row: dict[str, Any]) -> None:
    assert rewritten_row(tmp_path, {**row, "images": "old/a.jpg"}, "old=new", "*=new") == {**row, "images": "new/a.jpg"}


def test_picture_candidates_and_the_right_one_change_together(tmp_path: Path) -> None:
    row = retrieval(
        candidates=["old/a.jpg", "old/b.JPG"], ground_truth="old/b.JPG", candidate_images=["old/a.jpg", "b"]
    )
    new = rewritten_row(tmp_path, row, "old=new")
    assert new["candidates"] == ["new/a.jpg", "new/b.JPG"]
    assert new["ground_truth"] == "new/b.JPG"
    assert new["candidate_images"] == ["new/a.jpg", "b"]


def test_the_right_one_follows_candidate_images_that_stand_alone(tmp_path: Path) -> None:
    row = retrieval(candidates=None, candidate_images=["old/a.jpg", "old/b.jpg"], ground_truth="old/b.jpg")
    assert rewritten_row(tmp_path, row, "old=new")["ground_truth"] == "new/b.jpg"


def test_everything_else_stays_byte_for_byte(tmp_path: Path) -> None:
    line = (
        b' { "z":1.10, "id" : 123456789012345678901234567890, "x":1e400,"y":-0.0, "messages":[],'
        b'"t":"\\u00e9\xc3\xa9\\/", "images":[ "old/a.jpg","old/\\u00e9.jpg" , "old/\xc3\xa9.jpg","keep.jpg" ] }\r\n'
    )
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n" + line + b'\n{"text": "untouched",  "images": "else.jpg"}')
    done = rewrite(file, "old=n\u00e9w")
    new = line.replace(b'"old/\xc3\xa9', b'"n\xc3\xa9w/\xc3\xa9').replace(b'"old/', b'"n\\u00e9w/')
    assert done.files[0].read_bytes() == b"\n" + new + b'\n{"text": "untouched",  "images": "else.jpg"}'
    assert (done.rows, done.rows_changed, done.names, done.unmatched) == (2, 1, 5, 2)
    assert done.by_rule == {"old=n\u00e9w": 3}


BROKEN = [
    b"{",
    b"[1]",
    b'"old/a.jpg"',
    b'{"images": "old/\xff.jpg"}',
    b'{"images": "old/a.jpg", "images": "old/b.jpg"}',
    b'{"images":' + b"[" * 100_000 + b'"old/a.jpg"' + b"]" * 100_000 + b"}",
    b'\xef\xbb\xbf{"images": "old/a.jpg"}',
]


def test_lines_that_are_no_rows_are_copied_and_counted(tmp_path: Path) -> None:
    file = write_rows(tmp_path, *BROKEN, {"images": "old/a.jpg"})
    done = rewrite(file, "old=new")
    assert done.files[0].read_bytes().splitlines() == [*BROKEN, b'{"images":"new/a.jpg"}']
    assert (done.rows, done.not_rows) == (1, len(BROKEN))


def test_a_number_of_100_000_digits_stays(tmp_path: Path) -> None:
    line = b'{"n":' + b"7" * 100_000 + b',"images":"old/a.jpg"}'
    assert rewrite(write_rows(tmp_path, line), "old=new").files[0].read_bytes() == line.replace(b"old", b"new") + b"\n"


def test_a_name_with_half_a_character_is_written_as_it_came(tmp_path: Path) -> None:
    file = write_rows(tmp_path, b'{"images":"old/\\ud800\xc3\xa9.jpg"}')
    [line] = rewrite(file, "old=new").files[0].read_bytes().splitlines()
    assert json.loads(line)["images"] == "new/\ud800\u00e9.jpg"


def test_a_picture_written_out_is_no_name(tmp_path: Path) -> None:
    row = stage2(images=["data:image/png;base64,AA/BB", "x/a.jpg", " "], graphs=["a\0b"])
    new = rewritten_row(tmp_path, row, "*=new")
    assert new["images"] == ["data:image/png;base64,AA/BB", "new/a.jpg", " "]
    assert new["graphs"] == ["a\0b"]


def test_the_first_rule_that_fits_counts(tmp_path: Path) -> None:
    file = write_rows(tmp_path, {"images": ["a/b/1.jpg", "a/2.jpg", "c/3.jpg"]})
    done = rewrite(file, "a/b=x", "a=y", "*=z")
    assert json.loads(done.files[0].read_bytes())["images"] == ["x/1.jpg", "y/2.jpg", "z/3.jpg"]
    assert done.by_rule == {"a/b=x": 1, "a=y": 1, "*=z": 1}


def test_names_that_become_one_are_told(tmp_path: Path) -> None:
    file = write_rows(tmp_path, {"images": ["x/1.jpg", "y/1.jpg", "y/2.jpg", "x/1.jpg"]})
    done = rewrite(file, "*=all")
    assert done.merged == 1
    assert done.merged_example == "'x/1.jpg' and 'y/1.jpg' became 'all/1.jpg'"


def test_nothing_that_fits_is_refused_and_leaves_no_folder(tmp_path: Path) -> None:
    file = write_rows(tmp_path, {"images": ["x/1.jpg", "y/2.jpg"]})
    with pytest.raises(DataError) as refusal:
        rewrite(file, "/mydata=images", "img=images")
    assert refusal.value.code == "fix-paths-nothing"
    assert "/mydata=images or img=images: 2 names in 1 row file(s)" in refusal.value.message
    assert refusal.value.hint == "names start like 'x/1.jpg', 'y/2.jpg'"
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_without_names_or_row_files_it_is_said_what_is_missing(tmp_path: Path) -> None:
    for files, hint in (([write_rows(tmp_path, {"text": "a"})], "name no pictures"), ([], "only row files (.jsonl)")):
        with pytest.raises(DataError) as refusal:
            rewrite_paths(files, tmp_path / "out", rules=[PathRule.parse("old=new")])
        assert refusal.value.code == "fix-paths-nothing"
        assert hint in refusal.value.hint


def test_an_existing_folder_is_not_written_into(tmp_path: Path) -> None:
    file = write_rows(tmp_path, {"images": "old/1.jpg"})
    before = file.read_bytes()
    with pytest.raises(StoreError) as refusal:
        rewrite_paths([file], tmp_path, rules=[PathRule.parse("old=new")])
    assert refusal.value.code == "output-exists"
    assert file.read_bytes() == before


def test_the_folder_says_how_it_was_made(tmp_path: Path) -> None:
    rewrite(write_rows(tmp_path, {"images": "old/1.jpg"}), "old=new")
    assert read_manifest(tmp_path / "out", kind="rows", verify=True) == {"rules": ["old=new"]}


def test_row_files_are_found_once_and_lists_beside_a_manifest_are_none(tmp_path: Path) -> None:
    for folder in ("done", "rows", ".hidden"):
        (tmp_path / folder).mkdir()
        for name in ("rows.jsonl", "rejects.jsonl", "notes.txt"):
            (tmp_path / folder / name).write_text("{}\n")
    (tmp_path / "done" / "manifest.json").write_text('{"kind": "clean-rows"}')
    wanted = ["done/rows.jsonl", "rows/rejects.jsonl", "rows/rows.jsonl"]
    assert row_files([tmp_path, tmp_path / "rows"]) == [tmp_path / name for name in wanted]
    assert row_files([tmp_path / "done" / "rejects.jsonl"]) == [tmp_path / "done" / "rejects.jsonl"]
    with pytest.raises(DataError) as refusal:
        row_files([tmp_path, tmp_path / "gone"])
    assert refusal.value.code == "file-missing"


def test_files_of_one_name_keep_their_folders(tmp_path: Path) -> None:
    for folder in ("b/train", "b/test"):
        (tmp_path / folder).mkdir(parents=True)
    files = [write_rows(tmp_path / "b" / folder, {"images": "old/1.jpg"}) for folder in ("test", "train")]
    assert output_names(files) == {files[0]: Path("test/rows.jsonl"), files[1]: Path("train/rows.jsonl")}
    assert output_names(files[:1]) == {files[0]: Path("rows.jsonl")}
    done = rewrite_paths(files, tmp_path / "out", rules=[PathRule.parse("old=new")])
    assert done.files == (tmp_path / "out" / "test" / "rows.jsonl", tmp_path / "out" / "train" / "rows.jsonl")
    assert done.files[1].read_bytes() == b'{"images":"new/1.jpg"}\n'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def slow_strings(value: Any, steps: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], str]]:
    """The obvious twin of `string_values`: a walk over the decoded value."""
    if isinstance(value, str):
        return [(steps, value)]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, entry in inner for found in slow_strings(entry, (*steps, key))]


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.booleans(), st.sampled_from([None, 1]))
def test_strings_are_found_where_they_stand(value: dict[str, Any], is_ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    found = [(each.steps, json.loads(text[each.start : each.end])) for each in string_values(text)]
    assert found == slow_strings(value)


@given(st.text(), st.text())
def test_a_string_is_written_so_that_it_reads_the_same(text: str, like: str) -> None:
    assert json.loads(json_string(text, like=like)) == text


@pytest.mark.parametrize("data", BROKEN)
def test_what_is_no_object_with_distinct_keys_is_not_read(data: bytes) -> None:
    assert read_object(data) is None


NAMES = st.sampled_from(["old/a.jpg", "old/b.png", "new/a.jpg", "c.jpg", "old", "", "text / old"])


@given(
    st.dictionaries(
        st.sampled_from(["images", "graphs", "candidates", "ground_truth", "candidate_images", "text", "id"]),
        NAMES | st.lists(NAMES | st.none() | st.lists(NAMES, max_size=2), max_size=3),
        max_size=5,
    )
)
def test_rewriting_agrees_with_a_walk_over_the_decoded_row(
    tmp_path_factory: pytest.TempPathFactory, row: dict[str, Any]
) -> None:
    wanted = copy.deepcopy(row)
    move: Callable[[str], str] = lambda name: f"new/{name[4:]}" if name.startswith("old/") else name  # noqa: E731
    for key in ("images", "graphs", "candidate_images"):
        if key in wanted:
            wanted[key] = deep(move, wanted[key])
    names = row.get("candidates") or row.get("candidate_images")
    if isinstance(names, list) and all(isinstance(name, str) and name.endswith((".jpg", ".png")) for name in names):
        for key in ("candidates", "ground_truth"):
            if isinstance(wanted.get(key), list if key == "candidates" else str):
                wanted[key] = deep(move, wanted[key])
    marker = {"images": "old/marker.jpg"}
    file = write_rows(tmp_path_factory.mktemp("rewrite"), row, marker)
    line = rewrite(file, "old=new").files[0].read_bytes().splitlines()[0]
    assert json.loads(line) == wanted


def deep(change: Callable[[str], str], value: Any) -> Any:
    if isinstance(value, list):
        return [deep(change, entry) for entry in value]
    return change(value) if isinstance(value, str) else value
