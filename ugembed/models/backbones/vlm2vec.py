"""VLM2Vec (arXiv 2410.05160, 2507.04590) on Qwen2-VL: pictures, instruction and text in a bare line, no turns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from ugembed.models.backbones.base import Backbone
from ugembed.models.backbones.qwen import QwenVL, QwenVLConfig, load_qwen
from ugembed.models.prompts import Prompt


class Vlm2VecConfig(QwenVLConfig):
    """Qwen2-VL with VLM2Vec's prompt, pooled token and positions."""

    kind: Literal["vlm2vec"] = "vlm2vec"
    path: str = "VLM2Vec/VLM2Vec-V2.0"

    def build(self) -> Backbone:
        from transformers import Qwen2VLModel

        return load_qwen(
            Qwen2VLModel, self.path, dtype=self.dtype, attention=self.attention, instruction="", wrapper=Vlm2Vec
        )


class Vlm2Vec(QwenVL):
    """The last token of the row itself is pooled.

    Pictures come without start and end marks. The code that VLM2Vec was published with finds pictures by their start
    mark, so it counts all tokens one by one: picture tokens have no positions in the plane.
    """

    plane_positions = False

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any, *, instruction: str = "") -> None:
        super().__init__(model, tokenizer, image_processor, instruction=instruction)
        self.markers = replace(self.markers, image_start=None, image_end=None)

    def template(self, instruction: str) -> Prompt:
        return Prompt(system=(), opening=(), closing=(), instruction=instruction, tags_first=True)
