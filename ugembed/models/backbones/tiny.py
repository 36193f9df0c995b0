"""A real Qwen2.5-VL of two million weights that needs no download: random for tests, pretrained for the demo.

The pretrained weights lie beside this file (``tiny_weights/``, with their data card); ``ugembed/demo/pretrain.py``
makes them. Only the size differs from `qwen2_5_vl`: classes, tokenizer kind, positions and processor are the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import NonNegativeInt, PositiveInt

from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import Backbone, BackboneConfig

WEIGHTS = Path(__file__).parent / "tiny_weights"


class TinyConfig(BackboneConfig):
    """A small Qwen2.5-VL, built offline."""

    kind: Literal["tiny"] = "tiny"
    weights: Literal["pretrained", "random"] = "pretrained"
    """``pretrained``: the weights shipped with the package; ``random``: drawn from ``seed`` at the sizes below."""
    seed: NonNegativeInt = 0
    """Of random weights."""
    width: PositiveInt = 64
    """Hidden size of random weights; a multiple of 32."""
    layers: PositiveInt = 2
    """Language model layers of random weights."""
    vision_width: PositiveInt = 32
    """Hidden size of the vision tower of random weights; a multiple of 32."""
    vision_layers: PositiveInt = 2
    """Vision tower layers of random weights."""

    def build(self) -> Backbone:
        from transformers import Qwen2_5_VLModel

        from ugembed.models.backbones.qwen import load_qwen

        if self.weights == "pretrained":
            return load_qwen(Qwen2_5_VLModel, str(WEIGHTS), dtype="float32", attention="sdpa")
        return self._random()

    def _random(self) -> Backbone:
        import torch
        from transformers import Qwen2_5_VLModel

        from ugembed.models.backbones.qwen import QwenVL

        tokenizer, processor = shipped_text_side()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = Qwen2_5_VLModel(qwen_config(self, vocabulary=len(tokenizer)))
        return QwenVL(model, tokenizer, processor)


def shipped_text_side() -> tuple[Any, Any]:
    """The tokenizer and image processor of the package (trained on texts of synthetic cities, `demo/pretrain.py`)."""
    from transformers import AutoTokenizer
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    if not (WEIGHTS / "tokenizer.json").is_file():
        raise CheckpointError(f"{WEIGHTS}: no tokenizer", code="backbone-missing", hint="run `make tiny-backbone`")
    return AutoTokenizer.from_pretrained(WEIGHTS), Qwen2VLImageProcessorPil.from_pretrained(WEIGHTS)


def qwen_config(size: TinyConfig, *, vocabulary: int) -> Any:
    """The transformers configuration of a tiny Qwen2.5-VL; head size 32, vocabulary rounded up to a multiple of 64."""
    from transformers import Qwen2_5_VLConfig

    heads = size.width // 32
    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": -(-vocabulary // 64) * 64,
            "hidden_size": size.width,
            "intermediate_size": 3 * size.width,
            "num_hidden_layers": size.layers,
            "num_attention_heads": heads,
            "num_key_value_heads": heads,
            "max_position_embeddings": 32_768,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [4, 6, 6]},
            "bos_token_id": 0,
            "eos_token_id": 2,
            "pad_token_id": 0,
        },
        vision_config={
            "depth": size.vision_layers,
            "hidden_size": size.vision_width,
            "intermediate_size": 3 * size.vision_width,
            "num_heads": size.vision_width // 32,
            "out_hidden_size": size.width,
            "fullatt_block_indexes": list(range(1, size.vision_layers, 2)),
        },
        **{f"{name}_token_id": number for name, number in _QWEN_IDS.items()},
    )


QWEN_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
"""Qwen's special tokens, in its order; the tiny tokenizer puts them first."""

_QWEN_IDS = {
    "vision_start": QWEN_TOKENS.index("<|vision_start|>"),
    "vision_end": QWEN_TOKENS.index("<|vision_end|>"),
    "image": QWEN_TOKENS.index("<|image_pad|>"),
    "video": QWEN_TOKENS.index("<|video_pad|>"),
}
