"""Python functions as machine code by numba; imported only where something is compiled, for numba takes a second.

The compiled code is kept beside the function's file in ``__pycache__``, else in the user's cache folder, else nowhere:
``NUMBA_CACHE_DIR`` names another place. numba looks at the file of a compiled function only to see whether it is
still the same: what is inlined into one must stand in the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, TypeVar

from numba import njit, types

Function = TypeVar("Function", bound=Callable[..., Any])


def read_only(kind: Any, axes: int = 1) -> Any:
    """An array that may be read-only, as a mapped file is."""
    return types.Array(kind, axes, "C", readonly=True)


def compiled(*arguments: Any) -> Callable[[Function], Function]:
    """Compile for these types only, when first called, and keep the result on disk where that is possible."""

    def compiled_later(function: Function) -> Function:
        @cache
        def machine_code() -> Any:
            dispatcher = _dispatcher(function)
            dispatcher.compile(arguments)
            dispatcher.disable_compile()
            return dispatcher

        return wraps(function)(lambda *values: machine_code()(*values))  # type: ignore[return-value]

    return compiled_later


def _dispatcher(function: Function) -> Any:
    dispatcher = njit(nogil=True)(function)
    try:
        dispatcher.enable_caching()
    except RuntimeError:  # no folder can be written: every process compiles for itself, to the same code
        return njit(nogil=True)(function)
    return dispatcher


def inlined(function: Function) -> Function:
    """A function that compiled ones call."""
    return njit(nogil=True, forceinline=True)(function)  # type: ignore[no-any-return]
