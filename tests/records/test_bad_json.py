"""JSON that is broken, odd or hostile is taken or refused with a code: as every kind of row, and as a graph."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from tests.conftest import SHARED
from tests.records.helpers import case, stage1
from ugembed.errors import GraphError
from ugembed.graphs.schema import UrbanGraph
from ugembed.graphs.validate import ValidateConfig, validate_files

SUITE = sorted((SHARED / "badinput" / "json").glob("*.json"))
NODE = {"node_id": "a", "coords": [103.85, 1.3], "node_text": "Name: mapillary image"}
SOUND = {
    "training": stage1(images=[], messages=[{"role": "user", "content": "Where?"}]),
    "benchmark": case(images=None, messages=[{"role": "user", "content": "Where?"}]),
    "embed": {"text": "a brick house"},
    "graph": {"nodes": [NODE], "edges": [], "center_node": "a"},
}
KINDS = [*SOUND]


def with_extra(kind: str, value: bytes) -> bytes:
    """A sound row or graph with one more field, whose value is given as it is written."""
    return orjson.dumps(SOUND[kind])[:-1] + b',"extra":' + value + b"}"


def codes(kind: str, data: bytes, folder: Path) -> set[str]:
    """Codes of the errors of one file that holds ``data``; no file at all may bring the program down."""
    path = folder / ("rows.json" if kind == "graph" else "rows.jsonl")
    path.write_bytes(data)
    report = validate_files(ValidateConfig(paths=(path,)))
    assert all(problem.code and problem.message for problem in report.problems)
    return {problem.code for problem in report.problems if problem.severity == "error"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [b"[]", b"null", b'{"a": [1, "\xc3\xa9"]}'])
def test_an_extra_field_by_itself_is_no_error(kind: str, value: bytes, tmp_path: Path) -> None:
    assert codes(kind, with_extra(kind, value), tmp_path) == set()


@pytest.mark.real_data
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [path.name for path in SUITE])
def test_the_json_suite_inside_a_row_or_graph(name: str, kind: str, tmp_path: Path) -> None:
    """What must be accepted is, but for keys written twice; what must be refused is; the rest is one of the two."""
    value = (SHARED / "badinput" / "json" / name).read_bytes()
    is_valid = name.startswith("y_")
    found = codes(kind, with_extra(kind, value.strip() if is_valid else value), tmp_path)
    if is_valid:
        assert found <= ({"json-duplicate-key"} if "duplicated_key" in name else set())
    elif name.startswith("n_"):
        assert found


@pytest.mark.real_data
@pytest.mark.parametrize("name", [path.name for path in SUITE])
def test_the_json_suite_as_whole_files(name: str, tmp_path: Path) -> None:
    """None of its files is a row or a graph, not even the valid ones: each is refused, whatever it is taken for."""
    data = (SHARED / "badinput" / "json" / name).read_bytes()
    assert codes("graph", data, tmp_path)
    assert codes("embed", data, tmp_path)


@pytest.mark.real_data
def test_the_json_suite_is_there() -> None:
    assert [sum(path.name.startswith(letter) for path in SUITE) > 10 for letter in "yni"] == [True] * 3


DEEP = 1_000_000
REFUSED = {
    "depth of a million": (b"[" * DEEP + b"]" * DEEP, "json-broken"),
    "depth of a million, unclosed": (b'{"a":' * DEEP, "json-broken"),
    "NaN": (b"NaN", "json-broken"),
    "Infinity": (b"-Infinity", "json-broken"),
    "a number beyond all": (b"1e999", "json-broken"),
    "invalid UTF-8": (b'"\xff"', "json-broken"),
    "an overlong NUL": (b'"\xc0\x80"', "json-broken"),
    "half a surrogate": (b'"\\ud800"', "json-broken"),
    "NUL": (b'"a\0"', "json-broken"),
    "a key twice": (b'{"a": 1, "a": 2}', "json-duplicate-key"),
    "a key twice, written differently": (b'{"a": 1, "\\u0061": 1}', "json-duplicate-key"),
    "a comment": (b"1 // one", "json-broken"),
}
TAKEN = {
    "an integer of 10^5 digits": b"9" * 100_000,
    "a million keys": b"{" + b",".join(b'"%d":0' % number for number in range(1_000_000)) + b"}",
    "a million numbers": b"[" + b"0," * 999_999 + b"0]",
    "an escaped NUL": b'"a\\u0000b"',
    "a whole surrogate pair": b'"\\ud83d\\ude00"',
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", REFUSED)
def test_hostile_json_is_refused_by_name(what: str, kind: str, tmp_path: Path) -> None:
    value, code = REFUSED[what]
    start = time.process_time()
    if kind == "graph" and code == "json-broken":
        code = "json-depth" if what.startswith("depth") else "graph-broken"
    assert code in codes(kind, with_extra(kind, value), tmp_path)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", TAKEN)
def test_large_and_odd_but_valid_json_is_taken_or_refused(what: str, kind: str, tmp_path: Path) -> None:
    start = time.process_time()
    assert codes(kind, with_extra(kind, TAKEN[what]), tmp_path) <= {"json-broken", "graph-broken"}
    assert time.process_time() - start < 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_the_row_itself_written_twice_is_refused(kind: str, tmp_path: Path) -> None:
    first = next(iter(SOUND[kind]))
    doubled = orjson.dumps(SOUND[kind])[:-1] + b"," + orjson.dumps(first) + b": null}"
    assert "json-duplicate-key" in codes(kind, doubled, tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_byte_order_mark_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    assert codes(kind, b"\xef\xbb\xbf" + orjson.dumps(SOUND[kind]), tmp_path) == {"json-bom"}


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\n\n", b"\n  \n"], ids=["lf", "crlf", "blank", "spaces"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_blank_lines_do_not_matter(ends: bytes, last: bool, tmp_path: Path) -> None:
    rows = [orjson.dumps({"id": str(number), "text": f"house {number}"}) for number in range(3)]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(ends.join(rows) + (ends if last else b""))
    report = validate_files(ValidateConfig(paths=(path,)))
    assert (report.problems, report.rows) == ((), {"embed": 3})


@pytest.mark.parametrize("data", [b"", b"\n", b"   ", b"\0", b"null", b"[]", b"{", b"\xff\xfe{\0}\0"])
def test_what_is_no_graph_is_refused_when_read(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(data)
    with pytest.raises(GraphError, match=r"graph\.json"):
        UrbanGraph.read(path)


PEAK = """
import resource, sys
from pathlib import Path
from ugembed.graphs.validate import ValidateConfig, validate_files

