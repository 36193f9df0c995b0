"""`Embedder`: the only module others see. Prepared inputs in, unit vectors out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ugembed.errors import DataError
from ugembed.models.batching import length_batches
from ugembed.models.config import ModelConfig
from ugembed.models.frozen import FrozenVectors
from ugembed.models.fusion.base import Fusion, Words
from ugembed.models.fusion.prompt import check_owners
from ugembed.models.graph_encoders.base import GraphEncoder
from ugembed.models.graph_encoders.bottleneck import USUAL_GAIN
from ugembed.models.graph_encoders.cached import CachedEncoder
from ugembed.models.head import WhitenedHead
from ugembed.models.inputs import InputBuilder, ModelInputs
from ugembed.models.lora import add_lora, train_language_model
from ugembed.models.node_text import ContextualText, DocumentText, NodeText, name_of
from ugembed.models.outputs import truncated
from ugembed.models.prompts import DOCUMENT, NamedPrompts, named_instruction
from ugembed.models.quantize import pack_four_bits
from ugembed.models.signature import base_signature
from ugembed.progress import OnProgress, silent
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, GraphSource, ImageSource, Item

WINDOW = 512
"""Items that are looked at together to form batches; their graphs are in memory."""


class Embedder(nn.Module):
    """A backbone with adapters, a graph encoder and their fusion.

    Args:
        config: What to build; the backbone's weights are loaded, everything else starts from ``seed``.
        seed: Of adapters, graph encoder and fusion.
    """

    def __init__(self, config: ModelConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.backbone = config.backbone.build()
        self.core: nn.Module = self.backbone.model
        if getattr(config.backbone, "quantize", None) is not None:
            pack_four_bits(self.core, pattern=self.backbone.language_model_pattern)
        self.adapters: Any = None
        if config.lora is not None:
            # peft adapts `core` in place; its wrapper is kept aside, for saving, and not registered a second time
            object.__setattr__(self, "adapters", add_lora(self.backbone, config.lora, seed=seed))
        elif config.train == "full":
            train_language_model(self.core)
        self.graph_encoder, self.fusion = self._graph_part(seed)
        self.encoded = None if self.graph_encoder is None else CachedEncoder(self.graph_encoder)
        graph_tokens = None if config.fusion is None else config.fusion.graph_tokens
        self.prepare = InputBuilder(self.backbone, config.inputs, graph_tokens=graph_tokens)
        self.node_text = self._node_text()
        self.head = self._head(seed)
        self.frozen: FrozenVectors | None = None
        if config.train == "graph":
            self.core.requires_grad_(False).eval()
            self.frozen = FrozenVectors(
                self._read_frozen,
                self.core,
                padding=self.backbone.markers.padding,
                left=config.inputs.padding_side == "left",
                limit_mb=config.inputs.vectors_mb,
            )
        words = self.backbone.token_embedding()
        self._row_words = NodeText(self.backbone.tokenizer, words, cache_mb=64)
        self._names = DocumentText(self.backbone.tokenizer, words, read=self.pooled_documents, model=self.core)
        self._fusing: tuple[ModelInputs, Tensor] | None = None
        self._auxiliary: list[Tensor] = []
        self.backbone.token_embedding().register_forward_hook(self._fuse)

    def _graph_part(self, seed: int) -> tuple[GraphEncoder | None, Fusion | None]:
        if self.config.fusion is None:
            return None, None
        width = self.backbone.hidden_size
        scale = float(self.backbone.token_embedding().weight.detach().float().square().mean().sqrt())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 1)
            encoder = None if self.config.graph_encoder is None else self.config.graph_encoder.build(hidden_size=width)
            fusion = self.config.fusion.build(hidden_size=width, markers=self.backbone.markers, scale=scale)
        return encoder, fusion

    def _head(self, seed: int) -> WhitenedHead | None:
        if self.config.head == "none":
            return None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 2)
            return WhitenedHead(self.backbone.hidden_size)

    def _node_text(self) -> NodeText:
        tokenizer, words = self.backbone.tokenizer, self.backbone.token_embedding()
        if self.config.node_text == "contextual":
            return ContextualText(tokenizer, words, states=self._base_states)
        return NodeText(tokenizer, words)

    @torch.no_grad()
    def _base_states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(n, t, d) states of plain texts, by the language model without its adapters, whatever is being trained."""
        none = torch.zeros(0, dtype=torch.int64, device=ids.device)
        inputs = ModelInputs(
            input_ids=ids,
            attention_mask=mask,
            token_types=torch.zeros_like(ids),
            pixel_values=None,
            image_grid=None,
            image_row=none,
            image_parts=none,
            graphs=None,
        )
        was_training = self.core.training
        self.core.eval()
        without: AbstractContextManager[Any] = nullcontext()
        if self.adapters is not None:
            without = self.adapters.disable_adapter()
        try:
            with without, torch.autocast(ids.device.type, enabled=False):
                return self.backbone.hidden_states(inputs)
        finally:
            self.core.train(was_training)

    def train(self, mode: bool = True) -> Embedder:
        """As in torch; a language model that stays as it is has no dropout."""
        super().train(mode)
        if self.config.train == "graph":
            self.core.eval()
        return self

    def _read_frozen(self, inputs: ModelInputs) -> Tensor:
        """(n, d) float32 pooled vectors of rows without graphs, in the precision of the weights."""
        with torch.autocast(inputs.input_ids.device.type, enabled=False):
            return self.backbone.pool(self.backbone.hidden_states(inputs), inputs.attention_mask).float()

    def pooled_documents(self, texts: Sequence[str], *, batch_size: int = 256) -> Tensor:
        """(n, d) float32 pooled vectors of texts as documents, as a language model that stays as it is gives them."""
        assert self.frozen is not None  # `ModelConfig` lets nothing else ask
        told, vectors = self.prompts.get(DOCUMENT), [torch.zeros(0, self.dimension, device=self.device)]
        for start in range(0, len(texts), batch_size):
            inputs = self.prepare.plain(texts[start : start + batch_size], instruction=told)
            vectors.append(self.frozen(inputs.to(self.device)))
        return torch.cat(vectors)

    @property
    def dimension(self) -> int:
        """Length d of the vectors."""
        return self.backbone.hidden_size

    @property
    def prompts(self) -> NamedPrompts:
        """What queries, documents and tasks are told."""
        return self.config.prompts

    @property
    def device(self) -> torch.device:
        device: torch.device = self.backbone.token_embedding().weight.device
        return device

    def forward(self, inputs: ModelInputs) -> Tensor:
        """(n, d) float32 unit vectors of a prepared batch on this module's device; padding is left out if it can be."""
        encoded = self._encode_graphs(inputs)
        vectors = self._pooled(inputs, encoded)
        if self.head is not None:
            vectors = self.head.whitened(vectors)
        if encoded is not None and self.fusion is not None:
            vectors = self.fusion.after(vectors, *encoded, self._words(inputs))
        if self.head is not None:
            has_graph = torch.zeros(len(vectors), dtype=torch.bool, device=vectors.device)
            if inputs.graphs is not None:
                has_graph[inputs.graphs.row] = True
            vectors = self.head(vectors, has_graph)
        return functional.normalize(vectors, dim=1)

    def _pooled(self, inputs: ModelInputs, encoded: tuple[ModelInputs, Tensor] | None) -> Tensor:
        """(n, d) float32 pooled vectors; a frozen language model that sees no nodes reads each prompt once."""
        sees_nodes = encoded is not None and self.config.fusion is not None and self.config.fusion.graph_tokens(1) > 0
        if self.frozen is not None and not sees_nodes:
            return self.frozen(inputs)
        is_packed = self.backbone.packs(inputs)
        if encoded is not None:
            self._fusing = (self._in_one_row(inputs), encoded[1]) if is_packed else encoded
        try:
            states = self.backbone.packed_states(inputs) if is_packed else self.backbone.hidden_states(inputs)
        finally:
            self._fusing = None
        return self.backbone.pool(states, inputs.attention_mask).float()

    def _words(self, inputs: ModelInputs) -> Words | None:
        """What the fusion wants to read; None for one that reads nodes alone."""
        if inputs.graphs is None or self.config.fusion is None or not self.config.fusion.reads_words:
            return None
        names = self._names([name_of(text) for text in inputs.graphs.texts])
        return Words(names if self.head is None else self.head.whitened(names), self._row_words(inputs.texts))

    def _in_one_row(self, inputs: ModelInputs) -> ModelInputs:
        """The packed batch; once its rows are one, a fusion cannot see whose placeholders are whose."""
        if inputs.graphs is not None and self.config.fusion is not None:
            counts = [self.config.fusion.graph_tokens(size) for size in inputs.graphs.size.tolist()]
            placeholder = inputs.input_ids == self.backbone.markers.graph_pad
            check_owners(placeholder, inputs, torch.tensor(counts, device=placeholder.device))
        return inputs.in_one_row()

    def _encode_graphs(self, inputs: ModelInputs) -> tuple[ModelInputs, Tensor] | None:
        if inputs.graphs is None or self.encoded is None:
            return None
        nodes = self.encoded(self.node_text, inputs.graphs)
        if self.training and self.graph_encoder is not None:
            extra = self.graph_encoder.auxiliary_loss(nodes, inputs.graphs)
            self._auxiliary += [] if extra is None else [extra]
        return inputs, nodes

    def take_auxiliary_loss(self) -> Tensor | None:
        """The mean of what the graph encoder asks for in the training batches since the last call; None for nothing."""
        losses, self._auxiliary = self._auxiliary, []
        return torch.stack(losses).mean() if losses else None

    def _fuse(self, module: nn.Module, args: tuple[Any, ...], embedded: Tensor) -> Tensor:
        """Forward hook of the word embedding: nodes take the place of the graph placeholders."""
        if self._fusing is None or self.fusion is None:
            return embedded
        inputs, nodes = self._fusing
        fused: Tensor = self.fusion(embedded, inputs, nodes)
        return fused

    @torch.no_grad()
    def encode_items(
        self,
        items: Sequence[Item],
        *,
        batch_size: int = 16,
        batch_tokens: int | None = None,
        on_progress: OnProgress = silent,
    ) -> NDArray[np.float32]:
        """(n, d) unit vectors of items, in their order; batches are formed of items of similar length.

        Args:
            items: Any number; what is read ahead of them to form batches is bounded.
            batch_size: Most rows of a batch.
            batch_tokens: Most tokens of a batch, padding included; a longer row is alone. None for no limit.
            on_progress: Hears how many are done.
        """
        was_training = self.training
        vectors = np.empty((len(items), self.dimension), dtype=np.float32)
        self.eval()
        try:
            done = 0
            for batch, inputs in self._batches(items, batch_size, batch_tokens):
                vectors[batch] = self(inputs.to(self.device)).cpu().numpy()
                done += len(batch)
                on_progress(done, len(items))
        finally:
            self.train(was_training)
        return vectors

    def _batches(
        self, items: Sequence[Item], batch_size: int, batch_tokens: int | None
    ) -> Iterator[tuple[list[int], ModelInputs]]:
        """Positions and prepared rows of every batch; lengths are compared within a window of items at a time."""
        window = max(WINDOW, batch_size)
        for start in range(0, len(items), window):
            drafts = [self.prepare.draft(item) for item in items[start : start + window]]
            lengths = [draft.length for draft in drafts]
            for batch in length_batches(lengths, max_tokens=batch_tokens, max_rows=batch_size):
                yield [start + k for k in batch], self.prepare([drafts[k] for k in batch])

    def encode(
        self,
        *,
        texts: Sequence[str] | None = None,
        images: Sequence[ImageSource | str] | None = None,
        graphs: Sequence[GraphSource | str] | None = None,
        batch_size: int = 16,
        dimension: int | None = None,
        prompt_name: str | None = None,
    ) -> NDArray[np.float32]:
        """(n, d) unit vectors of n rows; lists that are given belong together row by row.

        Args:
            texts: What is said in each row.
            images: A file or `PIL.Image.Image` per row.
            graphs: A graph file or `UrbanGraph` per row.
            batch_size: Rows per forward pass.
            dimension: Keep only so many leading numbers, at unit length again (Matryoshka).
            prompt_name: Which of the model's prompts all rows are told (``query``, ``document``, a task).

        Raises:
            ConfigError: ``prompt-unknown``; ``prompt-missing``, for a model whose queries and documents differ.
            DataError: no list, lists of different lengths, or a row that cannot be read.
        """
        given = [values for values in (texts, images, graphs) if values is not None]
        if not given or len({len(values) for values in given}) != 1:
            raise DataError(
                f"encode wants lists of one length, got {[len(values) for values in given]}",
                code="encode-lengths",
                hint="texts, images and graphs that are given belong together row by row",
            )
        told = named_instruction(self.prompts, prompt_name)
        tags = (GRAPH_TAG if graphs is not None else "") + (IMAGE_TAG if images is not None else "")
        items = [
            Item(
                text=tags + (texts[k] if texts is not None else ""),
                images=() if images is None else (_source(images[k]),),
                graphs=() if graphs is None else (_source(graphs[k]),),
                instruction=told,
            )
            for k in range(len(given[0]))
        ]
        vectors = self.encode_items(items, batch_size=batch_size)
        return vectors if dimension is None else truncated(vectors, dimension)

    def own_state(self) -> dict[str, Tensor]:
        """What is trained besides the adapters: graph encoder, fusion and head, by name."""
        parts = {"graph_encoder": self.graph_encoder, "fusion": self.fusion, "head": self.head}
        return {
            f"{name}.{key}": tensor
            for name, part in parts.items()
            if part is not None
            for key, tensor in part.state_dict().items()
        }

    def trained_parameters(self) -> dict[str, nn.Parameter]:
        """Every parameter that is meant to be trained, by name."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the configuration, of every trained weight, and of adapters and whitening that stay as they are, as
        they are when it is first asked for.
        """
        digest = hashlib.sha256(_deciding(self.config).encode())
        digest.update(orjson.dumps(base_signature(self.core), option=orjson.OPT_SORT_KEYS))
        own: dict[str, Tensor] = {
            name: weight for name, weight in self.named_parameters() if weight.requires_grad or ".lora_" in name
        }
        own |= {} if self.head is None else {f"head.{name}": part for name, part in self.head.named_buffers()}
        for name, weight in sorted(own.items()):
            digest.update(name.encode())
            digest.update(weight.detach().float().cpu().numpy().tobytes())
        return digest.hexdigest()[:16]


def _deciding(config: ModelConfig) -> str:
    """The settings that decide vectors, as JSON; later ones only where they are used, so that fingerprints last."""
    backbone, unused, encoder = {"path"}, set[str](), set[str]()
    if getattr(config.backbone, "quantize", None) is None:
        backbone.add("quantize")
    if not config.prompts:
        unused.add("prompts")
    if config.node_text == "tokens":
        unused.add("node_text")
    if config.head == "none":
        unused.add("head")
    if getattr(config.graph_encoder, "gain", None) == USUAL_GAIN:
        encoder.add("gain")
    places = {"inputs": {"cache_mb", "vectors_mb"}, "backbone": backbone, "graph_encoder": encoder}
    return config.model_dump_json(exclude=places | dict.fromkeys(unused, True))


def _source(value: Any) -> Any:
    return Path(value) if isinstance(value, str) else value
