"""Files that are not OSM, torn, corrupt or malicious: a coded refusal, never a hang or a crash."""

from __future__ import annotations

import bz2
import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import osmium
import pytest

from tests.graphs.drawn_maps import write_map
from ugembed.errors import GraphError
from ugembed.graphs.maps.osm.read import read_osm

READER = """
import json, resource, sys
from pathlib import Path
from ugembed.errors import GraphError
from ugembed.graphs.maps.osm.read import read_osm

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
for line in sys.stdin:
    try:
        city = read_osm(Path(line.strip()))
        said = f"read {len(city.links)} {[place.name for place in city.places][:1]}"
    except GraphError as error:
        said = error.code
    print(json.dumps([line.strip(), said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]), flush=True)
"""
PACKERS: dict[str, Callable[[bytes], bytes]] = {".osm": bytes, ".osm.gz": gzip.compress, ".osm.bz2": bz2.compress}


def read_apart(files: list[Path], timeout_s: float = 60.0) -> dict[str, tuple[str, int]]:
    """What a process of its own says of every file, and its peak memory in MiB by then: osmium is not Python."""
    names = "\n".join(map(str, files)) + "\n"
    command = [sys.executable, "-c", READER]
    run = subprocess.run(command, input=names, capture_output=True, text=True, timeout=timeout_s, check=True)
    said = [json.loads(line) for line in run.stdout.splitlines()]
    return {Path(name).name: (what, kilobytes // 1024) for name, what, kilobytes in said}


def plain_pbf(tmp_path: Path) -> bytes:
    """The drawn map as PBF without compression, so that changed bytes reach the decoder."""
    path = tmp_path / "plain.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,pbf_compression=none")) as writer:
        osmium.apply(osmium.io.Reader(str(write_map(tmp_path / "plain.osm"))), writer)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("text.osm.pbf", b"hello"),
        ("text.osm", b"hello"),
        ("empty.osm", b""),
        ("empty.osm.gz", b""),
        ("empty.osm.bz2", b""),
        ("page.osm", b"<html></html>"),
        ("map.txt", b"<osm></osm>"),
        ("map.osm.xz", b"<osm></osm>"),
        ("-", b"<osm></osm>"),
        ("text.osm.gz", b"hello"),
        ("text.osm.bz2", b"hello"),
        ("xml.osm.pbf", b'<?xml version="1.0"?><osm version="0.6"></osm>'),
        ("old.osm", b'<osm version="0.5"></osm>'),
        ("two.osm", b'<osm version="0.6"></osm><osm version="0.6"></osm>'),
        ("id.osm", b'<osm version="0.6"><node id="x" version="1" lon="1" lat="1"/></osm>'),
        ("huge.osm", b'<osm version="0.6"><node id="92233720368547758070" version="1" lon="1" lat="1"/></osm>'),
        ("place.osm", b'<osm version="0.6"><node id="1" version="1" lon="east" lat="1"/></osm>'),
        ("time.osm", b'<osm version="0.6"><node id="1" version="1" lon="1" lat="1" timestamp="soon"/></osm>'),
        ("latin.osm", b'<osm version="0.6"><node id="1" lon="1" lat="1"><tag k="name" v="\xe9"/></node></osm>'),
        ("long.osm", b'<osm version="0.6"><node id="1"><tag k="name" v="' + b"x" * 5000 + b'"/></node></osm>'),
    ],
)
def test_a_file_that_is_not_osm_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(GraphError, match=name) as caught:
        read_osm(tmp_path / name)
    assert caught.value.code == "osm-broken"


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_file_torn_anywhere_is_refused(tmp_path: Path, suffix: str) -> None:
    packed = PACKERS[suffix](write_map(tmp_path / "whole.osm").read_bytes().rstrip())
    for share in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        (tmp_path / f"torn{suffix}").write_bytes(packed[: int(len(packed) * share)])
        with pytest.raises(GraphError) as caught:
            read_osm(tmp_path / f"torn{suffix}")
        assert caught.value.code == "osm-broken"