def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

validate_files(ValidateConfig(paths=(Path(sys.argv[1]),), workers=1))
before = peak_mib()
report = validate_files(ValidateConfig(paths=(Path(sys.argv[2]),), workers=1))
print(report.problems[0].code, report.problems[0].line, report.errors, sum(report.rows.values()), peak_mib() - before)
"""


@pytest.mark.slow
def test_a_line_of_two_gibibytes_is_refused_and_never_held(tmp_path: Path) -> None:
    """A sparse file: a sound row, a line of 2 GiB, a sound row. Read on to the end, in the memory of a few blocks."""
    small, huge = tmp_path / "small.jsonl", tmp_path / "huge.jsonl"
    small.write_bytes(orjson.dumps(SOUND["embed"]) + b"\n")
    with huge.open("wb") as file:
        file.write(small.read_bytes())
        file.truncate(2 << 30)
        file.seek(2 << 30)
        file.write(b"\n" + b'{"text": "another"}\n')
    start = time.process_time()
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(small), str(huge)], capture_output=True, text=True, timeout=60, check=True
    )
    code, line, errors, rows, grown_mib = done.stdout.split()
    assert (code, line, errors, rows) == ("line-too-long", "2", "1", "3")
    assert float(grown_mib) < 192
    assert time.process_time() - start < 30
