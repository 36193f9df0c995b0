"""LLaVA-1.6-Mistral (LLaVA-NeXT), from a local folder or a hub name."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import Backbone
from ugembed.models.backbones.checkpoint import CheckpointConfig
from ugembed.models.backbones.vision_language import VisionLanguageModel
from ugembed.models.inputs import ModelInputs
from ugembed.models.pictures import Picture, bounded_size, floats
from ugembed.models.prompts import Prompt


class LlavaNextConfig(CheckpointConfig):
    """LLaVA-NeXT on Mistral by transformers' own classes."""

    kind: Literal["llava_next"] = "llava_next"
    path: str = "llava-hf/llava-v1.6-mistral-7b-hf"

    def build(self) -> Backbone:
        from transformers import LlavaNextModel
        from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

        return self.load_as(LlavaNextModel, LlavaNextImageProcessorPil, LlavaNext)


class LlavaNext(VisionLanguageModel):
    """A picture is an overview of one tile and, on the canvas that suits its shape, two to four tiles of detail.

    The bounds in pixels apply to the picture before it is laid on a canvas; within them its pixels are the stock
    processor's.

    Raises:
        CheckpointError: ``processor-mismatch``, model and picture processor disagree on tiles or canvases.
    """

    family = "LLaVA-NeXT (Mistral)"

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any) -> None:
        super().__init__(model, tokenizer, image_processor)
        self.markers = self.marker_ids(
            turn_start=None,
            turn_end=None,
            image_start=None,
            image_pad="<image>",
            image_end=None,
            padding="<pad>",
        )
        first, last = self.text_ends()
        self.prompt = Prompt(
            system=("<<SYS>>\n{instruction}\n<</SYS>>\n\n",),
            opening=("[INST] ",),
            closing=(" [/INST]", *last),
            start=first,
            after_image="\n",
        )
        self.canvases = [tuple(size) for size in model.config.image_grid_pinpoints]  # (height, width) in pixels
        self.tile: int = int(model.config.vision_config.image_size)
        self.side: int = self.tile // int(model.config.vision_config.patch_size)  # patches
        self._check_processor()

    def _check_processor(self) -> None:
        cut = {name: self.image_processor.crop_size[name] for name in ("height", "width")}
        canvases = [tuple(size) for size in self.image_processor.image_grid_pinpoints]
        if canvases != self.canvases or set(cut.values()) != {self.tile}:
            raise CheckpointError(
                f"the model has tiles of {self.tile} pixels on {self.canvases}, its processor {cut} on {canvases}",
                code="processor-mismatch",
                hint="take config.json and preprocessor_config.json of the same checkpoint",
            )

    def picture_tokens(self, width: int, height: int, *, min_pixels: int, max_pixels: int) -> int:
        return self._tokens(*bounded_size(width, height, min_pixels=min_pixels, max_pixels=max_pixels))

    def _tokens(self, width: int, height: int) -> int:
        """Overview, details without the canvas's margins, and a line end a row (``unpad_image`` in transformers)."""
        from transformers.image_processing_utils import select_best_resolution

        canvas_height, canvas_width = select_best_resolution((height, width), self.canvases)
        rows, columns = canvas_height // self.tile * self.side, canvas_width // self.tile * self.side
        if width / height > columns / rows:
            rows -= 2 * ((rows - int(round(height * (columns / width), 7))) // 2)
        else:
            columns -= 2 * ((columns - int(round(width * (rows / height), 7))) // 2)
        return self._overview() + int(rows * (columns + 1))

    def _overview(self) -> int:
        tokens: int = self.side**2
        return tokens + int(self.model.config.vision_feature_select_strategy == "full")  # and its class token

    def prepare_picture(self, picture: Any, *, min_pixels: int, max_pixels: int) -> Picture:
        size = bounded_size(*picture.size, min_pixels=min_pixels, max_pixels=max_pixels)
        if size != picture.size:
            picture = picture.resize(size, resample=self.image_processor.resample)
        prepared = self.image_processor(images=[picture], return_tensors="np")
        return Picture(floats(prepared["pixel_values"][0]), torch.tensor([size[1], size[0]]), self._tokens(*size))

    def states(self, inputs: ModelInputs, position_ids: Tensor, **attention: Any) -> Tensor:
        output = self.model(
            input_ids=inputs.input_ids,
            position_ids=position_ids,
            pixel_values=inputs.pixel_values,
            image_sizes=inputs.image_grid,
            use_cache=False,
            **attention,
        )
        states: Tensor = output.last_hidden_state
        return states
