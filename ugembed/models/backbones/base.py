"""What a backbone is: the `Backbone` protocol and the tokens that mark pictures and graphs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from ugembed.models.inputs import ModelInputs
from ugembed.registry import ComponentConfig

GRAPH_TOKENS = ("<|graph_start|>", "<|graph_pad|>", "<|graph_end|>")


@dataclass(frozen=True, slots=True)
class MarkerIds:
    """Token ids that structure a prompt. Text of a row can never produce one of them."""

    turn_start: int
    turn_end: int
    image_start: int
    image_pad: int
    image_end: int
    graph_start: int
    graph_pad: int
    graph_end: int
    padding: int


class BackboneConfig(ComponentConfig):
    """Base of backbone configurations."""

    def build(self) -> Backbone:
        """Load or create the backbone, frozen, in evaluation mode."""
        raise TypeError(f"{type(self).__name__} does not say how it is built")


class Backbone(Protocol):
    """A vision-language model that turns prepared inputs into one state per token.

    Attributes:
        model: The transformers model without a language-model head.
        tokenizer: A transformers tokenizer that knows `GRAPH_TOKENS`.
        image_processor: A transformers image processor giving ``pixel_values`` and ``image_grid_thw``.
        markers: Ids of the structuring tokens.
        language_model_pattern: Anchored regular expression (full match) of the language model's linear layers inside
            ``model``, with a ``{names}`` gap for the layer names that LoRA adapts.
    """

    model: Any
    tokenizer: Any
    image_processor: Any
    markers: MarkerIds
    language_model_pattern: str

    @property
    def hidden_size(self) -> int:
        """Width d of the states."""
        ...

    def token_embedding(self) -> nn.Embedding:
        """The input embedding of the language model."""
        ...

    def hidden_states(self, inputs: ModelInputs) -> Tensor:
        """(n, t, d) states after the language model's final norm."""
        ...

    def image_tokens(self, grid_thw: Tensor) -> Tensor:
        """(k,) number of tokens that pictures of the given (k, 3) patch grids take in the prompt."""
        ...

    def save_text_side(self, folder: Path) -> None:
        """Write tokenizer and image processor files."""
        ...
