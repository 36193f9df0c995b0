"""What all families share: frozen weights, graph tokens, markers that no text can forge, packing, pooling, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import GRAPH_TOKENS, MarkerIds
from ugembed.models.backbones.row_attention import attend_row_by_row
from ugembed.models.inputs import ModelInputs
from ugembed.models.pooling import last_token


class VisionLanguageModel:
    """Base of the families behind the `Backbone` protocol, frozen and in evaluation mode.

    Only the language model's linear layers match ``language_model_pattern``: vision towers use the same layer names and
    must not be hit.
    """

    language_model_pattern = r"language_model\.layers\.\d+\.(self_attn|mlp)\.({names})"
    family = "vision-language"
    """Name of the family in refusals."""

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any) -> None:
        self.model = model.requires_grad_(False).eval()
        self.rows_apart = attend_row_by_row(model.language_model)
        self.tokenizer = tokenizer
        self.image_processor = image_processor
        tokenizer.add_tokens(list(GRAPH_TOKENS), special_tokens=True)
        rows = self.token_embedding().num_embeddings
        if len(tokenizer) > rows:
            with torch.random.fork_rng(devices=[]), torch.no_grad():
                model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
                table = self.token_embedding().weight
                table[rows:] = table[:rows].float().mean(dim=0).to(table.dtype)  # the same at every loading
            self.token_embedding().requires_grad_(False)

    def marker_ids(self, **names: str | None) -> MarkerIds:
        """`MarkerIds` from the names of a family's tokens; each is made special, so that no text can forge it.

        Raises:
            CheckpointError: ``wrong-backbone``, the tokenizer does not know one of them; ``processor-mismatch``, model
                and tokenizer mean different tokens by a picture.
        """
        graph = dict(zip(("graph_start", "graph_pad", "graph_end"), GRAPH_TOKENS, strict=True))
        markers = MarkerIds(**{name: self._id(token) for name, token in (names | graph).items()})
        wanted = self.model.config.image_token_id
        if markers.image_pad != wanted:
            raise CheckpointError(
                f"{names['image_pad']} is token {markers.image_pad} of the tokenizer and {wanted} of the model",
                code="processor-mismatch",
                hint="take config.json and the tokenizer's files of the same checkpoint",
            )
        return markers

    def _id(self, token: str | None) -> Any:
        if token is None:
            return None
        found = self.tokenizer.get_vocab().get(token)
        if found is None:
            raise CheckpointError(
                f"the tokenizer has no token {token}",
                code="wrong-backbone",
                hint=f"the checkpoint is not of the {self.family} family",
            )
        self.tokenizer.add_tokens([token], special_tokens=True)
        return found

    def text_ends(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Ids that the tokenizer itself puts before and after a text (``<s>``, ``<|endoftext|>``, mostly nothing).

        Raises:
            CheckpointError: ``wrong-backbone``, the text itself is not found between them.
        """
        plain = list(self.tokenizer("a", add_special_tokens=False).input_ids)
        whole = list(self.tokenizer("a").input_ids)
        at = next((k for k in range(len(whole)) if whole[k : k + len(plain)] == plain), None)
        if not plain or at is None:
            raise CheckpointError(
                "the tokenizer cuts a text apart differently when it marks its ends",
                code="wrong-backbone",
                hint=f"the checkpoint's tokenizer is damaged, or not of the {self.family} family",
            )
        return tuple(whole[:at]), tuple(whole[at + len(plain) :])

    @property
    def hidden_size(self) -> int:
        width: int = self.token_embedding().embedding_dim
        return width

    def token_embedding(self) -> nn.Embedding:
        embedding: nn.Embedding = self.model.get_input_embeddings()
        return embedding

    def positions(self, inputs: ModelInputs) -> Tensor:
        """(n, t) positions of the tokens, or (3, n, t) in time, height and width."""
        return text_positions(inputs.attention_mask)

    def states(self, inputs: ModelInputs, position_ids: Tensor, **attention: Any) -> Tensor:
        """(n, t, d) states after the final norm of a batch whose ``position_ids`` are given.

        Args:
            inputs: The batch.
            position_ids: What `positions` gives, or the same of packed rows.
            attention: Instead of the batch's own ``attention_mask``, and for the attention kernel.
        """
        raise TypeError(f"{type(self).__name__} does not say how it computes states")

    def hidden_states(self, inputs: ModelInputs) -> Tensor:
        return self.states(inputs, self.positions(inputs), attention_mask=inputs.attention_mask)

    @property
    def packing(self) -> bool:
        # a GPU would launch several kernels a row and layer, which short rows are not worth
        return self.rows_apart and self.token_embedding().weight.device.type == "cpu"

    def packs(self, inputs: ModelInputs) -> bool:
        window = getattr(self.model.language_model.config, "sliding_window", None)
        whole_rows_attend = window is None or inputs.attention_mask.shape[1] <= window
        return self.packing and whole_rows_attend and not bool(inputs.attention_mask.all())

    def packed_states(self, inputs: ModelInputs) -> Tensor:
        packed, real = inputs.in_one_row(), inputs.attention_mask.bool()
        position_ids = self.positions(inputs)[..., real][..., None, :]  # (1, T), or (3, 1, T)
        kernel = {
            "attention_mask": packed.attention_mask[:, None, None],  # in four dimensions none is made of it
            "row_lengths": inputs.attention_mask.sum(dim=1).tolist(),
        }
        return self.states(packed, position_ids, **kernel)[0]

    def pool(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        return last_token(hidden, attention_mask)

    def save_text_side(self, folder: Path) -> None:
        self.tokenizer.save_pretrained(folder)
        self.image_processor.save_pretrained(folder)


def text_positions(attention_mask: Tensor) -> Tensor:
    """(n, t) positions: every real token counts one, padding is 0."""
    return (attention_mask.cumsum(dim=1) - 1).clamp(min=0) * attention_mask
