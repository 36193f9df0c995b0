"""What a backbone is: the `Backbone` protocol and the tokens that mark pictures and graphs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from ugembed.models.inputs import ModelInputs
from ugembed.models.pictures import Picture
from ugembed.models.prompts import Prompt
from ugembed.registry import ComponentConfig

GRAPH_TOKENS = ("<|graph_start|>", "<|graph_pad|>", "<|graph_end|>")


@dataclass(frozen=True, slots=True)
class MarkerIds:
    """Token ids that structure a prompt. Text of a row can never produce one of them.

    Attributes:
        turn_start, turn_end: What opens and closes a turn; None where a family writes turns in plain text.
        image_start, image_end: What stands around a picture; None where nothing does.
        image_pad: Placeholder of a picture token.
        graph_start, graph_pad, graph_end: The same for graphs; every family is given them.
        padding: Fills up shorter rows.
    """

    turn_start: int | None
    turn_end: int | None
    image_start: int | None
    image_pad: int
    image_end: int | None
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
        image_processor: A transformers image processor of the PIL kind: the same pixels with and without torchvision.
        markers: Ids of the structuring tokens.
        prompt: The family's template.
        language_model_pattern: Anchored regular expression (full match) of the language model's linear layers inside
            ``model``, with a ``{names}`` gap for the layer names that LoRA adapts.
    """

    model: Any
    tokenizer: Any
    image_processor: Any
    markers: MarkerIds
    prompt: Prompt
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

    @property
    def packing(self) -> bool:
        """Whether padding is left out of the computation, with this attention kernel on this device."""
        ...

    def packs(self, inputs: ModelInputs) -> bool:
        """Whether this batch is one for `packed_states`: it has padding that is left out."""
        ...

    def packed_states(self, inputs: ModelInputs) -> Tensor:
        """(T, d) states of the T real tokens, row after row: those of `hidden_states`, without computing padding."""
        ...

    def pool(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """(n, d) vectors of (n, t, d) or (T, d) states; every family known so far takes the last real token."""
        ...

    def picture_tokens(self, width: int, height: int, *, min_pixels: int, max_pixels: int) -> int:
        """Placeholders of a picture, from its size in pixels alone; exactly what `prepare_picture` finds.

        Raises:
            DataError: ``image-shape``, the family's processor cannot take such a picture.
        """
        ...

    def prepare_picture(self, picture: Any, *, min_pixels: int, max_pixels: int) -> Picture:
        """An upright RGB `PIL.Image.Image`, resized within the bounds as far as the family can, and normalised.

        Raises:
            DataError: as `picture_tokens`.
        """
        ...

    def save_text_side(self, folder: Path) -> None:
        """Write tokenizer and image processor files."""
        ...
