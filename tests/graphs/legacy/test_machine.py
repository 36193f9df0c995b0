"""The machine reads what Python's own unpickler reads, and runs nothing of what that one would run."""

from __future__ import annotations

import io
import pickle
import random
import struct
from collections import OrderedDict, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphs.legacy.pickles import CLASSES, PROTOCOLS, mutated, reference_graph, touching, used
from ugembed.errors import GraphError
from ugembed.graphs.legacy.known import Made, Named, read_array
from ugembed.graphs.legacy.machine import read_inert
from ugembed.graphs.legacy.worker import read_document

TEXTS = st.text(st.characters(codec=None))  # half surrogate pairs included
KEYS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    KEYS | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.lists(inner).map(tuple),
    max_leaves=20,
)


def refusal(data: bytes) -> GraphError:
    with pytest.raises(GraphError) as caught:
        read_inert(data)
    return caught.value


@settings(max_examples=150, deadline=None)
@given(VALUES, st.sampled_from(PROTOCOLS))
def test_plain_values_come_out_as_python_reads_them(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol=protocol)
    mine, python = read_inert(data), pickle.loads(data)
    assert mine == python
    assert repr(mine) == repr(python)  # 1 is not True, 0.0 not -0.0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_sharing_and_loops_are_kept(protocol: int) -> None:
    shared = ["x"]
    loop: list[Any] = [shared, shared, {"again": shared}]
    loop.append((loop,))
    read = read_inert(pickle.dumps(loop, protocol=protocol))
    assert read[0] is read[1] is read[2]["again"]
    assert read[3][0] is read


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_sets_and_kinds_of_dicts_become_lists_and_dicts(protocol: int) -> None:
    value = [{3, 1}, set(), frozenset("a"), OrderedDict(b=1, a=2), defaultdict(dict, x={}), defaultdict(list)]
    read = read_inert(pickle.dumps(value, protocol=protocol))
    assert read == [[1, 3], [], ["a"], {"b": 1, "a": 2}, {"x": {}}, {}]
    assert {type(part) for part in read} == {list, dict}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("code", ["?", "b", "i2", "i4", "i8", "B", "u2", "u4", "u8", "f2", "f4", "f8", "U7"])
@pytest.mark.parametrize("order", "<>")
def test_numbers_and_texts_of_numpy_are_those_that_numpy_reads(code: str, order: str, protocol: int) -> None:
    array = np.array([0, 1, 99]).astype(np.dtype(order + code))
    read = read_inert(pickle.dumps([array, array[2], np.array(array[1])], protocol=protocol))
    values = [read_array(part) if isinstance(part, Made) else part for part in read]
    assert values == [array.tolist(), array[2].item(), array[1].item()]
    assert type(values[1]) is type(array[2].item())


def test_columns_of_a_bigger_array_are_read() -> None:
    """Such arrays lie in Fortran's order or not at all in one piece."""
    for array in (np.arange(6.0).reshape(3, 2)[:, 1], np.asfortranarray(np.arange(3.0))):
        for protocol in PROTOCOLS:
            read = read_inert(pickle.dumps(array, protocol=protocol))
            assert (read_array(read) if isinstance(read, Made) else read) == array.tolist()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", CLASSES)
def test_graphs_stay_names_and_states_even_with_their_views(kind: type[nx.Graph], protocol: int) -> None:
    graph = used(reference_graph(kind))
    read = read_inert(pickle.dumps(graph, protocol=protocol))
    assert isinstance(read, Made)
    assert read.name.endswith(f".{kind.__name__}")
    assert list(read.state["_node"]) == list(graph)
    assert {"nodes", "edges", "degree"} <= set(read.state)  # the views were there


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", touching(Path("x")))
def test_nothing_that_a_pickle_would_call_is_called(name: str, protocol: int, tmp_path: Path) -> None:
    target = tmp_path / "touched"
    error = refusal(pickle.dumps(touching(target)[name], protocol=protocol))
    assert error.code in ("pickle-forbidden", "pickle-broken")
    assert not target.exists()


