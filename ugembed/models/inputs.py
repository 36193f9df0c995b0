"""The one door: everything a model eats is prepared here, the same for training, embedding and evaluation.

The backbone says what stands around an item (`models.prompts`) and how many placeholder tokens a picture takes, the
fusion how many a graph takes. The last token of the prompt is the one that is pooled.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor

from ugembed.errors import DataError
from ugembed.graphs.features import GraphBatch, GraphTensors, graph_tensors
from ugembed.graphs.schema import UrbanGraph
from ugembed.models.batching import length_batches
from ugembed.models.pictures import Picture, upright_size
from ugembed.models.prompts import Slot, without_tags
from ugembed.records.item import GraphSource, ImageSource, Item
from ugembed.registry import Config

if TYPE_CHECKING:
    from ugembed.models.backbones.base import Backbone

LEAST_REAL = 0.8
"""Smallest share of real tokens in a part of `InputBuilder.in_parts` where padding is computed."""


class InputsConfig(Config):
    """How items become tokens."""

    instruction: str | None = None
    """What the model is told to do with every item; null takes what the backbone was trained with (see its page)."""
    min_pixels: PositiveInt = 3136
    """Pictures are scaled up to at least this many pixels."""
    max_pixels: PositiveInt = 400_000
    """Pictures are scaled down to at most this many pixels (aspect ratio kept)."""
    max_graph_nodes: PositiveInt = 1000
    """Graphs are cut to this many nodes nearest to the centre."""
    max_length: PositiveInt = 32_768
    """Longest prompt in tokens; a longer one is an error, never cut."""
    padding_side: Literal["left", "right"] = "right"
    """Where shorter rows of a batch are filled up; embeddings do not depend on it."""
    cache_mb: int = Field(default=0, ge=0)
    """Memory for prepared pictures and graphs that are seen again (training epochs); 0 keeps none."""
    vectors_mb: int = Field(default=256, ge=0)
    """Memory for pooled vectors of prompts that are seen again, where the language model stays as it is
    (``train: graph``); 0 keeps none."""

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        if self.min_pixels > self.max_pixels:
            raise ValueError(f"min_pixels {self.min_pixels} is more than max_pixels {self.max_pixels}")
        return self


@dataclass(frozen=True, slots=True)
class ModelInputs:
    """A batch of n rows, t tokens wide.

    Attributes:
        input_ids, attention_mask: (n, t) int64.
        token_types: (n, t) int64; 1 on picture tokens, else 0 (what M-RoPE needs).
        pixel_values: (p, ...) float32 of the k pictures, one after the other: patches or tiles, or None.
        image_grid: (k, g) int64, what the family says of each picture's shape (`models.pictures.Picture`), or None.
        image_row: (k,) int64, the row that owns each picture; ascending.
        image_parts: (k,) int64, how many of the p entries of ``pixel_values`` belong to each picture.
        graphs: All graphs of the batch with their owners, or None.
        texts: n rows' own texts, without tags, instruction and template; () where nothing asks for them.
    """

    input_ids: Tensor
    attention_mask: Tensor
    token_types: Tensor
    pixel_values: Tensor | None
    image_grid: Tensor | None
    image_row: Tensor
    image_parts: Tensor
    graphs: GraphBatch | None
    texts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.input_ids.shape[0]

    def in_one_row(self) -> ModelInputs:
        """All real tokens as one row, row after row, without padding; pictures and graphs are all its own."""
        real = self.attention_mask.bool()
        input_ids = self.input_ids[real][None]
        return replace(
            self,
            input_ids=input_ids,
            attention_mask=torch.ones_like(input_ids),
            token_types=self.token_types[real][None],
            image_row=torch.zeros_like(self.image_row),
            graphs=None if self.graphs is None else replace(self.graphs, row=torch.zeros_like(self.graphs.row)),
        )

    def to(self, device: torch.device | str) -> ModelInputs:
        """The same batch on another device."""

        def move(value: Tensor | None) -> Tensor | None:
            return None if value is None else value.to(device, non_blocking=True)

        return replace(
            self,
            input_ids=self.input_ids.to(device),
            attention_mask=self.attention_mask.to(device),
            token_types=self.token_types.to(device),
            pixel_values=move(self.pixel_values),
            image_grid=move(self.image_grid),
            image_row=self.image_row.to(device),
            image_parts=self.image_parts.to(device),
            graphs=None if self.graphs is None else self.graphs.to(device),
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """An item whose length is known and whose graphs are read; its pictures are not decoded yet.

    Attributes:
        item: The item.
        graphs: Its graphs in numbers, in reading order.
        length: Tokens of its row, exactly.
    """

    item: Item
    graphs: tuple[GraphTensors, ...]
    length: int


class InputBuilder:
    """Turns items into `ModelInputs` for one backbone.

    Args:
        backbone: Whose tokens and pictures they become.
        config: How.
        graph_tokens: From the nodes of a graph to its placeholders in the prompt; None for a model without graph part.
    """

    def __init__(self, backbone: Backbone, config: InputsConfig, *, graph_tokens: Callable[[int], int] | None) -> None:
        self.backbone = backbone
        self.config = config
        self.graph_tokens = graph_tokens
        self._cache = _Cache(config.cache_mb * 2**20)
        self._text_ids: dict[str, list[int]] = {}

    def __call__(self, items: Sequence[Item | Draft], *, instruction: str | None = None) -> ModelInputs:
        """Prepare a batch.

        Args:
            items: One per row.
            instruction: Of rows whose items have none; None takes the configuration's, and that the backbone's own.

        Raises:
            DataError: a picture or graph that cannot be read, a prompt longer than ``max_length`` or without a token,
                or a graph for a model that has no graph part; the message names the item.
        """
        told = self.config.instruction if instruction is None else instruction
        plain = [draft.item if isinstance(draft, Draft) else draft for draft in items]
        images = [[self._image(source) for source in item.images] for item in plain]
        graphs = [self._graphs(item) for item in items]
        rows = [
            self._prompt(item, [picture.tokens for picture in shown], [graph.num_nodes for graph in near], told)
            for item, shown, near in zip(plain, images, graphs, strict=True)
        ]
        input_ids, mask = self._pad(rows)
        pictures = [picture for row_images in images for picture in row_images]
        owners = [row for row, row_images in enumerate(images) for _ in row_images]
        owned = [(row, graph) for row, row_graphs in enumerate(graphs) for graph in row_graphs]
        return ModelInputs(
            input_ids=input_ids,
            attention_mask=mask,
            token_types=(input_ids == self.backbone.markers.image_pad).long(),
            pixel_values=torch.cat([picture.pixels for picture in pictures]) if pictures else None,
            image_grid=torch.stack([picture.grid for picture in pictures]) if pictures else None,
            image_row=torch.tensor(owners, dtype=torch.int64),
            image_parts=torch.tensor([len(picture.pixels) for picture in pictures], dtype=torch.int64),
            graphs=GraphBatch.union([g for _, g in owned], [row for row, _ in owned]) if owned else None,
            texts=tuple(without_tags(item.text) for item in plain),
        )

    def plain(self, texts: Sequence[str], *, instruction: str | None = None) -> ModelInputs:
        """Prepare texts in which nothing has a meaning, ``<image>`` and ``<graph>`` neither.

        Args:
            texts: One per row.
            instruction: As in a call.

        Raises:
            DataError: ``no-tokens``, ``too-long``.
        """
        told = self.config.instruction if instruction is None else instruction
        input_ids, mask = self._pad([self._plain_prompt(text, told) for text in texts])
        types, none = torch.zeros_like(input_ids), torch.zeros(0, dtype=torch.int64)
        return ModelInputs(input_ids, mask, types, None, None, none, none, None, tuple(texts))

    def _plain_prompt(self, text: str, told: str | None) -> list[int]:
        prompt: list[int] = []
        for part in self.backbone.prompt.parts(text, told, tags=False):
            assert not isinstance(part, Slot)  # `tags=False`
            prompt += [part] if isinstance(part, int) else self._ids(part)
        return self._checked(prompt, text[:60])

    def draft(self, item: Item, *, instruction: str | None = None) -> Draft:
        """What forming batches wants to know of an item; a call on the draft does not read its graphs again.

        Raises:
            DataError: as a call, but for what only the pixels would show.
        """
        bounds = {"min_pixels": self.config.min_pixels, "max_pixels": self.config.max_pixels}
        images = [self.backbone.picture_tokens(*upright_size(source), **bounds) for source in item.images]
        graphs = self._graphs(item)
        told = self.config.instruction if instruction is None else instruction
        return Draft(item, graphs, len(self._prompt(item, images, [graph.num_nodes for graph in graphs], told)))

    def length(self, item: Item, *, instruction: str | None = None) -> int:
        """Tokens of an item's prompt, exactly those of its row, without decoding a picture: headers tell enough.

        Raises:
            DataError: as `draft`.
        """
        return self.draft(item, instruction=instruction).length

    def in_parts(
        self,
        items: Sequence[Item],
        *,
        max_tokens: int | None = None,
        max_rows: int | None = None,
        instruction: str | None = None,
    ) -> tuple[tuple[ModelInputs, ...], Tensor]:
        """Prepare items in parts of similar length, for one step that needs the vectors of all.

        Where the backbone computes padding, a part ends before more than a fifth of it would be padding.

        Args:
            items: One per row.
            max_tokens: Most tokens of a part, padding included; a longer row is a part of its own. None for no limit.
            max_rows: Most rows of a part; None for no limit.
            instruction: As in a call.

        Returns:
            The parts, and (n,) int64 ``places``: the k-th row of all parts is ``items[places[k]]``, so that
            ``torch.cat(vectors)[places.argsort()]`` are the vectors in the order given.

        Raises:
            DataError: as a call.
        """
        drafts = [self.draft(item, instruction=instruction) for item in items]
        batches = length_batches(
            [draft.length for draft in drafts],
            max_tokens=max_tokens,
            max_rows=max_rows,
            least_real=0.0 if self.backbone.packing else LEAST_REAL,
        )
        parts = tuple(self([drafts[k] for k in batch], instruction=instruction) for batch in batches)
        return parts, torch.tensor([k for batch in batches for k in batch], dtype=torch.int64)

    def _prompt(self, item: Item, images: Sequence[int], graphs: Sequence[int], instruction: str | None) -> list[int]:
        """Token ids of an item whose pictures take so many tokens and whose graphs have so many nodes."""
        prompt: list[int] = []
        left_images, left_graphs = iter(images), iter(graphs)
        told = instruction if item.instruction is None else item.instruction
        for part in self.backbone.prompt.parts(item.text, told):
            if isinstance(part, int):
                prompt.append(part)
            elif isinstance(part, str):
                prompt += self._ids(part)
            elif part is Slot.IMAGE:
                prompt += self._image_tokens(next(left_images))
            else:
                prompt += self._graph_tokens(next(left_graphs))
        return self._checked(prompt, _name(item))

    def _checked(self, prompt: list[int], name: str) -> list[int]:
        if not prompt:
            raise DataError(
                f"{name}: no token in its prompt, so there is nothing to pool",
                code="no-tokens",
                hint="give a text or an instruction: this model's prompt and its graphs take no token by themselves",
            )
        if len(prompt) > self.config.max_length:
            raise DataError(
                f"{name}: {len(prompt)} tokens, more than max_length {self.config.max_length}",
                code="too-long",
                hint="shorten the text, lower max_pixels or max_graph_nodes, or raise inputs.max_length",
            )
        return prompt

    def _image_tokens(self, count: int) -> list[int]:
        markers = self.backbone.markers
        marks = (markers.image_start, *[markers.image_pad] * count, markers.image_end)
        return [mark for mark in marks if mark is not None]

    def _graph_tokens(self, nodes: int) -> list[int]:
        assert self.graph_tokens is not None  # `_graph` has refused graphs
        markers, count = self.backbone.markers, self.graph_tokens(nodes)
        return [markers.graph_start, *[markers.graph_pad] * count, markers.graph_end] if count else []

    def _ids(self, text: str) -> list[int]:
        """Token ids of plain text; special tokens written inside it stay plain text."""
        known = self._text_ids.get(text)
        if known is None:
            known = list(self.backbone.tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids)
            if len(self._text_ids) < 100_000:
                self._text_ids[text] = known
        return known

    def _pad(self, rows: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
        width = max(len(row) for row in rows)
        ids = torch.full((len(rows), width), self.backbone.markers.padding, dtype=torch.int64)
        mask = torch.zeros((len(rows), width), dtype=torch.int64)
        for k, row in enumerate(rows):
            span = slice(width - len(row), width) if self.config.padding_side == "left" else slice(0, len(row))
            ids[k, span] = torch.tensor(row)
            mask[k, span] = 1
        return ids, mask

    def _image(self, source: ImageSource) -> Picture:
        key = ("image", str(source)) if isinstance(source, Path) else None
        return self._cache.get(key, lambda: self._read_image(source))  # type: ignore[no-any-return]

    def _read_image(self, source: ImageSource) -> Picture:
        from ugembed.records.images import load_image

        picture = load_image(source) if isinstance(source, Path) else source.convert("RGB")
        try:
            return self.backbone.prepare_picture(
                picture, min_pixels=self.config.min_pixels, max_pixels=self.config.max_pixels
            )
        except DataError as error:
            raise DataError(f"{source}: {error.message}", code=error.code, hint=error.hint) from None

    def _graphs(self, item: Item | Draft) -> tuple[GraphTensors, ...]:
        return item.graphs if isinstance(item, Draft) else tuple(self._graph(item, source) for source in item.graphs)

    def _graph(self, item: Item, source: GraphSource) -> GraphTensors:
        if self.graph_tokens is None:
            raise DataError(
                f"{_name(item)}: a graph, but this model has no graph part",
                code="graph-unread",
                hint="use a stage-2 model, or --query-mode image",
            )
        key = ("graph", str(source)) if isinstance(source, Path) else None
        return self._cache.get(key, lambda: self._read_graph(source))  # type: ignore[no-any-return]

    def _read_graph(self, source: GraphSource) -> GraphTensors:
        graph = source if isinstance(source, UrbanGraph) else UrbanGraph.read(Path(source))
        return graph_tensors(graph, max_nodes=self.config.max_graph_nodes)


class _Cache:
    """Least recently used values up to a number of bytes of their tensors."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.values: OrderedDict[Any, tuple[int, Any]] = OrderedDict()

    def get(self, key: Any, make: Any) -> Any:
        if key is None or self.limit == 0:
            return make()
        if key in self.values:
            self.values.move_to_end(key)
            return self.values[key][1]
        value = make()
        size = _bytes(value)
        self.values[key] = (size, value)
        self.used += size
        while self.used > self.limit:
            _, (gone, _) = self.values.popitem(last=False)
            self.used -= gone
        return value


def _bytes(value: Picture | GraphTensors) -> int:
    """What the tensors of a prepared picture or graph take."""
    if isinstance(value, Picture):
        return value.nbytes
    tensors = [getattr(value, name) for name in GraphTensors.__slots__]
    return sum(tensor.nbytes for tensor in tensors if isinstance(tensor, Tensor)) + 64 * len(value.texts)


def _name(item: Item) -> str:
    return item.id or (str(item.images[0]) if item.images else item.text[:60])
