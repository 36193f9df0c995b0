"""The names that a pickled graph may hold, and what stands in for each of them.

Everything that networkx 2 and 3 write for a graph of plain attributes, under every protocol and after every use of the
graph: a graph keeps the views (``nodes``, ``edges``, ``degree``, ``adj``) that were asked of it, and pickles them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ugembed.errors import GraphError
from ugembed.graphs.legacy.numbers import unpack

GRAPHS = {
    "networkx.classes.graph.Graph": "Graph",
    "networkx.classes.digraph.DiGraph": "DiGraph",
    "networkx.classes.multigraph.MultiGraph": "MultiGraph",
    "networkx.classes.multidigraph.MultiDiGraph": "MultiDiGraph",
}
"""Full name to the class that `ugembed.graphs.legacy.document` knows."""

_VIEWS = (
    "reportviews.NodeView reportviews.EdgeView reportviews.OutEdgeView reportviews.InEdgeView "
    "reportviews.MultiEdgeView reportviews.OutMultiEdgeView reportviews.InMultiEdgeView "
    "reportviews.DegreeView reportviews.DiDegreeView reportviews.InDegreeView reportviews.OutDegreeView "
    "reportviews.MultiDegreeView reportviews.DiMultiDegreeView reportviews.InMultiDegreeView "
    "reportviews.OutMultiDegreeView coreviews.AtlasView coreviews.AdjacencyView coreviews.MultiAdjacencyView"
)
BUILT = frozenset(GRAPHS) | {f"networkx.classes.{view}" for view in _VIEWS.split()}
"""Classes of which a pickle may make an object; it stays a `Made`."""

DTYPE = "numpy.dtype"
NDARRAY = "numpy.ndarray"
HAS_STATE = BUILT | {DTYPE, NDARRAY}
_FACTORIES = ("builtins.dict", "builtins.list", "builtins.int")
_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}

_HINTS = {
    "shapely.": "geometries are not read: take them out of the attributes and pickle the graph again",
    "networkx.": "this is a view or another kind of graph: pickle nx.Graph(graph) instead",
    "numpy.": "of numpy, numbers, text and lists of them are read: turn the attribute into one and pickle again",
    "pandas.": "turn the attribute into a number, text or None and pickle the graph again",
    "datetime.": "turn the attribute into text and pickle the graph again",
}
_SUSPECT = "nothing of it was run; never open this file with pickle unless you made it yourself"


class Named:
    """A class or function that a pickle names; only a name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Made:
    """What would be an object of a class: its name, what it was made with and the state it was given."""

    __slots__ = ("arguments", "name", "state")

    def __init__(self, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.name = name
        self.arguments = arguments
        self.state: Any = None


def canonical(module: Any, name: Any) -> str:
    """``module.name`` as Python 3 and numpy 2 spell it, whoever wrote the pickle."""
    if not isinstance(module, str) or not isinstance(name, str):
        raise broken("a name that is no text")
    full = f"{_RENAMED.get(module, module)}.{name}"
    return full.replace("numpy.core.", "numpy._core.", 1) if full.startswith("numpy.core.") else full


def forbidden(what: str) -> GraphError:
    """The refusal of something that a pickled graph never needs."""
    hint = next((hint for start, hint in _HINTS.items() if what.startswith(start)), _SUSPECT)
    shown = what[:200].encode("unicode_escape").decode()
    return GraphError(f"the pickle asks for {shown}", code="pickle-forbidden", hint=hint)


def broken(what: str) -> GraphError:
    """The refusal of bytes that are no pickle of a graph."""
    hint = "copy or download the file again, or pickle the graph again"
    return GraphError(what, code="pickle-broken", hint=hint)


def read_array(array: Made) -> Any:
    """A number or text for an array without axes, a list for one with a single axis."""
    match array.state:
        case (1, tuple() as shape, Made(name="numpy.dtype") as dtype, bool(), bytes() as data):
            return _values(shape, dtype, data)
    raise broken("an array that numpy would not write, or one of objects")


def _values(shape: tuple[Any, ...], dtype: Made, data: bytes | bytearray) -> Any:
    if not shape:
        return _unpack(dtype, data, 1)[0]
    if len(shape) != 1 or type(shape[0]) is not int:
        raise broken(f"an array with {len(shape)} axes; wanted one")
    return _unpack(dtype, data, shape[0])


def _unpack(dtype: Made, data: bytes | bytearray, count: int) -> list[Any]:
    order = dtype.state[1] if type(dtype.state) is tuple and len(dtype.state) > 1 else None
    code = dtype.arguments[0]
    values = unpack(code, order, data, count) if isinstance(order, str) else None
    if values is None:
        raise forbidden(f"numpy.dtype {code!r} with {len(data)} bytes for {count} value(s)")
    return values


def _collection(arguments: tuple[Any, ...]) -> list[Any]:
    match arguments:
        case ([*values],) if type(arguments[0]) is list:
            return values
        case ():
            return []
    raise broken("a set that is made of something else than a list")


def _ordered_dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    if arguments != ():
        raise broken("an OrderedDict with arguments")
    return {}


def _default_dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    if len(arguments) != 1 or not isinstance(arguments[0], Named) or arguments[0].name not in _FACTORIES:
        raise broken("a defaultdict of something else than dict, list or int")
    return {}


def _encoded(arguments: tuple[Any, ...]) -> bytes:
    """How protocols 0 to 2 write bytes: as text of the same code points."""
    match arguments:
        case (str() as text, "latin1" | "latin-1") if all(ord(character) < 256 for character in text):
            return text.encode("latin-1")
    raise broken("bytes that are written in an unknown way")


def _no_bytes(arguments: tuple[Any, ...]) -> bytes:
    if arguments != ():
        raise broken("bytes that are written in an unknown way")
    return b""


def _reconstructed(arguments: tuple[Any, ...]) -> Made:
    """How protocols 0 and 1 make an object: class, its base and the base's state."""
    match arguments:
        case (Named(name=kind), Named(name="builtins.object"), None) if kind in BUILT:
            return Made(kind)
    raise forbidden("an object of something else than a networkx class")


def _dtype(arguments: tuple[Any, ...]) -> Made:
    match arguments:
        case (str(), bool() | int(), bool() | int()):
            return Made(DTYPE, arguments)
    raise broken("a numpy dtype with unknown arguments")


def _scalar(arguments: tuple[Any, ...]) -> Any:
    match arguments:
        case (Made(name="numpy.dtype") as dtype, bytes() as data):
            return _unpack(dtype, data, 1)[0]
    raise broken("a numpy number that numpy would not write, or an object in its place")


def _empty_array(arguments: tuple[Any, ...]) -> Made:
    match arguments:
        case (Named(name="numpy.ndarray"), (0,), b"b"):
            return Made(NDARRAY)
    raise broken("an array that numpy would not write")


def _array_of_buffer(arguments: tuple[Any, ...]) -> Any:
    match arguments:
        case (bytes() | bytearray() as data, Made(name="numpy.dtype") as dtype, tuple() as shape, "C" | "F", *_):
            return _values(shape, dtype, data)
    raise broken("an array that numpy would not write")


CALLS: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "builtins.set": _collection,
    "builtins.frozenset": _collection,
    "builtins.bytes": _no_bytes,
    "collections.OrderedDict": _ordered_dict,
    "collections.defaultdict": _default_dict,
    "_codecs.encode": _encoded,
    "copyreg._reconstructor": _reconstructed,
    "numpy.dtype": _dtype,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.multiarray._reconstruct": _empty_array,
    "numpy._core.numeric._frombuffer": _array_of_buffer,
}
"""What stands in for the functions that a pickle may call; each takes the arguments of the call."""

NAMES = BUILT | frozenset(CALLS) | {*_FACTORIES, "builtins.object", NDARRAY}
"""Every name that a pickle may hold."""
