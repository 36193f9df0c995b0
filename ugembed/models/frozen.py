"""Pooled vectors of a language model that is not trained: each distinct prompt is read once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ugembed.models.inputs import ModelInputs
from ugembed.models.node_text import weights_stamp

ROWS, TOKENS = 4, 256
"""A batch that is read has so many rows, or, of short texts without pictures, as many as have so many tokens."""
WIDTH_STEP = 8
"""Prompts are read in widths that are multiples of this."""


class FrozenVectors:
    """``read``, with what it gave for a prompt before; the least recently used vectors make room.

    Batches of one width and with pictures of the same shapes always have as many rows, filled up where some lack:
    so products of matrices have the same shapes, and a row the same vector to the bit, whatever is read with it, and in
    a resumed run as well.

    Args:
        read: From a batch to its (n, d) pooled vectors; no row may depend on another.
        model: Every weight that ``read`` uses; what is kept is dropped when one changes.
        padding: Id of the token that fills rows up.
        left: Whether padding stands on the left.
        limit_mb: Memory for vectors; 0 keeps none.
    """

    def __init__(
        self, read: Callable[[ModelInputs], Tensor], model: nn.Module, *, padding: int, left: bool, limit_mb: int = 256
    ) -> None:
        self.read, self.model, self.limit = read, model, limit_mb * 2**20
        self.padding, self.left = padding, left
        self.kept: OrderedDict[bytes, Tensor] = OrderedDict()
        self._stamp: tuple[Any, ...] = ()

    def __call__(self, inputs: ModelInputs) -> Tensor:
        """(n, d) float32 vectors of a batch, in its order; its graphs are not looked at."""
        with torch.inference_mode(False), torch.no_grad():  # what is kept outlives any inference mode
            return self._vectors(inputs)

    def __len__(self) -> int:
        """Prompts whose vectors are kept."""
        return len(self.kept)

    def _vectors(self, inputs: ModelInputs) -> Tensor:
        if self._stamp != (stamp := weights_stamp(self.model)):
            self.kept.clear()
            self._stamp = stamp
        batch = _Batch.of(inputs, padding=self.padding, left=self.left)
        keys = batch.keys()
        first = {key: row for row, key in reversed(list(enumerate(keys)))}
        made = self._read(batch, [row for key, row in first.items() if key not in self.kept])
        known = {key: made[row] if row in made else self.kept[key] for key, row in first.items()}
        self._keep(known)
        return torch.stack([known[key] for key in keys])

    def _read(self, batch: _Batch, rows: Sequence[int]) -> dict[int, Tensor]:
        """Vectors of some rows, by row."""
        groups: dict[Hashable, list[int]] = {}
        for row in rows:
            groups.setdefault(batch.shape(row), []).append(row)
        made: dict[int, Tensor] = {}
        for members in groups.values():
            together = batch.rows_together(members[0])
            for start in range(0, len(members), together):
                chosen = members[start : start + together]
                vectors = self.read(batch.part([*chosen, *[chosen[-1]] * (together - len(chosen))]))
                made.update((row, vectors[k].clone()) for k, row in enumerate(chosen))
        return made

    def _keep(self, vectors: dict[bytes, Tensor]) -> None:
        for key, vector in vectors.items():
            self.kept[key] = vector
            self.kept.move_to_end(key)
        size = sum(vector.nbytes for vector in list(vectors.values())[:1])
        while self.kept and len(self.kept) * size > self.limit:
            self.kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch of which rows can be taken.

    Attributes:
        inputs: It.
        lengths: Real tokens of each row.
        pictures: Of each row, which of the pictures are its own.
        pixels: Of each picture, its entries of ``pixel_values``.
        padding: Id of the token that fills rows up.
        left: Whether padding stands on the left.
    """

    inputs: ModelInputs
    lengths: list[int]
    pictures: list[list[int]]
    pixels: Sequence[Tensor]
    padding: int
    left: bool

    @classmethod
    def of(cls, inputs: ModelInputs, *, padding: int, left: bool) -> _Batch:
        pictures: list[list[int]] = [[] for _ in range(len(inputs))]
        for number, row in enumerate(inputs.image_row.tolist()):
            pictures[row].append(number)
        values = inputs.pixel_values
        pixels = () if values is None else torch.split(values, inputs.image_parts.tolist())
        return cls(inputs, inputs.attention_mask.sum(dim=1).tolist(), pictures, pixels, padding, left)

    def keys(self) -> list[bytes]:
        """A hash of each row's real tokens and of its pictures."""
        ids, mask = self.inputs.input_ids.cpu(), self.inputs.attention_mask.bool().cpu()
        return [self._key(ids[row][mask[row]], row) for row in range(len(self.inputs))]

    def _key(self, ids: Tensor, row: int) -> bytes:
        digest = hashlib.blake2b(f"{len(ids)} {self._grids(row)}".encode(), digest_size=16)
        digest.update(ids.numpy().tobytes())
        for number in self.pictures[row]:
            digest.update(self.pixels[number].cpu().contiguous().numpy().tobytes())
        return digest.digest()

    def shape(self, row: int) -> tuple[int, tuple[Hashable, ...]]:
        """What rows that are read together have in common."""
        return -(-self.lengths[row] // WIDTH_STEP) * WIDTH_STEP, self._grids(row)

    def rows_together(self, row: int) -> int:
        """How many rows of the `shape` of this one are read at a time."""
        width, pictures = self.shape(row)
        return ROWS if pictures else max(ROWS, TOKENS // width)

    def _grids(self, row: int) -> tuple[Hashable, ...]:
        grids = self.inputs.image_grid
        return tuple(
            (tuple(self.pixels[k].shape), () if grids is None else tuple(grids[k].tolist())) for k in self.pictures[row]
        )

    def part(self, rows: Sequence[int]) -> ModelInputs:
        """Rows of one `shape`, some perhaps twice, without their graphs."""
        width = -(-self.lengths[rows[0]] // WIDTH_STEP) * WIDTH_STEP
        shown = [number for row in rows for number in self.pictures[row]]
        owner = [k for k, row in enumerate(rows) for _ in self.pictures[row]]
        device, grids = self.inputs.input_ids.device, self.inputs.image_grid
        input_ids, mask, types = self._padded(rows, width)
        return replace(
            self.inputs,
            input_ids=input_ids,
            attention_mask=mask,
            token_types=types,
            pixel_values=torch.cat([self.pixels[k] for k in shown]) if shown else None,
            image_grid=grids[shown] if shown and grids is not None else None,
            image_row=torch.tensor(owner, dtype=torch.int64, device=device),
            image_parts=self.inputs.image_parts[shown],
            graphs=None,
            texts=(),
        )

    def _padded(self, rows: Sequence[int], width: int) -> tuple[Tensor, Tensor, Tensor]:
        """(n, width) ids, mask and types of tokens."""
        ids, mask, types = [], [], []
        for row in rows:
            real = self.inputs.attention_mask[row].bool()
            own, kind = self.inputs.input_ids[row][real], self.inputs.token_types[row][real]
            fill, ones = own.new_full((width - len(own),), self.padding), torch.ones_like(own)
            ids.append(self._joined(own, fill))
            mask.append(self._joined(ones, torch.zeros_like(fill)))
            types.append(self._joined(kind, torch.zeros_like(fill)))
        return torch.stack(ids), torch.stack(mask), torch.stack(types)

    def _joined(self, own: Tensor, fill: Tensor) -> Tensor:
        return torch.cat([fill, own] if self.left else [own, fill])
