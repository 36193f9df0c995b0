"""Texts that rows are looked through for: up to 24 bytes, compared as words."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np

from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import KINDS, Work
from ugembed.records.uge.compiled.words import load


def _words(texts: list[bytes]) -> tuple[Any, Any, Any]:
    words = np.array([np.frombuffer(text.ljust(24, b"\0"), np.uint64) for text in texts])
    masks = np.array([np.frombuffer((b"\xff" * len(text)).ljust(24, b"\0"), np.uint64) for text in texts])
    return words, masks, np.array([len(text) for text in texts], np.int64)


_SHARED = ("messages", "images", "graphs", "id", "place", "image_coords", "coordinates", "image_coordinates")
_OWN = {
    "training": (
        *("positive_messages", "negative_messages", "pair_type", "label", "group"),
        *("summarization", "mapillary_node"),
    ),
    "benchmark": (
        *("candidates", "candidate_images", "candidate_graphs", "ground_truth", "ground_truth_idx"),
        *("query_type", "question_type"),
    ),
    "embed": ("text",),
}
FIELDS = (*_SHARED, *_OWN["training"], *_OWN["benchmark"], *_OWN["embed"])
"""Fields that are read, by their numbers."""
RARE_FIELDS = ("positive_images", "positive_graphs", "negative_images", "negative_graphs")
"""Fields of training rows; rows that have them are left out."""
FIELDS_OF = {kind: (*_SHARED, *_OWN[kind]) for kind in KINDS}
"""Fields that are read, by kind of row."""
IS_USED = np.array([[name in FIELDS_OF[kind] for name in (*FIELDS, *RARE_FIELDS)] for kind in KINDS])
IS_USED[KINDS.index("training"), len(FIELDS) :] = True
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
