"""Qwen2.5-VL, from a local folder or a hub name."""

from __future__ import annotations

from typing import Literal

from ugembed.models.backbones.base import Backbone, BackboneConfig


class Qwen25VLConfig(BackboneConfig):
    """Qwen2.5-VL by transformers' own classes."""

    kind: Literal["qwen2_5_vl"] = "qwen2_5_vl"
    path: str = "Qwen/Qwen2.5-VL-7B-Instruct"
    """Local folder or hub name of the checkpoint."""
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    """Precision of the frozen weights."""
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    """Attention kernel."""

    def build(self) -> Backbone:
        from transformers import Qwen2_5_VLModel

        from ugembed.models.backbones.qwen import load_qwen

        return load_qwen(Qwen2_5_VLModel, self.path, dtype=self.dtype, attention=self.attention)
