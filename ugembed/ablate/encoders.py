"""Encoders around an encoder: one that remembers, and one that is shown no pictures."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ugembed.embed.encode import ItemEncoder, Vectors, content_key
from ugembed.records.item import IMAGE_TAG, Item


@dataclass
class Around:
    """Says of itself what the encoder inside says."""

    inner: ItemEncoder

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    @property
    def prompts(self) -> Mapping[str, str]:
        return self.inner.prompts


@dataclass
class Remembering(Around):
    """Encodes an item only once, in whatever mode it comes again."""

    vectors: dict[Hashable, Vectors] = field(default_factory=dict)

    def encode_items(self, items: Sequence[Item], **options: Any) -> Vectors:
        keys = [content_key(item) for item in items]
        new = {key: item for key, item in zip(keys, items, strict=True) if key not in self.vectors}
        if new:
            self.vectors.update(zip(new, self.inner.encode_items(list(new.values()), **options), strict=True))
        return np.stack([self.vectors[key] for key in keys])


@dataclass
class WithoutPictures(Around):
    """Is shown no picture: what is left of an item is its text and its graphs."""

    def encode_items(self, items: Sequence[Item], **options: Any) -> Vectors:
        return self.inner.encode_items([without_pictures(item) for item in items], **options)


def without_pictures(item: Item) -> Item:
    """An item with its pictures taken out.

    Raises:
        DataError: ``empty-item`` when it was nothing else.
    """
    return replace(item, text=re.sub(rf"{IMAGE_TAG}\s*", "", item.text), images=())
