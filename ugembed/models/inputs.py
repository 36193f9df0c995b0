"""The one door: everything a model eats is prepared here, the same for training, embedding and evaluation.

A prompt is ChatML: the instruction as system turn, the item as user turn, and the opening of an assistant turn, whose
last token is the one that is pooled. Pictures and graphs take as many placeholder tokens as they have patches or nodes.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from ugembed.errors import DataError
from ugembed.graphs.features import GraphBatch, GraphTensors, graph_tensors
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, GraphSource, ImageSource, Item
from ugembed.registry import Config

if TYPE_CHECKING:
    from ugembed.models.backbones.base import Backbone

_TAGS = re.compile(f"({IMAGE_TAG}|{GRAPH_TAG})")


class InputsConfig(Config):
    """How items become tokens."""

    instruction: str = "You are a helpful assistant."
    """System turn of every prompt."""
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


@dataclass(frozen=True, slots=True)
class ModelInputs:
    """A batch of n rows, t tokens wide.

    Attributes:
        input_ids, attention_mask: (n, t) int64.
        token_types: (n, t) int64; 1 on picture tokens, else 0 (what M-RoPE needs).
        pixel_values: (patches, channels) float32 of all pictures, or None.
        image_grid: (k, 3) int64 (time, height, width) in patches, or None.
        image_row: (k,) int64, the row that owns each picture; ascending.
        graphs: All graphs of the batch with their owners, or None.
    """

    input_ids: Tensor
    attention_mask: Tensor
    token_types: Tensor
    pixel_values: Tensor | None
    image_grid: Tensor | None
    image_row: Tensor
    graphs: GraphBatch | None

    def __len__(self) -> int:
        return self.input_ids.shape[0]

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
            graphs=None if self.graphs is None else self.graphs.to(device),
        )


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

    def __call__(self, items: Sequence[Item]) -> ModelInputs:
        """Prepare a batch.

        Raises:
            DataError: a picture or graph that cannot be read, a prompt longer than ``max_length``, or a graph for a
                model that has no graph part; the message names the item.
        """
        images = [[self._image(source) for source in item.images] for item in items]
        graphs = [[self._graph(item, source) for source in item.graphs] for item in items]
        rows = [self._prompt(*parts) for parts in zip(items, images, graphs, strict=True)]
        input_ids, mask = self._pad(rows)
        pictures = [(row, *image) for row, row_images in enumerate(images) for image in row_images]
        owned = [(row, graph) for row, row_graphs in enumerate(graphs) for graph in row_graphs]
        return ModelInputs(
            input_ids=input_ids,
            attention_mask=mask,
            token_types=(input_ids == self.backbone.markers.image_pad).long(),
            pixel_values=torch.cat([pixels for _, pixels, _ in pictures]) if pictures else None,
            image_grid=torch.stack([grid for _, _, grid in pictures]) if pictures else None,
            image_row=torch.tensor([row for row, _, _ in pictures], dtype=torch.int64),
            graphs=GraphBatch.union([g for _, g in owned], [row for row, _ in owned]) if owned else None,
        )

    def _prompt(self, item: Item, images: Sequence[tuple[Tensor, Tensor]], graphs: Sequence[GraphTensors]) -> list[int]:
        ids, markers = self._ids, self.backbone.markers
        prompt = [markers.turn_start, *ids(f"system\n{self.config.instruction}"), markers.turn_end, *ids("\n")]
        prompt += [markers.turn_start, *ids("user\n")]
        left_images, left_graphs = iter(images), iter(graphs)
        for part in _TAGS.split(item.text):
            if part == IMAGE_TAG:
                count = int(self.backbone.image_tokens(next(left_images)[1][None])[0])
                prompt += [markers.image_start, *[markers.image_pad] * count, markers.image_end]
            elif part == GRAPH_TAG:
                assert self.graph_tokens is not None  # `_graph` has refused graphs
                count = self.graph_tokens(next(left_graphs).num_nodes)
                prompt += [markers.graph_start, *[markers.graph_pad] * count, markers.graph_end]
            elif part:
                prompt += ids(part)
        prompt += [markers.turn_end, *ids("\n"), markers.turn_start, *ids("assistant\n")]
        if len(prompt) > self.config.max_length:
            raise DataError(
                f"{_name(item)}: {len(prompt)} tokens, more than max_length {self.config.max_length}",
                code="too-long",
                hint="shorten the text, lower max_pixels or max_graph_nodes, or raise inputs.max_length",
            )
        return prompt

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

    def _image(self, source: ImageSource) -> tuple[Tensor, Tensor]:
        """((patches, channels) float32, (3,) grid) of one picture."""
        key = ("image", str(source)) if isinstance(source, Path) else None
        return self._cache.get(key, lambda: self._read_image(source))  # type: ignore[no-any-return]

    def _read_image(self, source: ImageSource) -> tuple[Tensor, Tensor]:
        from ugembed.records.images import load_image

        picture = load_image(source) if isinstance(source, Path) else source.convert("RGB")
        size = {"shortest_edge": self.config.min_pixels, "longest_edge": self.config.max_pixels}
        try:
            prepared = self.backbone.image_processor(images=[picture], size=size, return_tensors="np")
        except ValueError as error:
            raise DataError(f"{source}: {error}", code="image-shape", hint="crop or replace the picture") from None
        pixels = torch.from_numpy(np.asarray(prepared["pixel_values"], dtype=np.float32))
        return pixels, torch.from_numpy(np.asarray(prepared["image_grid_thw"], dtype=np.int64))[0]

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


def _bytes(value: Any) -> int:
    if isinstance(value, Tensor):
        return value.nbytes
    if isinstance(value, GraphTensors):
        return sum(_bytes(getattr(value, name)) for name in GraphTensors.__slots__) + 64 * len(value.texts)
    return sum(_bytes(part) for part in value) if isinstance(value, tuple) else 0


def _name(item: Item) -> str:
    return item.id or (str(item.images[0]) if item.images else item.text[:60])
