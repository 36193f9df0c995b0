"""Reads a pickle without running it.

Python's own unpickler calls what a pickle names, and can only be told to call less. Here nothing can be called: the
opcodes, taken apart by `pickletools.genops`, are followed by a stack machine that has no instruction to import, call
or set an attribute. A class becomes a `Named`, what would be an object a `Made` that holds its name, arguments and
state, and the few functions of `ugembed.graphs.legacy.known` are replaced by ours. So neither networkx nor numpy is
loaded, and a name that is not known is refused where it stands, before anything can depend on it.

Opcodes that Python 3's pickler does not write for such values (persistent ids, the extension registry, INST, OBJ, DUP,
out-of-band buffers) are refused too. Sets become lists: nothing here is ever hashed except text and numbers.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any, TypeAlias

from ugembed.errors import GraphError
from ugembed.graphs.legacy.known import BUILT, CALLS, HAS_STATE, NAMES, Made, Named, broken, canonical, forbidden

HIGHEST_PROTOCOL = 5

Step: TypeAlias = Callable[[Any], None]


def read_inert(data: bytes) -> Any:
    """The value that a pickle describes: None, bool, int, float, str, bytes, list, tuple, dict, `Named` and `Made`.

    Containers that the pickle shares are shared in the result, and may hold themselves.

    Raises:
        GraphError: ``pickle-forbidden`` for a name or opcode that is not allowed, ``pickle-broken`` for bytes that are
            no whole pickle of protocol 0 to 5.
    """
    machine = _Machine()
    position = -1
    try:
        for opcode, argument, at in pickletools.genops(data):
            position = at or 0
            step = machine.steps.get(opcode.name)
            if step is None:
                raise forbidden(f"the opcode {opcode.name}")
            step(argument)
    except GraphError as error:
        raise GraphError(f"{error.message} (byte {position})", code=error.code, hint=error.hint) from None
    except ValueError as error:  # of genops: an unknown opcode, an argument that is cut off
        raise broken(f"not a whole pickle: {error!s:.200}") from None
    if position + 1 != len(data):
        raise broken(f"{len(data) - position - 1} bytes follow after its end")
    return machine.result()


class _Machine:
    """Stack, marks and memo of the pickle language, as in the comments of `pickletools`."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.steps = self._steps()

    def result(self) -> Any:
        if len(self.stack) != 1 or self.marks:
            raise broken(f"it ends with {len(self.stack)} values instead of one")
        return self.stack[0]

    def _steps(self) -> dict[str, Step]:
        """Opcode name to what it does with its argument."""
        push = self.stack.append
        constants = (
            "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT UNICODE SHORT_BINUNICODE BINUNICODE "
            "BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8"
        )
        return {
            **dict.fromkeys(constants.split(), push),
            "NONE": lambda _: push(None),
            "NEWTRUE": lambda _: push(True),
            "NEWFALSE": lambda _: push(False),
            "EMPTY_LIST": lambda _: push([]),
            "EMPTY_SET": lambda _: push([]),
            "EMPTY_TUPLE": lambda _: push(()),
            "EMPTY_DICT": lambda _: push({}),
            "LIST": lambda _: push(self._pop_mark()),
            "FROZENSET": lambda _: push(self._pop_mark()),
            "TUPLE": lambda _: push(tuple(self._pop_mark())),
            "TUPLE1": lambda _: self._tuple(1),
            "TUPLE2": lambda _: self._tuple(2),
            "TUPLE3": lambda _: self._tuple(3),
            "DICT": lambda _: push(_filled({}, self._pop_mark())),
            "APPEND": lambda _: self._extend([self._pop()]),
            "APPENDS": lambda _: self._extend(self._pop_mark()),
            "ADDITEMS": lambda _: self._extend(self._pop_mark()),
            "SETITEM": lambda _: self._set_items(self._pop_many(2)),
            "SETITEMS": lambda _: self._set_items(self._pop_mark()),
            "MARK": lambda _: self.marks.append(len(self.stack)),
            "POP": lambda _: self._discard(),
            "POP_MARK": lambda _: self._discard_mark(),
            **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), self._put),
            **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), self._get),
            "MEMOIZE": lambda _: self._put(len(self.memo)),
            "GLOBAL": lambda argument: self._name(*argument.split(" ", 1)),
            "STACK_GLOBAL": lambda _: self._name(*self._pop_many(2)),
            "REDUCE": lambda _: self._reduce(),
            "NEWOBJ": lambda _: self._new_object(),
            "BUILD": lambda _: self._build(),
            "PROTO": self._protocol,
            "FRAME": lambda _: None,
            "STOP": lambda _: None,
        }

    def _pop_many(self, count: int) -> list[Any]:
        """The last values, none of them from below the last mark."""
        start = len(self.stack) - count
        if start < (self.marks[-1] if self.marks else 0):
            raise broken("it takes a value that is not there")
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def _pop(self) -> Any:
        return self._pop_many(1)[0]

    def _top(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise broken("it looks for a value that is not there")
        return self.stack[-1]

    def _pop_mark(self) -> list[Any]:
        if not self.marks:
            raise broken("it looks for a mark that is not there")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def _discard(self) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self._pop()

    def _discard_mark(self) -> None:
        self._pop_mark()

    def _tuple(self, count: int) -> None:
        self.stack.append(tuple(self._pop_many(count)))

    def _extend(self, values: list[Any]) -> None:
        target = self._top()
        if type(target) is not list:
            raise broken(f"it appends to a {type(target).__name__}")
        target += values

    def _set_items(self, flat: list[Any]) -> None:
        target = self._top()
        if type(target) is not dict:
            raise broken(f"it sets items of a {type(target).__name__}")
        _filled(target, flat)

    def _put(self, index: int) -> None:
        self.memo[index] = self._top()

    def _get(self, index: int) -> None:
        if index not in self.memo:
            raise broken(f"it takes value {index}, which it has not kept")
        self.stack.append(self.memo[index])

    def _name(self, module: Any, name: Any) -> None:
        full = canonical(module, name)
        if full not in NAMES:
            raise forbidden(full)
        self.stack.append(Named(full))

    def _reduce(self) -> None:
        function, arguments = self._pop_many(2)
        if not isinstance(function, Named) or type(arguments) is not tuple or function.name not in CALLS:
            name = function.name if isinstance(function, Named) else f"a {type(function).__name__}"
            raise forbidden(f"a call of {name}")
        self.stack.append(CALLS[function.name](arguments))

    def _new_object(self) -> None:
        kind, arguments = self._pop_many(2)
        if not isinstance(kind, Named) or kind.name not in BUILT or arguments != ():
            raise forbidden("an object of something else than a networkx class")
        self.stack.append(Made(kind.name))

    def _build(self) -> None:
        state = self._pop()
        target = self._top()
        if not isinstance(target, Made) or target.name not in HAS_STATE or target.state is not None:
            raise forbidden(f"a state for a {type(target).__name__} that takes none")
        target.state = state

    def _protocol(self, version: int) -> None:
        if version > HIGHEST_PROTOCOL:
            raise broken(f"protocol {version} is unknown")


def _filled(target: dict[Any, Any], flat: list[Any]) -> dict[Any, Any]:
    """``target`` with keys and values in turn; keys are text or numbers, so that no hostile hash is ever asked for."""
    if len(flat) % 2:
        raise broken("a key without a value")
    keys = flat[::2]
    for key in keys:
        if not isinstance(key, str | int | float | None):
            what = f"a dict key is a {type(key).__name__}, not text or a number"
            hint = "nodes are named by text or whole numbers: pickle networkx.relabel_nodes(graph, str)"
            raise GraphError(what, code="pickle-broken", hint=hint)
    target.update(zip(keys, flat[1::2], strict=True))
    return target
