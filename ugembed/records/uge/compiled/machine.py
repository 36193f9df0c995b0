"""What numba lacks, as instructions of LLVM: words from anywhere in memory, and 32 bytes compared at once."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.core.extending import intrinsic as _intrinsic
from numba.np.numpy_support import from_dtype

from ugembed.records.uge.compiled.memory import MEMORY

Function = TypeVar("Function", bound=Callable[..., Any])
Word: TypeAlias = Any
"""An unsigned 64-bit number; its lowest byte stands first."""
_WIDE, _BYTES = ir.IntType(64), ir.VectorType(ir.IntType(8), 32)


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


def _address(builder: Any, context: Any, array_type: Any, array: Any, at: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.add(builder.ptrtoint(data, _WIDE), at)


def _bytes(builder: Any, address: Any) -> Any:
    return builder.load(builder.inttoptr(address, _BYTES.as_pointer()), align=1)


def _where(builder: Any, values: Any, relation: str, code: int) -> Any:
    return builder.icmp_unsigned(relation, values, ir.Constant(_BYTES, [code] * 32))


def _continues(builder: Any, values: Any) -> Any:
    """Which bytes are 10xxxxxx: as signed numbers, below -64."""
    return builder.icmp_signed("<", values, ir.Constant(_BYTES, [-64] * 32))


def _both(builder: Any, low: Any, high: Any) -> Any:
    """Two times 32 bits as one word."""
    low, high = (builder.zext(builder.bitcast(bits, ir.IntType(32)), _WIDE) for bits in (low, high))
    return builder.or_(low, builder.shl(high, ir.Constant(_WIDE, 32)))


@intrinsic
def memory_at(_context: Any, address: Any) -> Any:
    """The memory that lies at an address."""
    record = from_dtype(MEMORY)

    def build(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(record))

    return record(types.int64), build


@intrinsic
def load(_context: Any, array: Any, at: Any) -> Any:
    """Eight bytes from a position on."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(builder, context, signature.args[0], *arguments)
        return builder.load(builder.inttoptr(address, _WIDE.as_pointer()), align=1)

    return types.uint64(array, types.int64), build


@intrinsic
def store(_context: Any, array: Any, at: Any, word: Any) -> Any:
    """Write eight bytes."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(builder, context, signature.args[0], *arguments[:2])
        builder.store(arguments[2], builder.inttoptr(address, _WIDE.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.uint64), build


@intrinsic
def store_32(_context: Any, array: Any, to: Any, at: Any) -> Any:
    """Copy 32 bytes."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, to, at = arguments
        values = _bytes(builder, _address(builder, context, signature.args[0], array, at))
        address = _address(builder, context, signature.args[0], array, to)
        builder.store(values, builder.inttoptr(address, _BYTES.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), build


@intrinsic
def marks(_context: Any, array: Any, at: Any) -> Any:
    """See `ugembed.records.uge.compiled.words.marks_of`."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = _bytes(builder, _address(builder, context, signature.args[0], *arguments))
        quotes, escapes = _where(builder, values, "==", 34), _where(builder, values, "==", 92)
        ends = builder.or_(builder.or_(quotes, escapes), _where(builder, values, "<", 32))
        odd = builder.or_(_where(builder, values, "==", 60), _where(builder, values, ">", 127))
        return _both(builder, ends, odd)

    return types.uint64(array, types.int64), build


@intrinsic
def kinds(_context: Any, array: Any, at: Any) -> Any:
    """See `ugembed.records.uge.compiled.words.kinds_of`."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = _bytes(builder, _address(builder, context, signature.args[0], *arguments))
        return _both(builder, _continues(builder, values), _where(builder, values, "==", 60))

    return types.uint64(array, types.int64), build


@intrinsic
def faults(_context: Any, array: Any, at: Any) -> Any:
    """See `ugembed.records.uge.compiled.words.faults_of`."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(builder, context, signature.args[0], *arguments)
        values, last, second, third = (
            _bytes(builder, builder.sub(address, ir.Constant(_WIDE, before))) for before in range(4)
        )
        must = _where(builder, last, ">=", 0xC0)
        must = builder.or_(must, _where(builder, second, ">=", 0xE0))
        must = builder.or_(must, _where(builder, third, ">=", 0xF0))
        wrong = builder.xor(must, _continues(builder, values))
        for relation, code in ((">=", 0xF5), ("==", 0xC0), ("==", 0xC1)):
            wrong = builder.or_(wrong, _where(builder, values, relation, code))
        for lead, relation, code in ((0xE0, "<", 0xA0), (0xED, ">", 0x9F), (0xF0, "<", 0x90), (0xF4, ">", 0x8F)):
            is_led = _where(builder, last, "==", lead)
            wrong = builder.or_(wrong, builder.and_(is_led, _where(builder, values, relation, code)))
        return builder.zext(builder.bitcast(wrong, ir.IntType(32)), _WIDE)

    return types.uint64(array, types.int64), build


@intrinsic
def ones(_context: Any, word: Any) -> Any:
    """Number of bits of a word that are set."""

    def build(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), build