@pytest.mark.real_data
def test_a_torn_pbf_is_refused(shared_data: Path, tmp_path: Path) -> None:
    data = (shared_data / "osm" / "singapore-bayfront" / "bayfront_singapore.osm.pbf").read_bytes()
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        (tmp_path / "torn.osm.pbf").write_bytes(data[: int(len(data) * share)])
        with pytest.raises(GraphError) as caught:
            read_osm(tmp_path / "torn.osm.pbf")
        assert caught.value.code == "osm-broken"


@pytest.mark.parametrize("name", ["nowhere.osm.pbf", "folder.osm"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.osm").mkdir()
    with pytest.raises(GraphError) as caught:
        read_osm(tmp_path / name)
    assert caught.value.code == "osm-missing"


def test_letters_that_are_no_utf_8_in_a_pbf_are_refused(tmp_path: Path) -> None:
    data = plain_pbf(tmp_path)
    assert data.count(b"Blue Cup") == 1
    (tmp_path / "bad.osm.pbf").write_bytes(data.replace(b"Blue Cup", b"Blue C\xffp"))
    with pytest.raises(GraphError) as caught:
        read_osm(tmp_path / "bad.osm.pbf")
    assert caught.value.code == "osm-broken"


def test_corrupt_files_of_all_kinds_are_read_or_refused(tmp_path: Path) -> None:
    rng = random.Random(0)
    text = write_map(tmp_path / "whole.osm").read_bytes()
    whole = {".osm.pbf": plain_pbf(tmp_path)} | {suffix: pack(text) for suffix, pack in PACKERS.items()}
    files = []
    for number in range(100):
        suffix = list(whole)[number % 4]
        data = bytearray(whole[suffix])
        for _ in range(rng.choice((1, 1, 3, 10))):
            place = rng.randrange(len(data))
            data[place : place + rng.choice((0, 1, 1, 8))] = rng.randbytes(rng.choice((0, 1, 1, 4)))
        files.append(tmp_path / f"{number}{suffix}")
        files[-1].write_bytes(data)
    said = read_apart(files)
    assert len(said) == len(files)
    assert all(what in ("osm-broken", "osm-negative-id") or what.startswith("read ") for what, _ in said.values())
    assert sum(what == "osm-broken" for what, _ in said.values()) > 25


def test_entities_are_refused_and_nothing_outside_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    tags = '<tag k="name" v="a{}"/><tag k="amenity" v="cafe"/>'
    body = f'<osm version="0.6"><node id="1" version="1" lon="1" lat="1">{tags}</node></osm>'
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    heads = {
        "laughs.osm": (f'<!DOCTYPE osm [<!ENTITY l0 "ha">{laughs}]>', "&l9;"),
        "outside.osm": (f'<!DOCTYPE osm [<!ENTITY x SYSTEM "file://{secret}">]>', "&x;"),
        "grammar.osm": (f'<!DOCTYPE osm SYSTEM "file://{secret}">', "&x;"),
    }
    for name, (head, use) in heads.items():
        (tmp_path / name).write_text(f'<?xml version="1.0"?>{head}{body.format(use)}', encoding="utf-8")
    said = {name: what for name, (what, _) in read_apart([tmp_path / name for name in heads]).items()}
    assert said == {"laughs.osm": "osm-broken", "outside.osm": "osm-broken", "grammar.osm": "read 0 ['a']"}


def test_what_swells_when_unpacked_takes_no_more_memory(tmp_path: Path) -> None:
    small = write_map(tmp_path / "small.osm").read_bytes().rstrip()
    space = gzip.compress(b" " * 10_000_000, 9)
    head, tail = small.removesuffix(b"</osm>"), b"</osm>"
    swollen = gzip.compress(head) + space * 12 + gzip.compress(tail)
    assert len(swollen) < 300_000
    (tmp_path / "swollen.osm.gz").write_bytes(swollen)
    (tmp_path / "nothing.osm.gz").write_bytes(space * 12)
    (tmp_path / "nothing.osm.bz2").write_bytes(bz2.compress(b" " * 10_000_000) * 12)
    order = ["small.osm", "swollen.osm.gz", "nothing.osm.gz", "nothing.osm.bz2"]
    said = read_apart([tmp_path / name for name in order])
    assert [said[name][0] for name in order] == [*["read 7 ['Blue Cup']"] * 2, "osm-broken", "osm-broken"]
    assert said["nothing.osm.bz2"][1] - said["small.osm"][1] < 60
