"""What `walking` refuses: networks that are none, and starts that are not on them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ugembed.errors import GraphError
from ugembed.geo.geodesy import Floats

_HAIR_M = 1e-6  # how far rounding may carry a start beyond the end of its link
_MOST_LINKS = 2**30  # arcs, twice as many, are numbered in 32 bits


def checked_ends(ends: ArrayLike) -> NDArray[np.int32]:
    """(links, 2) int32 in which every number from 0 to the largest occurs."""
    array = np.asarray(ends)
    hint = "number the ends of links 0, 1, 2 … without gaps, as numpy.unique(…, return_inverse=True) does"
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu" or len(array) >= _MOST_LINKS:
        wanted = f"(links, 2) whole numbers are wanted as ends of links, not {array.shape} {array.dtype}"
        raise GraphError(wanted, code="walk-ends", hint=hint)
    bad = np.flatnonzero(((array < 0) | (array >= array.size)).any(axis=1))
    if len(bad):
        what = (
            f"link {bad[0]} ends at nodes {array[bad[0]].tolist()}: {len(array)} links have at most {array.size} nodes"
        )
        raise GraphError(what, code="walk-ends", hint=hint)
    missing = np.flatnonzero(np.bincount(array.reshape(-1)) == 0)
    if len(missing):
        raise GraphError(f"no link ends at node {missing[0]}", code="walk-ends", hint=hint)
    return np.ascontiguousarray(array, dtype=np.int32)


def checked_lengths(length_m: ArrayLike, links: int) -> Floats:
    """(links,) float64, finite and not negative."""
    array = np.ascontiguousarray(length_m, dtype=np.float64)
    hint = "give every link its length in metres, 0 or more"
    if array.shape != (links,):
        raise GraphError(f"{links} links came with lengths {array.shape}", code="walk-length", hint=hint)
    bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if len(bad):
        raise GraphError(f"link {bad[0]} is {array[bad[0]]} metres long", code="walk-length", hint=hint)
    return array


def checked_limit(limit: float) -> float:
    """A bound of metres or links, 0 or more."""
    if math.isnan(limit) or limit < 0:
        raise GraphError(f"nothing is within {limit}", code="walk-limit", hint="give a limit of 0 or more")
    return float(limit)


def checked_starts(
    ends: NDArray[np.int32], length_m: Floats, *, link: ArrayLike, along_m: ArrayLike
) -> tuple[NDArray[np.int32], Floats]:
    """(starts, 2) node numbers and metres to them: both ends of the link on which each start lies."""
    links, along = np.asarray(link), np.asarray(along_m, dtype=np.float64)
    hint = "a start is the number of a link and metres from the link's start, as snapping gives them"
    if links.ndim != 1 or links.shape != along.shape or (links.dtype.kind not in "iu" and links.size):
        wanted = f"as many links (whole numbers) as metres are due, not {links.shape} {links.dtype} and {along.shape}"
        raise GraphError(wanted, code="walk-start", hint=hint)
    is_there = (links >= 0) & (links < len(ends))
    if not is_there.all():
        bad = int(is_there.argmin())
        nowhere = f"start {bad} lies on link {links[bad]} of {len(ends)}"
        raise GraphError(nowhere, code="walk-start", hint=hint)
    links = links.astype(np.int64)
    length = length_m[links]
    is_on_link = (along >= -_HAIR_M) & (along <= length + _HAIR_M)
    if not is_on_link.all():
        bad = int(is_on_link.argmin())
        what = f"start {bad} lies {along[bad]} metres along link {links[bad]}, which has {length[bad]}"
        raise GraphError(what, code="walk-start", hint=hint)
    metres = np.empty((len(links), 2))
    metres[:, 0] = np.minimum(np.maximum(along, 0.0), length)
    metres[:, 1] = length - metres[:, 0]
    return ends[links], metres


def checked_rows(first: ArrayLike, node: ArrayLike, nodes: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """``first`` (starts + 1) and the node numbers, below ``nodes``, of the rows that it bounds."""
    begin, rows = np.ascontiguousarray(first, dtype=np.int64), np.ascontiguousarray(node, dtype=np.int32)
    is_bounded = len(begin) > 0 and begin[0] == 0 and begin[-1] == len(rows) and bool((begin[1:] >= begin[:-1]).all())
    if not is_bounded or (len(rows) and (rows.min() < 0 or rows.max() >= nodes)):
        what = f"{len(rows)} nodes of {len(begin) - 1} starts are not rows of a network of {nodes} nodes"
        raise GraphError(what, code="walk-rows", hint="give what was reached in this very network, and all of it")
    return begin, rows
