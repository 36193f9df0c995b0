"""Checkpoints from a local folder or the hub: transformers' own classes, safetensors only, nothing else is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch

from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import Backbone, BackboneConfig

_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_UNUSED = ("lm_head.weight", "lm_head.bias", ".inv_freq", ".position_ids")
"""Ends of names that a checkpoint may hold beyond the model: the head that is left off, and constants."""


class CheckpointConfig(BackboneConfig):
    """What configurations of published checkpoints share; subclasses name kind, default checkpoint and classes."""

    path: str
    """Local folder or hub name of the checkpoint."""
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    """Precision of the frozen weights."""
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    """Attention kernel."""
    quantize: Literal["nf4"] | None = None
    """``nf4``: the language model's linear layers in four bits (QLoRA); wants bitsandbytes (``ugembed[gpu]``)."""

    def load_as(self, model_class: Any, processor_class: Any, wrap: Callable[..., Backbone]) -> Backbone:
        """`load_checkpoint` with this configuration's path, precision and kernel."""
        return load_checkpoint(
            model_class, processor_class, wrap=wrap, path=self.path, dtype=self.dtype, attention=self.attention
        )


def load_checkpoint(
    model_class: Any, processor_class: Any, *, wrap: Callable[..., Backbone], path: str, dtype: str, attention: str
) -> Backbone:
    """Load a checkpoint behind the `Backbone` protocol; remote code is never run, a pickle never opened.

    Args:
        model_class: transformers' class of the model without its head.
        processor_class: transformers' image processor class, of the PIL kind.
        wrap: From model, tokenizer and image processor to the backbone.
        path: Local folder or hub name.
        dtype: Name of a torch precision.
        attention: Attention kernel.

    Raises:
        CheckpointError: ``remote-code``, ``weights-pickled``, ``wrong-backbone`` (of another family),
            ``weights-mismatch`` (names or shapes), ``processor-mismatch`` (model, tokenizer and processor disagree),
            ``backbone-missing`` (nothing there, or it cannot be read).
    """
    try:
        _check_config(model_class.config_class, path)
        _check_files(Path(path))
        with _silent_transformers():
            return wrap(*_load(model_class, processor_class, path, dtype=dtype, attention=attention))
    except CheckpointError as error:
        named = error.message if error.message.startswith(path) else f"{path}: {error.message}"
        raise CheckpointError(named, code=error.code, hint=error.hint) from None
    except Exception as error:  # a damaged file shows itself in any way; tokenizers raises bare exceptions
        raise CheckpointError(
            f"{path}: {(str(error) or type(error).__name__).strip().splitlines()[0]}",
            code="backbone-missing",
            hint="give a local folder or a hub name that this machine can reach, complete and undamaged",
        ) from error


@contextmanager
def _silent_transformers() -> Iterator[None]:
    """No progress bar and no table of weights: what is wrong with them is said by `_check_weights`."""
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def _load(model_class: Any, processor_class: Any, path: str, *, dtype: str, attention: str) -> tuple[Any, Any, Any]:
    from transformers import AutoTokenizer

    processor = processor_class.from_pretrained(path)
    tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=False)
    model, found = model_class.from_pretrained(
        path,
        dtype=getattr(torch, dtype),
        attn_implementation=attention,
        use_safetensors=True,
        trust_remote_code=False,
        ignore_mismatched_sizes=True,  # gathered and refused below, with names
        output_loading_info=True,
    )
    _check_weights(found, path)
    return model, tokenizer, processor


def _check_config(config_class: Any, path: str) -> None:
    raw, _ = config_class.get_config_dict(path)
    if _asks_for_code(raw):
        raise CheckpointError(
            f"{path}: config.json asks for code of its own (auto_map)",
            code="remote-code",
            hint="such code is never run; where transformers has the family, remove auto_map in a local copy",
        )
    if raw and raw.get("model_type") != config_class.model_type:
        raise CheckpointError(
            f"{path}: a {raw.get('model_type')!r} checkpoint, wanted {config_class.model_type!r}",
            code="wrong-backbone",
            hint="change model.backbone.kind or model.backbone.path",
        )


def _asks_for_code(value: Any) -> bool:
    return isinstance(value, dict) and ("auto_map" in value or any(_asks_for_code(inner) for inner in value.values()))


def _check_files(folder: Path) -> None:
    """Name a local folder's pickles where it has nothing else; the hub's are refused by ``use_safetensors``."""
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    pickled = sorted(name for name in names if name.endswith(_PICKLED))
    if pickled and not any(name.endswith(".safetensors") for name in names):
        raise CheckpointError(
            f"{folder}: weights only as pickle ({pickled[0]}), which can run code",
            code="weights-pickled",
            hint="convert them to safetensors where you trust them, or take another checkpoint",
        )


def _check_weights(found: dict[str, Any], path: str) -> None:
    """transformers draws missing weights at random with a warning; here they are refused."""
    surplus = [name for name in found["unexpected_keys"] if not name.endswith(_UNUSED)]
    kinds = (("missing", found["missing_keys"]), ("of another shape", found["mismatched_keys"]), ("surplus", surplus))
    for what, names in kinds:
        if names:
            first = sorted(str(name[0]) if isinstance(name, tuple) else name for name in names)[0]
            raise CheckpointError(
                f"{path}: {len(names)} weights are {what}, such as {first}",
                code="weights-mismatch",
                hint="use a complete checkpoint of exactly this family, without adapters",
            )
