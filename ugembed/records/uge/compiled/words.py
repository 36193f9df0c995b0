"""Eight bytes at a time: marks in them, literals, and SipHash."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.core.extending import intrinsic as _intrinsic
from numba.cpython.unsafe.numbers import trailing_zeros as _trailing_zeros
from numba.np.numpy_support import from_dtype

from ugembed.records.uge.compiled.memory import MEMORY, Work

Function = TypeVar("Function", bound=Callable[..., Any])
Word: TypeAlias = Any
"""An unsigned 64-bit number; its lowest byte stands first."""
State: TypeAlias = tuple[Word, Word, Word, Word]


signed: Any = np.int64
"""Makes a signed number of a word."""


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that writes LLVM's own instructions; compiled code calls it without the first argument."""
    made: Callable[..., Any] = _intrinsic(function)
    return made


def compiled(function: Function) -> Function:
    """A function that is compiled into those that call it."""
    made: Function = numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(
        function
    )
    return made


_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
QUOTES, BACKSLASHES, SPACES, LESS, POINTS, NEWLINES = (_ONES * np.uint64(code) for code in b'"\\ <.\n')
"""A byte eight times."""
HIGHS, ALL_ENDS = _HIGHS, np.uint64(0xFFFFFFFF)
_EIGHT, _ONE, _ALL = np.uint64(8), np.uint64(1), np.uint64(2**64 - 1)


