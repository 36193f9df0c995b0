"""What Qwen2-VL and Qwen2.5-VL share: transformers' own classes, their tokenizer, positions and picture processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import GRAPH_TOKENS, Backbone, BackboneConfig, MarkerIds
from ugembed.models.inputs import ModelInputs

CHAT_TOKENS = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|image_pad|>", "<|vision_end|>")
PADDING_TOKEN = "<|endoftext|>"


class QwenVLConfig(BackboneConfig):
    """What Qwen-VL configurations share; subclasses name the kind, the default checkpoint and transformers' class."""

    path: str
    """Local folder or hub name of the checkpoint."""
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    """Precision of the frozen weights."""
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    """Attention kernel."""

    def load(self, model_class: Any) -> Backbone:
        """Load the checkpoint into transformers' ``model_class``."""
        return load_qwen(model_class, self.path, dtype=self.dtype, attention=self.attention)


class QwenVL:
    """A Qwen-VL model behind the `Backbone` protocol, frozen and in evaluation mode.

    Only the language model's linear layers match ``language_model_pattern``: the vision tower of Qwen2.5-VL uses the
    same layer names and must not be hit.
    """

    language_model_pattern = r"language_model\.layers\.\d+\.(self_attn|mlp)\.({names})"

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any) -> None:
        self.model = model.requires_grad_(False).eval()
        self.tokenizer = tokenizer
        self.image_processor = image_processor
        tokenizer.add_tokens(list(GRAPH_TOKENS), special_tokens=True)
        rows = self.token_embedding().num_embeddings
        if len(tokenizer) > rows:
            model.resize_token_embeddings(len(tokenizer))
        self.markers = MarkerIds(*(self._id(token) for token in (*CHAT_TOKENS, *GRAPH_TOKENS, PADDING_TOKEN)))

    def _id(self, token: str) -> int:
        found = self.tokenizer.convert_tokens_to_ids(token)
        if not isinstance(found, int) or found == self.tokenizer.unk_token_id:
            raise CheckpointError(
                f"the tokenizer has no token {token}",
                code="not-qwen-vl",
                hint="the checkpoint is not of the Qwen-VL family",
            )
        return found

    @property
    def hidden_size(self) -> int:
        width: int = self.token_embedding().embedding_dim
        return width

    def token_embedding(self) -> nn.Embedding:
        embedding: nn.Embedding = self.model.get_input_embeddings()
        return embedding

    def image_tokens(self, grid_thw: Tensor) -> Tensor:
        merged: int = self.image_processor.merge_size**2
        return grid_thw.prod(dim=-1).div(merged, rounding_mode="floor")

    def hidden_states(self, inputs: ModelInputs) -> Tensor:
        if inputs.image_grid is not None:
            positions, _ = self.model.get_rope_index(
                inputs.input_ids,
                inputs.token_types,
                image_grid_thw=inputs.image_grid,
                attention_mask=inputs.attention_mask,
            )
        else:
            positions = text_positions(inputs.attention_mask)
        output = self.model(
            input_ids=inputs.input_ids,
            attention_mask=inputs.attention_mask,
            position_ids=positions,
            pixel_values=inputs.pixel_values,
            image_grid_thw=inputs.image_grid,
            use_cache=False,
        )
        states: Tensor = output.last_hidden_state
        return states

    def save_text_side(self, folder: Path) -> None:
        self.tokenizer.save_pretrained(folder)
        self.image_processor.save_pretrained(folder)


def text_positions(attention_mask: Tensor) -> Tensor:
    """(3, n, t) M-RoPE positions of rows without pictures: every real token counts one, padding is 0."""
    positions = (attention_mask.cumsum(dim=1) - 1).clamp(min=0) * attention_mask
    return positions.expand(3, *positions.shape)


def load_qwen(model_class: Any, path: str, *, dtype: str, attention: str) -> QwenVL:
    """Load a real checkpoint from a folder or a hub name; remote code is never run.

    Raises:
        CheckpointError: the folder or name cannot be loaded, or is of another family.
    """
    from transformers import AutoConfig, AutoTokenizer
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(path)
        if not issubclass(model_class.config_class, type(config)):
            raise CheckpointError(
                f"{path}: a {config.model_type!r} checkpoint, wanted {model_class.config_class.model_type!r}",
                code="wrong-backbone",
                hint="change model.backbone.kind or model.backbone.path",
            )
        model = model_class.from_pretrained(path, dtype=getattr(torch, dtype), attn_implementation=attention)
        tokenizer = AutoTokenizer.from_pretrained(path)
        processor = Qwen2VLImageProcessorPil.from_pretrained(path)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: {str(error).splitlines()[0]}",
            code="backbone-missing",
            hint="give a local folder or a hub name that this machine can reach",
        ) from None
    return QwenVL(model, tokenizer, processor)
