"""Qwen3-VL and Qwen3-VL-Embedding, from a local folder or a hub name."""

from __future__ import annotations

from typing import Literal

from ugembed.models.backbones.base import Backbone
from ugembed.models.backbones.qwen import QwenVLConfig, load_qwen

INSTRUCTION = "Represent the user's input."
"""What Qwen3-VL-Embedding is told by default."""


class Qwen3VLConfig(QwenVLConfig):
    """Qwen3-VL by transformers' own classes; the prompt is that of its embedding checkpoints."""

    kind: Literal["qwen3_vl"] = "qwen3_vl"
    path: str = "Qwen/Qwen3-VL-Embedding-2B"

    def build(self) -> Backbone:
        from transformers import Qwen3VLModel

        return load_qwen(Qwen3VLModel, self.path, dtype=self.dtype, attention=self.attention, instruction=INSTRUCTION)