def test_the_same_pickles_do_harm_when_python_reads_them(tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    target = tmp_path / "touched"
    pickle.loads(pickle.dumps(touching(target)["in a graph"]))
    assert target.exists()


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "pickle-forbidden", "os.system"),
        (b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93.", "pickle-forbidden", "os.system"),
        (b"(ios\nsystem\n.", "pickle-forbidden", "INST"),
        (b"(cbuiltins\ndict\no.", "pickle-forbidden", "OBJ"),
        (b"Pid\n.", "pickle-forbidden", "PERSID"),
        (b"NQ.", "pickle-forbidden", "BINPERSID"),
        (b"\x82\x01.", "pickle-forbidden", "EXT1"),
        (b"N2.", "pickle-forbidden", "DUP"),
        (b"\x80\x05\x97.", "pickle-forbidden", "NEXT_BUFFER"),
        (b"\x80\x02cbuiltins\ndict\n)\x81.", "pickle-forbidden", "networkx class"),
        (b"\x80\x04cnumpy\ndtype\n)}\x92.", "pickle-forbidden", "NEWOBJ_EX"),
        (b"cbuiltins\ndict\n)R.", "pickle-forbidden", "builtins.dict"),
        (b"ccopyreg\n_reconstructor\n(cnumpy\nndarray\ncbuiltins\nobject\nNtR.", "pickle-forbidden", "networkx class"),
        (b"cnetworkx.classes.graph\nGraph.__init__\n.", "pickle-forbidden", "Graph.__init__"),
        (b"cnumpy.core.multiarray\nfromfile\n.", "pickle-forbidden", "numpy._core.multiarray.fromfile"),
        (b"cshapely.io\nfrom_wkb\n.", "pickle-forbidden", "shapely.io.from_wkb"),
        (b"cbuiltins\ndict\n}S'__setstate__'\nNsb.", "pickle-forbidden", "STRING"),
        (b"cbuiltins\ndict\n}V__setstate__\nNsb.", "pickle-forbidden", "a state for a Named"),
        (b"]}V__class__\nNsb.", "pickle-forbidden", "a state for a list"),
        (b"\x80\x06N.", "pickle-broken", "protocol 6"),
        (b"I1\nI2\n.", "pickle-broken", "2 values"),
        (b"(N.", "pickle-broken", "instead of one"),
        (b".", "pickle-broken", "0 values"),
        (b"N", "pickle-broken", "whole pickle"),
        (b"N.N.", "pickle-broken", "2 bytes follow"),
        (b"g7\n.", "pickle-broken", "value 7"),
        (b"Na.", "pickle-broken", "not there"),
        (b"N(a.", "pickle-broken", "not there"),
        (b"NNa.", "pickle-broken", "appends to a NoneType"),
        (b"}NNNu.", "pickle-broken", "mark"),
        (b"}(Nu.", "pickle-broken", "without a value"),
        (b"}]Ns.", "pickle-broken", "a dict key is a list"),
        (b"PK\x03\x04" + bytes(100), "pickle-broken", "whole pickle"),
        (b"\x1f\x8b\x08" + bytes(100), "pickle-broken", "whole pickle"),
        (b"I" + b"9" * 5000 + b"\n.", "pickle-broken", "whole pickle"),
        (b"X" + struct.pack("<I", 10**9) + b"abc.", "pickle-broken", "whole pickle"),
        (b"\x8d" + struct.pack("<Q", 2**62) + b"abc.", "pickle-broken", "whole pickle"),
        (b"\x96" + struct.pack("<Q", 2**63) + b"abc.", "pickle-broken", "whole pickle"),
    ],
)
def test_tricks_of_the_language_are_refused(data: bytes, code: str, says: str) -> None:
    error = refusal(data)
    assert error.code == code
    assert says in error.message
    assert error.hint


def array_pickle(shape: tuple[int, ...], code: str, data: bytes, protocol: int = 2) -> bytes:
    """The pickle of an array with another shape, type and content than numpy would write."""
    made = pickle.dumps(np.zeros(3), protocol=protocol)
    parts = {"shape": pickle.dumps(shape, protocol)[2:-1], "data": pickle.dumps(data, 3)[2:-1]}
    assert b"K\x03\x85" in made
    return (
        b"\x80\x03cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01"
        + parts["shape"]
        + b"cnumpy\ndtype\n(X"
        + struct.pack("<I", len(code))
        + code.encode()
        + b"\x89\x88tR(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + parts["data"]
        + b"tb."
    )


@pytest.mark.parametrize(
    ("shape", "code", "data"),
    [
        ((2,), "f8", bytes(17)),
        ((10**9,), "f8", b""),
        ((10**9,), "U0", b""),
        ((-1,), "f8", b""),
        ((1, 1), "f8", bytes(8)),
        ((1,), "O8", bytes(8)),
        ((1,), "V8", bytes(8)),
        ((1,), "M8", bytes(8)),
        ((1,), "U1", b"\xff\xff\xff\xff"),
    ],
)
def test_arrays_that_lie_are_refused(shape: tuple[int, ...], code: str, data: bytes) -> None:
    assert read_array(read_inert(array_pickle((2,), "f8", struct.pack("<2d", 1.5, -2)))) == [1.5, -2.0]
    with pytest.raises(GraphError) as caught:
        read_array(read_inert(array_pickle(shape, code, data)))
    assert caught.value.code in ("pickle-forbidden", "pickle-broken")


def test_a_huge_place_in_the_memo_takes_no_memory() -> None:
    """Python's own unpickler makes room for all places up to it."""
    assert read_inert(b"Nr\xff\xff\xff\xff.") is None


@pytest.mark.parametrize(("opening", "closing"), [(b"]", b"a"), (b"", b"\x85")])
def test_a_million_levels_are_read_and_thrown_away(opening: bytes, closing: bytes) -> None:
    with pytest.raises(GraphError) as caught:
        read_document(opening * 1_000_000 + b"N" + closing * 1_000_000 + b".")
    assert caught.value.code == "pickle-content"


def test_names_are_only_names() -> None:
    named = read_inert(b"c__builtin__\ndict\n.")
    assert isinstance(named, Named)
    assert named.name == "builtins.dict"


def test_what_is_accepted_after_damage_is_what_python_would_read() -> None:
    """Where both accept a damaged pickle of plain values, they agree."""
    chance = random.Random(7)
    sound = [pickle.dumps([{"a": 1, "b": [2.5, None, "text" * 9]}, ("x", 3), 10**30], p) for p in PROTOCOLS]
    both = differ = 0
    for i in range(3_000):
        data = mutated(sound[i % len(sound)], chance)
        try:
            mine = read_inert(data)
        except GraphError:
            continue
        with suppress(Exception):  # ours asks for no frames, Python's for no end of the file
            python = _Plain(io.BytesIO(data)).load()
            both += 1
            differ += repr(mine) != repr(python)
    assert differ == 0
    assert both > 100


class _Plain(pickle._Unpickler):
    """Python's unpickler without any name; the one in C would make room for every place of a damaged memo."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name}")
