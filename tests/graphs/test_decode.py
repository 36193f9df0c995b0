"""JSON is read to the last bit and digit, or refused with a code."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.archives import write_archive
from ugembed.errors import DataError, GraphError
from ugembed.graphs.decode import MAX_DEPTH, MAX_FILE_BYTES, decode, graph_bytes
from ugembed.graphs.faults import GraphFileError

KEYS = st.text(st.characters(codec="utf-8"), max_size=6)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | KEYS
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
FLAT = '{"nodes":[{"node_id":"1","coords":[1,2]}],"edges":[],%s}'
"""A graph in whose place for more keys something may stand."""


def refusal(data: bytes) -> GraphFileError:
    with pytest.raises(GraphFileError) as caught:
        decode(data)
    assert caught.value.hint
    return caught.value


def nested(depth: int) -> bytes:
    """A list inside a list …, ``depth`` of them."""
    return b"[" * depth + b"]" * depth


@settings(max_examples=500, deadline=None)
@given(
    value=VALUES, indent=st.sampled_from([None, 1]), is_ascii=st.booleans(), colon=st.sampled_from([":", " :", "\n: "])
)
def test_any_value_is_read_as_the_standard_library_reads_it(
    value: Any, indent: int, is_ascii: bool, colon: str
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii, separators=(",", colon))
    assert same(decode(text.encode()), value)


def same(one: Any, other: Any) -> bool:
    """Equal in value, type, sign and bits, and in the order of keys."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and (not isinstance(one, float) or math.copysign(1, one) == math.copysign(1, other))


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (b'\xef\xbb\xbf{"nodes": []}', "json-bom", ""),
        (b"", "graph-broken", ""),
        (b"{", "graph-broken", ""),
        (b"\x80\x04", "graph-broken", ""),
        (b'{"a": NaN}', "graph-broken", ""),
        (b"[-Infinity]", "graph-broken", ""),
        (b"[1e999]", "graph-broken", ""),
        (b"[" + b"9" * 100_000 + b"]", "graph-broken", ""),
        (b'["\xff"]', "graph-broken", ""),
        (b'["\\ud800"]', "graph-broken", ""),
        (b'["\x00"]', "graph-broken", ""),
        (b"[1] [2]", "graph-broken", ""),
        ('["a"]'.encode("utf-16"), "graph-broken", ""),
        (nested(MAX_DEPTH + 1), "json-depth", ""),
        (nested(600), "json-depth", ""),
        (nested(1_000_000), "json-depth", ""),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json-depth", ""),
        (FLAT.replace("%s", '"a":' + nested(200).decode()).encode(), "json-depth", ""),
        (b'{"a": 1, "a": 1}', "json-duplicate-key", ""),
        (b'{"a" : 1, "a" : 1, "b": "\\":\\":"}', "json-duplicate-key", ""),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "json-duplicate-key", "a"),
        (b'[{"x y": [{}, {"b": 1, "\\u0062": 3}]}]', "json-duplicate-key", "[0].'x y'[1]"),
        (b'{"nodes":[{"node_id":"1","node_id":"2"}],"edges":[]}', "json-duplicate-key", "nodes[0]"),
        (b'{"nodes":[],"edges":[{"source":"1"},{"source":"1","source":"1"}]}', "json-duplicate-key", "edges[1]"),
        (b'{"nodes":[],"edges":[],"edges":[]}', "json-duplicate-key", ""),
        (b'{"nodes":[],"edges":[],"a":{"b":1,"b":2}}', "json-duplicate-key", "a"),
        (b'{"nodes":[],"edges":[],"a" :1,"a" :"\\":"}', "json-duplicate-key", ""),
        (b'{"nodes":[],"edges":[],"a"\n:1,"a":"\\":"}', "json-duplicate-key", ""),
    ],
)
def test_what_is_not_exactly_json_is_refused_with_its_code(data: bytes, code: str, where: str) -> None:
    error = refusal(data)
    assert (error.code, error.field) == (code, where)
    assert len(error.message) < 200


def test_a_million_keys_are_fine_and_a_pair_among_them_is_found() -> None:
    keys = ",".join(f'"k{k}":{k}' for k in range(1_000_000))
    assert len(decode(f"{{{keys}}}".encode())) == 1_000_000
    assert refusal(f'{{{keys},"k77":1}}'.encode()).code == "json-duplicate-key"


def test_nesting_up_to_the_limit_is_fine() -> None:
    assert decode(nested(MAX_DEPTH)) == json.loads(nested(MAX_DEPTH))


def is_read(data: bytes) -> bool:
    try:
        decode(data)
    except GraphFileError as error:
        return error.code == "json-duplicate-key"  # JSON, but not for us
    return True


@pytest.mark.real_data
def test_the_json_suite_is_read_as_it_wants(shared_data: Path) -> None:
    """``y_…`` is JSON and ``n_…`` is not; ``i_…`` may be either."""
    files = {path.name: path.read_bytes() for path in (shared_data / "badinput" / "json").glob("[yn]_*.json")}
    assert len(files) > 100
    assert {name for name, data in files.items() if is_read(data) != name.startswith("y_")} == set()


def test_a_pickle_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    for name in ("a.pkl", "a.PICKLE"):
        with pytest.raises(GraphError) as caught:
            graph_bytes(tmp_path / name)
        assert caught.value.code == "graph-pickle"
        assert "ugembed import-graphs" in caught.value.hint


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(GraphError) as caught:
        graph_bytes(tmp_path / "a.json")
    assert caught.value.code == "graph-too-large"


def test_a_file_that_is_not_there_is_missing_and_a_broken_shard_is_broken(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", [("a.json", orjson.dumps({}))])
    assert graph_bytes(tmp_path / "a.zip" / "a.json") == b"{}"
    (tmp_path / "b.zip").write_bytes(b"PK")
    for name, code in (
        ("a.json", "graph-missing"),
        ("a.zip/b.json", "graph-missing"),
        ("b.zip/a.json", "archive-broken"),
    ):
        with pytest.raises(DataError) as caught:
            graph_bytes(tmp_path / name)
        assert caught.value.code == code
