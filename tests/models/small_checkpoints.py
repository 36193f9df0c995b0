"""Checkpoint folders of every family as the hub holds them, with small random weights: a megabyte each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from ugembed.models.backbones.tiny import TinyConfig, qwen_config, shipped_text_side

KINDS = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "gme", "vlm2vec", "llava_next", "internvl")
FAMILY = {"gme": "qwen2_vl", "vlm2vec": "qwen2_vl"} | {kind: kind for kind in KINDS if kind not in ("gme", "vlm2vec")}
"""Kind to the family of its checkpoints."""
TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
CANVASES = [[56, 112], [112, 56], [112, 112], [168, 56], [56, 168]]


def write_checkpoint(folder: Path, kind: str, *, appended: str | None = None) -> Path:
    """Write model, tokenizer and picture processor of a kind's family.

    Args:
        folder: Where to.
        kind: Of `KINDS`.
        appended: A special token that the tokenizer shall put behind every text.
    """
    torch.manual_seed(0)
    model, tokenizer, processor = _MAKERS[FAMILY[kind]]()
    if appended is not None:
        from tokenizers.processors import TemplateProcessing

        template = TemplateProcessing(
            single=f"$A {appended}", special_tokens=[(appended, tokenizer.convert_tokens_to_ids(appended))]
        )
        tokenizer.backend_tokenizer.post_processor = template
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _qwen2() -> tuple[Any, Any, Any]:
    from transformers import Qwen2VLConfig, Qwen2VLModel

    tokenizer, processor = shipped_text_side()
    config = qwen_config(TinyConfig(width=32, vision_width=32), vocabulary=len(tokenizer))
    text = config.text_config.to_dict() | {"model_type": "qwen2_vl_text"}
    vision = {"depth": 2, "embed_dim": 32, "num_heads": 1, "hidden_size": 32, "mlp_ratio": 2}
    return (
        Qwen2VLModel(Qwen2VLConfig(text_config=text, vision_config=vision, **_qwen_ids(config))),
        tokenizer,
        processor,
    )


def _qwen25() -> tuple[Any, Any, Any]:
    from transformers import Qwen2_5_VLModel

    tokenizer, processor = shipped_text_side()
    return (
        Qwen2_5_VLModel(qwen_config(TinyConfig(width=32, vision_width=32), vocabulary=len(tokenizer))),
        tokenizer,
        processor,
    )


def _qwen3() -> tuple[Any, Any, Any]:
    from transformers import Qwen3VLConfig, Qwen3VLModel

    tokenizer, _ = shipped_text_side()
    small = qwen_config(TinyConfig(width=32, vision_width=32), vocabulary=len(tokenizer))
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [3, 3, 2], "mrope_interleaved": True}
    text = TEXT | {"vocab_size": small.text_config.vocab_size, "num_key_value_heads": 2, "head_dim": 16}
    vision = {
        "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 1, "out_hidden_size": 32,
        "patch_size": 16, "num_position_embeddings": 64, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    config = Qwen3VLConfig(text_config=text | {"rope_parameters": rope}, vision_config=vision, **_qwen_ids(small))
    processor = Qwen2VLImageProcessorPil(patch_size=16, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    return Qwen3VLModel(config), tokenizer, processor


def _qwen_ids(config: Any) -> dict[str, int]:
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    return {name: getattr(config, name) for name in names}


def _internvl() -> tuple[Any, Any, Any]:
    from transformers import InternVLConfig, InternVLModel

    tokenizer, _ = shipped_text_side()
    tokenizer.add_tokens(["<img>", "</img>", "<IMG_CONTEXT>"])  # not special: the backbone must make them so
    text = TEXT | {"model_type": "qwen2", "vocab_size": len(tokenizer), "num_key_value_heads": 1}
    vision = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
        "image_size": [56, 56], "patch_size": [14, 14],
    }  # fmt: skip
    image_token = tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>")
    config = InternVLConfig(text_config=text, vision_config=vision, image_token_id=image_token, image_seq_length=4)
    processor = GotOcr2ImageProcessorPil(
        size={"height": 56, "width": 56}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
    )
    return InternVLModel(config), tokenizer, processor


def _llava_next() -> tuple[Any, Any, Any]:
    tokenizer = mistral_tokenizer()
    processor = LlavaNextImageProcessorPil(
        size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}, image_grid_pinpoints=CANVASES
    )
    return llava_model(tokenizer, tile=56, canvases=CANVASES), tokenizer, processor


def llava_model(tokenizer: Any, *, tile: int, canvases: list[list[int]]) -> Any:
    """LLaVA-NeXT on Mistral with tiles of ``tile`` pixels in patches of 14."""
    from transformers import LlavaNextConfig, LlavaNextModel

    vision = {
        "model_type": "clip_vision_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3,
        "num_attention_heads": 2, "image_size": tile, "patch_size": 14,
    }  # fmt: skip
    config = LlavaNextConfig(
        text_config=TEXT | {"model_type": "mistral", "vocab_size": len(tokenizer), "num_key_value_heads": 1},
        vision_config=vision,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=canvases,
    )
    return LlavaNextModel(config)


def mistral_tokenizer() -> Any:
    """SentencePiece's manner: spaces become bars, one in front of every text, bytes where a character is unknown."""
    from tokenizers import Tokenizer, decoders, models, normalizers
    from tokenizers.processors import TemplateProcessing

    characters = [chr(code) for code in range(33, 127)] + ["▁", "\n"]
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *characters, "▁▁"]
    vocabulary = {word: number for number, word in enumerate(words)}
    model = models.BPE(vocabulary, [("▁", "▁")], unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    fast.add_special_tokens({"pad_token": "<pad>", "additional_special_tokens": ["<image>"]})
    return fast


_MAKERS = {
    "qwen2_vl": _qwen2,
    "qwen2_5_vl": _qwen25,
    "qwen3_vl": _qwen3,
    "llava_next": _llava_next,
    "internvl": _internvl,
}
