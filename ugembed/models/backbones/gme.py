"""GME (arXiv 2412.16855): Qwen2-VL trained as an embedder, with a closing token and positions in one line."""

from __future__ import annotations

from typing import Literal

from ugembed.models.backbones.base import Backbone
from ugembed.models.backbones.qwen import QwenVL, QwenVLConfig, load_qwen
from ugembed.models.prompts import Prompt, chatml


class GmeConfig(QwenVLConfig):
    """Qwen2-VL with GME's prompt, pooled token and positions."""

    kind: Literal["gme"] = "gme"
    path: str = "Alibaba-NLP/gme-Qwen2-VL-2B-Instruct"

    def build(self) -> Backbone:
        from transformers import Qwen2VLModel

        return load_qwen(Qwen2VLModel, self.path, dtype=self.dtype, attention=self.attention, wrapper=Gme)


class Gme(QwenVL):
    """``<|endoftext|>`` follows the assistant turn's opening and is pooled.

    GME's published forward pass hands embedded tokens to the language model without positions, which then counts them
    one by one: picture tokens have no positions in the plane.
    """

    plane_positions = False

    def template(self, instruction: str) -> Prompt:
        start, end = self.markers.turn_start, self.markers.turn_end
        assert start is not None  # `QwenVL.__init__` named both
        assert end is not None
        return chatml(start=start, end=end, instruction=instruction, closing=(self.markers.padding,))
