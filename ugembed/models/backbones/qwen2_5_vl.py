"""Qwen2.5-VL, from a local folder or a hub name."""

from __future__ import annotations

from typing import Literal

from ugembed.models.backbones.base import Backbone
from ugembed.models.backbones.qwen import QwenVLConfig


class Qwen25VLConfig(QwenVLConfig):
    """Qwen2.5-VL by transformers' own classes."""

    kind: Literal["qwen2_5_vl"] = "qwen2_5_vl"
    path: str = "Qwen/Qwen2.5-VL-7B-Instruct"

    def build(self) -> Backbone:
        from transformers import Qwen2_5_VLModel

        return self.load(Qwen2_5_VLModel)