def _pointer(builder: Any, context: Any, array_type: Any, array: Any, at: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    place = builder.add(builder.ptrtoint(data, ir.IntType(64)), at)
    return builder.inttoptr(place, ir.IntType(64).as_pointer())


@intrinsic
def memory_at(_context: Any, address: Any) -> Any:
    """The memory that lies at an address."""
    record = from_dtype(MEMORY)

    def build(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(record))

    return record(types.int64), build


@intrinsic
def _load(_context: Any, array: Any, at: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(builder, context, signature.args[0], *arguments), align=1)

    return types.uint64(array, types.int64), build


@intrinsic
def _marks(_context: Any, array: Any, at: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, wide = ir.VectorType(ir.IntType(8), 32), ir.IntType(64)
        pointer = _pointer(builder, context, signature.args[0], *arguments)
        values = builder.load(builder.bitcast(pointer, kind.as_pointer()), align=1)

        def where(relation: str, code: int) -> Any:
            return builder.icmp_unsigned(relation, values, ir.Constant(kind, [code] * 32))

        ends = builder.or_(builder.or_(where("==", 34), where("==", 92)), where("<", 32))
        odd = builder.or_(where("==", 60), where(">", 127))
        low, high = (builder.zext(builder.bitcast(bits, ir.IntType(32)), wide) for bits in (ends, odd))
        return builder.or_(low, builder.shl(high, ir.Constant(wide, 32)))

    return types.uint64(array, types.int64), build


@intrinsic
def _store(_context: Any, array: Any, at: Any, word: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _pointer(builder, context, signature.args[0], *arguments[:2]), align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.uint64), build


@compiled
def load(work: Work, at: int) -> Word:
    """The eight bytes of ``data`` from a position on, wherever that is."""
    return _load(work.data, at)


@compiled
def store(work: Work, at: int, word: Word) -> None:
    """Write eight bytes."""
    _store(work.data, at, word)


@compiled
def marks_of(work: Work, at: int) -> Word:
    """A bit for each of 32 bytes that ends a plain text (see `ends`), and 32 higher one for each that is odd in it."""
    return _marks(work.data, at)


@compiled
def byte(work: Work, at: int) -> int:
    """One byte of ``data``."""
    return signed(_load(work.data, at) & np.uint64(255))


@compiled
def first(word: Word, count: int) -> Word:
    """The first ``count`` bytes of a word, fewer than eight; zeros for the others."""
    return word & ((_ONE << (np.uint64(count) * _EIGHT)) - _ONE)


@compiled
def equal(word: Word, eight: Word) -> Word:
    """High bits in the bytes that equal: the first is right, behind it some may be too many."""
    other = word ^ eight
    return (other - _ONES) & ~other & _HIGHS


@compiled
def ends(word: Word) -> Word:
    """High bits as of `equal` in the bytes that end a plain text: quote, backslash, control character."""
    return equal(word, QUOTES) | equal(word, BACKSLASHES) | ((word - SPACES) & ~word & _HIGHS)


@compiled
def lowest(marks: Word) -> int:
    """The number of the lowest bit that is set."""
    return signed(_trailing_zeros(marks))


@compiled
def position(marks: Word) -> int:
    """The number of the first byte with its high bit set."""
    return lowest(marks) >> 3


@compiled
def find(work: Work, at: int, stop: int, eight: Word) -> int:
    """The first position of a byte, or ``stop``."""
    while at < stop:
        marks = equal(load(work, at), eight)
        if marks != np.uint64(0):
            return min(at + position(marks), stop)
        at += 8
    return stop


@compiled
def same(work: Work, at: int, other: int, length: int) -> bool:
    """Whether two parts of ``data`` are equal."""
    whole = length & ~7
    for step in range(0, whole, 8):
        if load(work, at + step) != load(work, other + step):
            return False
    return first(load(work, at + whole) ^ load(work, other + whole), length & 7) == np.uint64(0)


@compiled
def copy(work: Work, start: int, stop: int, to: int) -> int:
    """Copy a part of ``data``, with up to seven bytes behind it; the end of the copy."""
    for step in range(0, stop - start, 8):
        store(work, to + step, load(work, start + step))
    return to + stop - start


# Literals: up to 24 bytes, compared as words.


def _words(texts: list[bytes]) -> tuple[Any, Any, Any]:
    words = np.array([np.frombuffer(text.ljust(24, b"\0"), np.uint64) for text in texts])
    masks = np.array([np.frombuffer((b"\xff" * len(text)).ljust(24, b"\0"), np.uint64) for text in texts])
    return words, masks, np.array([len(text) for text in texts], np.int64)


FIELDS = (
    *("messages", "positive_messages", "negative_messages", "images", "graphs", "pair_type", "label", "id", "group"),
    *("place", "image_coords", "coordinates", "image_coordinates", "summarization", "mapillary_node"),
)
"""Fields that are read, by their numbers."""
RARE_FIELDS = ("positive_images", "positive_graphs", "negative_images", "negative_graphs")
"""Fields whose rows are left out."""
_OTHERS = (
    *(b'"role":', b'"content":', b'"user"', b'"lon":', b'"lat":', b'"heading_deg":', b"null", b"true", b"false"),
    *(b"<image>", b"<graph>", b"stage1", b"stage2"),
)
_LITERALS = [*(f'"{name}":'.encode() for name in (*FIELDS, *RARE_FIELDS)), *_OTHERS]
_WORDS, _MASKS, LENGTHS = _words(_LITERALS)
KNOWN = len(FIELDS) + len(RARE_FIELDS)
ROLE, CONTENT, USER, LON, LAT, HEADING, NULL, TRUE, FALSE, IMAGE_TAG, GRAPH_TAG, STAGE1, STAGE2 = range(
    KNOWN, KNOWN + len(_OTHERS)
)
"""Other literals by their numbers."""


@compiled
def is_literal(work: Work, at: int, literal: int) -> bool:
    """Whether a literal stands at a position; its length is in `LENGTHS`."""
    if (load(work, at) ^ _WORDS[literal, 0]) & _MASKS[literal, 0] != np.uint64(0):
        return False
    if LENGTHS[literal] <= 8:
        return True
    if (load(work, at + 8) ^ _WORDS[literal, 1]) & _MASKS[literal, 1] != np.uint64(0):
        return False
    return LENGTHS[literal] <= 16 or (load(work, at + 16) ^ _WORDS[literal, 2]) & _MASKS[literal, 2] == np.uint64(0)


# SipHash-1-3 (Aumasson and Bernstein, 2012), with Python's key and way: equal to ``hash(bytes)``.


@compiled
def _rotated(word: Word, by: int) -> Word:
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


@compiled
def _round(v0: Word, v1: Word, v2: Word, v3: Word) -> State:
    v0 += v1
    v2 += v3
    v1 = _rotated(v1, 13) ^ v0
    v3 = _rotated(v3, 16) ^ v2
    v0 = _rotated(v0, 32)
    v2 += v1
    v0 += v3
    v1 = _rotated(v1, 17) ^ v2
    v3 = _rotated(v3, 21) ^ v0
    return v0, v1, _rotated(v2, 32), v3


@compiled
def begun(work: Work) -> State:
    """The state of a hash of nothing so far."""
    k0, k1 = work.key[0], work.key[1]
    v0, v1 = k0 ^ np.uint64(0x736F6D6570736575), k1 ^ np.uint64(0x646F72616E646F6D)
    return v0, v1, k0 ^ np.uint64(0x6C7967656E657261), k1 ^ np.uint64(0x7465646279746573)


@compiled
def absorbed(state: State, word: Word) -> State:
    """The state after eight more bytes."""
    v0, v1, v2, v3 = _round(state[0], state[1], state[2], state[3] ^ word)
    return v0 ^ word, v1, v2, v3


@compiled
def finished(state: State, rest: Word, length: int) -> int:
    """The hash, after the last bytes, fewer than eight; ``length`` is that of all."""
    if length == 0:
        return signed(0)
    v0, v1, v2, v3 = absorbed(state, rest | (np.uint64(length) << np.uint64(56)))
    v0, v1, v2, v3 = _round(v0, v1, v2 ^ np.uint64(255), v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    found = signed(v0 ^ v1 ^ v2 ^ v3)
    return signed(-2) if found == -1 else found


@compiled
def hashed(work: Work, start: int, stop: int) -> int:
    """The hash of a part of ``data``."""
    state = begun(work)
    at = start
    while at + 8 <= stop:
        state = absorbed(state, load(work, at))
        at += 8
    return finished(state, first(load(work, at), stop - at), stop - start)
