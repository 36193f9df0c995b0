"""What Qwen2-VL, Qwen2.5-VL and Qwen3-VL share: ChatML, M-RoPE positions, one picture processor."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from ugembed.models.backbones.base import Backbone
from ugembed.models.backbones.checkpoint import CheckpointConfig, load_checkpoint
from ugembed.models.backbones.vision_language import VisionLanguageModel, text_positions
from ugembed.models.inputs import ModelInputs
from ugembed.models.pictures import Picture, bad_shape, floats
from ugembed.models.prompts import Prompt, chatml

ASSISTANT = "You are a helpful assistant."
"""The system turn that Qwen2-VL's and Qwen2.5-VL's own templates put in front."""


class QwenVLConfig(CheckpointConfig):
    """What Qwen-VL configurations share; subclasses name the kind, the default checkpoint and transformers' class."""

    def load(self, model_class: Any) -> Backbone:
        """Load the checkpoint into transformers' ``model_class``."""
        return load_qwen(model_class, self.path, dtype=self.dtype, attention=self.attention)


class QwenVL(VisionLanguageModel):
    """A Qwen-VL model behind the `Backbone` protocol.

    Args:
        model: transformers' model without its head.
        tokenizer: Its tokenizer.
        image_processor: `Qwen2VLImageProcessorPil`.
        instruction: What the checkpoint is told when the user says nothing.
    """

    family = "Qwen-VL"
    plane_positions = True
    """Picture tokens have positions in the plane (M-RoPE); False where a checkpoint was trained on one line of them."""

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any, *, instruction: str = ASSISTANT) -> None:
        super().__init__(model, tokenizer, image_processor)
        self.markers = self.marker_ids(
            turn_start="<|im_start|>",
            turn_end="<|im_end|>",
            image_start="<|vision_start|>",
            image_pad="<|image_pad|>",
            image_end="<|vision_end|>",
            padding="<|endoftext|>",
        )
        self.prompt = self.template(instruction)

    def template(self, instruction: str) -> Prompt:
        """ChatML; what the tokenizer itself appends to a text (Qwen3-VL-Embedding) is appended and then pooled."""
        start, end = self.markers.turn_start, self.markers.turn_end
        assert start is not None  # `__init__` named both
        assert end is not None
        return chatml(start=start, end=end, instruction=instruction, closing=self.text_ends()[1])

    def picture_tokens(self, width: int, height: int, *, min_pixels: int, max_pixels: int) -> int:
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

        unit = self.image_processor.patch_size * self.image_processor.merge_size
        try:
            rows, columns = smart_resize(height, width, factor=unit, min_pixels=min_pixels, max_pixels=max_pixels)
        except ValueError as error:
            raise bad_shape(width, height, error) from None
        return int(rows // unit) * int(columns // unit)

    def prepare_picture(self, picture: Any, *, min_pixels: int, max_pixels: int) -> Picture:
        tokens = self.picture_tokens(*picture.size, min_pixels=min_pixels, max_pixels=max_pixels)
        size = {"shortest_edge": min_pixels, "longest_edge": max_pixels}
        prepared = self.image_processor(images=[picture], size=size, return_tensors="np")
        return Picture(floats(prepared["pixel_values"]), torch.tensor(prepared["image_grid_thw"][0]), tokens)

    def states(self, inputs: ModelInputs, position_ids: Tensor, **attention: Any) -> Tensor:
        output = self.model(
            input_ids=inputs.input_ids,
            position_ids=position_ids,
            pixel_values=inputs.pixel_values,
            image_grid_thw=inputs.image_grid,
            use_cache=False,
            **attention,
        )
        states: Tensor = output.last_hidden_state
        return states

    def positions(self, inputs: ModelInputs) -> Tensor:
        """(3, n, t) M-RoPE positions (time, height, width), given explicitly: transformers falls back to text's."""
        if inputs.image_grid is None or not self.plane_positions:
            line = text_positions(inputs.attention_mask)
            return line.expand(3, *line.shape)
        positions: Tensor = self.model.get_rope_index(
            inputs.input_ids,
            inputs.token_types,
            image_grid_thw=inputs.image_grid,
            attention_mask=inputs.attention_mask,
        )[0]
        return positions


def load_qwen(
    model_class: Any, path: str, *, dtype: str, attention: str, instruction: str = ASSISTANT, wrapper: Any = QwenVL
) -> Backbone:
    """Load a checkpoint of the Qwen-VL families from a folder or a hub name; remote code is never run.

    Args:
        model_class: transformers' class without the head.
        path: Local folder or hub name.
        dtype: Name of a torch precision.
        attention: Attention kernel.
        instruction: What the checkpoint is told when the user says nothing.
        wrapper: `QwenVL`, or a subclass with other conventions.

    Raises:
        CheckpointError: see `load_checkpoint`.
    """
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    return load_checkpoint(
        model_class,
        Qwen2VLImageProcessorPil,
        wrap=partial(wrapper, instruction=instruction),
        path=path,
        dtype=dtype,
        attention=attention,
    )
