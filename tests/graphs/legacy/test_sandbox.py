"""A pickle is read in another process, which no file outlives its limits in."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from tests.graphs.legacy.pickles import reference_graph, touching, write_pickle
from ugembed.errors import GraphError
from ugembed.graphs.legacy.sandbox import Limits, Sandbox
from ugembed.graphs.legacy.worker import read_document

MIB = 1 << 20


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_pickle(tmp_path / "sound.pkl", {"subgraph": reference_graph(), "center_nodes": [1]})


def refusal(sandbox: Sandbox, path: Path) -> GraphError:
    with pytest.raises(GraphError) as caught:
        sandbox.read(path)
    assert caught.value.message.startswith(f"{path}: ")
    assert caught.value.hint
    return caught.value


def big(path: Path) -> Path:
    """200,000 nodes: about a second of work and over 100 MiB of objects."""
    graph = nx.Graph()
    graph.add_nodes_from((i, {"coords": (0.5, i / 1e6), "node_text": f"Name: {i}"}) for i in range(200_000))
    return write_pickle(path, graph)


def test_it_gives_what_is_read_in_this_process(sandbox: Sandbox, sound: Path) -> None:
    here: dict[str, Any] = read_document(sound.read_bytes())
    there = sandbox.read(sound)
    assert there["nodes"] == [list(node) for node in here["nodes"]]
    assert there["edges"] == [list(edge) for edge in here["edges"]]
    assert {key: there[key] for key in ("kind", "merged", "sha256")} == {
        key: here[key] for key in ("kind", "merged", "sha256")
    }


def test_odd_names_reach_the_worker(sandbox: Sandbox, sound: Path) -> None:
    odd = sound.rename(sound.with_name('a "b"\n\\ö\udcff.pkl'))
    assert sandbox.read(odd)["kind"] == "Graph"


def test_what_the_worker_refuses_comes_with_path_code_and_hint_and_it_works_on(
    sandbox: Sandbox, sound: Path, tmp_path: Path
) -> None:
    target = tmp_path / "touched"
    evil = write_pickle(tmp_path / "evil.pkl", touching(target)["in a graph"])
    worker = sandbox.read(sound) and sandbox._worker
    assert refusal(sandbox, evil).code == "pickle-forbidden"
    assert not target.exists()
    assert sandbox.read(sound)["kind"] == "Graph"
    assert sandbox._worker is worker


@pytest.mark.parametrize(("content", "says"), [(b"", "0 bytes"), (b"N.", "2 bytes"), (bytes(200), "not a whole")])
def test_files_that_are_empty_short_or_something_else_are_broken(
    sandbox: Sandbox, content: bytes, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.pkl"
    path.write_bytes(content)
    error = refusal(sandbox, path)
    assert error.code == "pickle-broken"
    assert says in error.message


def test_what_is_no_file_is_not_opened(sandbox: Sandbox, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.pkl", Path("/dev/zero")):
        assert refusal(sandbox, path).code == "unreadable"


def test_too_large_a_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "large.pkl"
    with path.open("wb") as file:
        file.truncate(512 * MIB + 1)
    with Sandbox() as sandbox:
        assert refusal(sandbox, path).code == "pickle-too-large"
        assert sandbox._worker is None


def test_a_pickle_that_takes_too_much_memory_is_refused_and_the_next_one_read(sound: Path, tmp_path: Path) -> None:
    with Sandbox(Limits(memory_bytes=80 * MIB)) as sandbox:
        assert sandbox.read(sound)["kind"] == "Graph"
        error = refusal(sandbox, big(tmp_path / "big.pkl"))
        assert error.code == "pickle-memory"
        assert "80 MiB" in error.message
        assert sandbox.read(sound)["kind"] == "Graph"


def test_a_pickle_that_takes_too_long_is_refused_and_the_next_one_read(sound: Path, tmp_path: Path) -> None:
    path = big(tmp_path / "big.pkl")
    with Sandbox(Limits(wall_s=0.4)) as sandbox:
        started = time.monotonic()
        assert refusal(sandbox, path).code == "pickle-timeout"
        assert time.monotonic() - started < 2
        sandbox.limits = Limits()
        assert sandbox.read(sound)["kind"] == "Graph"


def test_a_pickle_that_takes_too_much_processor_time_is_refused(sound: Path, tmp_path: Path) -> None:
    endless = tmp_path / "endless.pkl"
    endless.write_bytes(b"]" + b"0]" * 20_000_000 + b".")
    with Sandbox(Limits(cpu_s=1)) as sandbox:
        error = refusal(sandbox, endless)
        assert error.code == "pickle-timeout"
        assert "processor" in error.message
        assert sandbox.read(sound)["kind"] == "Graph"


def test_a_worker_that_dies_is_told_with_the_file_and_replaced(sound: Path) -> None:
    with Sandbox() as sandbox:
        sandbox.read(sound)
        assert sandbox._worker is not None
        sandbox._worker.kill()
        sandbox._worker.wait()
        error = refusal(sandbox, sound)
        assert error.code == "pickle-crashed"
        assert "-9" in error.message
        assert sandbox.read(sound)["kind"] == "Graph"


def test_the_worker_ends_with_the_sandbox(sound: Path) -> None:
    with Sandbox() as sandbox:
        sandbox.read(sound)
        worker = sandbox._worker
    assert worker is not None
    assert worker.poll() is not None


def test_the_worker_loads_nothing_from_the_current_folder_or_pythonpath(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hashlib.py").write_text("raise SystemExit('foreign code')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Sandbox() as sandbox:
        assert sandbox.read(sound)["kind"] == "Graph"


def test_pickles_of_a_sound_graph_are_never_as_short_as_what_is_refused() -> None:
    assert min(len(pickle.dumps({"subgraph": nx.Graph([("a", "b")])}, p)) for p in range(6)) >= 100
