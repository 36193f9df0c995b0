"""InternVL3 in transformers' own classes (checkpoints whose names end in -hf), from a local folder or a hub name."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import Backbone
from ugembed.models.backbones.checkpoint import CheckpointConfig
from ugembed.models.backbones.vision_language import VisionLanguageModel
from ugembed.models.inputs import ModelInputs
from ugembed.models.pictures import Picture, floats
from ugembed.models.prompts import chatml


class InternVLConfig(CheckpointConfig):
    """InternVL3 by transformers' own classes."""

    kind: Literal["internvl"] = "internvl"
    path: str = "OpenGVLab/InternVL3-1B-hf"

    def build(self) -> Backbone:
        from transformers import InternVLModel
        from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

        return self.load_as(InternVLModel, GotOcr2ImageProcessorPil, InternVL)


class InternVL(VisionLanguageModel):
    """A picture is cut into square tiles, and an overview is added where there is more than one.

    The bounds in pixels limit the number of tiles: at most ``max_pixels`` of them together, but always one, and at most
    as many as the processor's own ``max_patches``.

    Raises:
        CheckpointError: ``processor-mismatch``, model and picture processor disagree on the size of a tile.
    """

    family = "InternVL"

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any) -> None:
        super().__init__(model, tokenizer, image_processor)
        self.markers = self.marker_ids(
            turn_start="<|im_start|>",
            turn_end="<|im_end|>",
            image_start="<img>",
            image_pad="<IMG_CONTEXT>",
            image_end="</img>",
            padding="<|endoftext|>",
        )
        start, end = self.markers.turn_start, self.markers.turn_end
        assert start is not None  # named above
        assert end is not None
        self.prompt = chatml(start=start, end=end, instruction="", closing=self.text_ends()[1], after_image="\n")
        vision = model.config.vision_config
        self.tile = (int(vision.image_size[0]), int(vision.image_size[1]))  # height, width in pixels
        patches = (self.tile[0] // vision.patch_size[0]) * (self.tile[1] // vision.patch_size[1])
        self.tile_tokens = int(patches * model.config.downsample_ratio**2)
        size = (image_processor.size["height"], image_processor.size["width"])
        if size != self.tile:
            raise CheckpointError(
                f"the model has tiles of {self.tile} pixels, its processor of {size}",
                code="processor-mismatch",
                hint="take config.json and preprocessor_config.json of the same checkpoint",
            )

    def picture_tokens(self, width: int, height: int, *, min_pixels: int, max_pixels: int) -> int:
        how = self._tiling(min_pixels, max_pixels)
        tiles: int = self.image_processor.get_number_of_image_patches(height, width, how)
        return tiles * self.tile_tokens

    def _tiling(self, min_pixels: int, max_pixels: int) -> dict[str, Any]:
        """How many tiles a picture may become."""
        area = self.tile[0] * self.tile[1]
        most = max(1, min(int(self.image_processor.max_patches), max_pixels // area))
        least = min(most, max(int(self.image_processor.min_patches), -(-min_pixels // area)))
        return {"crop_to_patches": True, "min_patches": least, "max_patches": most}

    def prepare_picture(self, picture: Any, *, min_pixels: int, max_pixels: int) -> Picture:
        how = self._tiling(min_pixels, max_pixels)
        pixels = floats(self.image_processor(images=[picture], return_tensors="np", **how)["pixel_values"])
        return Picture(pixels, torch.tensor([len(pixels)]), len(pixels) * self.tile_tokens)

    def states(self, inputs: ModelInputs, position_ids: Tensor, **attention: Any) -> Tensor:
        output = self.model(
            input_ids=inputs.input_ids,
            position_ids=position_ids,
            pixel_values=inputs.pixel_values,
            use_cache=False,
            **attention,
        )
        states: Tensor = output.last_hidden_state
        return states
