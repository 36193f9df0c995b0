"""What ``ugembed export`` does: a saved model as a folder for use elsewhere, checked against the original."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from ugembed import __version__
from ugembed.errors import CheckpointError, ConfigError
from ugembed.files import committed_directory, read_manifest, refuse_existing, write_atomic, write_json
from ugembed.models.card import BACKBONE, is_hub_name, is_inside
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.export.merge import merge, merged_config
from ugembed.models.export.probes import least_cosine, probe_vectors
from ugembed.models.prompts import DOCUMENT, QUERY
from ugembed.models.saved import KIND, inside, load_embedder, model_facts, model_folder, write_model
from ugembed.models.weights import fill
from ugembed.registry import Config

Target = Literal["merged", "sentence-transformers", "hub-folder"]
MODULE = "ugembed.models.export.sentence_transformers.UgembedModule"
LEAST_COSINE = {"float32": 0.99999, "bfloat16": 0.999, "float16": 0.999}
"""Between the vectors of the original and of the export, by precision of the exported weights."""


class ExportConfig(Config):
    """What to export, and as what."""

    model: Path
    """Run, checkpoint or saved model."""
    to: Target
    """``merged``: the whole backbone with the adapters merged, and the graph part; ``sentence-transformers``: the same
    with the files that library wants; ``hub-folder``: the model as it is, ready to be uploaded."""
    out: Path
    """Folder to make."""
    base: str | None = None
    """Hub name that a hub folder gives for its base model, where the original names a folder of this machine."""
    dtype: Literal["float32", "bfloat16", "float16"] | None = None
    """Precision of merged weights; the base model's by default."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made: the folder, its bytes, and the smallest cosine between its vectors and the original's."""

    folder: Path
    bytes: int
    least_cosine: float


def export_model(config: ExportConfig) -> Exported:
    """Export a model; a folder whose vectors are not those of the original is not left behind.

    Raises:
        CheckpointError: ``export-differs``, ``base-local``, ``export-backbone``, ``merge-quantised``,
            ``merge-node-text``, or a model that cannot be loaded.
        ConfigError: ``export-option``.
        StoreError: ``output-exists``, before the model is loaded.
    """
    refuse_existing(config.out)
    whole = config.to != "hub-folder"
    if (config.base and whole) or (config.dtype and not whole):
        raise ConfigError(
            f"--{'base' if whole else 'dtype'} has no meaning with --to {config.to}",
            code="export-option",
            hint="base goes with hub-folder, dtype with merged and sentence-transformers",
        )
    folder = model_folder(config.model)
    embedder = load_embedder(folder, device="cpu")
    data: Mapping[str, str] = read_manifest(folder, kind=KIND).get("data") or {}
    wanted = probe_vectors(embedder)
    whole = whole or (folder / BACKBONE).is_dir()
    target = _prepare(embedder, config, whole=whole)
    return _write(embedder, target, config, data, wanted)


def _prepare(embedder: Embedder, config: ExportConfig, *, whole: bool) -> ModelConfig:
    """Merge if the whole backbone is written; the configuration of the folder to be made."""
    if whole:
        _check_mergeable(embedder)
        own = next(embedder.core.parameters()).dtype
        dtype = config.dtype or str(own).removeprefix("torch.")
        target = merged_config(embedder, dtype)
        merge(embedder, getattr(torch, dtype))
        return target
    path = getattr(embedder.config.backbone, "path", None)
    if path is None:
        return embedder.config
    base = config.base or path
    if not is_hub_name(base):
        raise CheckpointError(
            f"the base model is {base}: nobody else has that folder",
            code="base-local",
            hint="name its place on the hub with --base owner/model, or export with --to merged",
        )
    return embedder.config.model_copy(update={"backbone": embedder.config.backbone.model_copy(update={"path": base})})


def _check_mergeable(embedder: Embedder) -> None:
    if embedder.adapters is not None and embedder.config.node_text == "contextual":
        raise CheckpointError(
            "node texts are read by the language model without its adapters, which a merged model no longer has",
            code="merge-node-text",
            hint="export with --to hub-folder, or train with node_text: tokens",
        )


def _write(
    embedder: Embedder, target: ModelConfig, config: ExportConfig, data: Mapping[str, str], wanted: Any
) -> Exported:
    facts = model_facts(embedder, target, data=data)
    with committed_directory(config.out, kind=KIND, **facts) as scratch:
        write_files(embedder, target, scratch, data=data)
        if config.to == "sentence-transformers":
            write_module_list(scratch, prompts=library_prompts(embedder))
        elif config.to == "hub-folder":
            write_atomic(scratch / ".gitattributes", b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
        dtype = getattr(target.backbone, "dtype", "float32")
        least = _check(embedder, target, scratch, facts, wanted, LEAST_COSINE[dtype])
    size = sum(path.stat().st_size for path in config.out.rglob("*") if path.is_file())
    return Exported(config.out, size, least)


def write_files(embedder: Embedder, target: ModelConfig, folder: Path, *, data: Mapping[str, str] | None) -> None:
    """Write a model, with its whole backbone where ``target`` says that it lies inside."""
    write_model(embedder, target, folder, data=data)
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    text_side = folder
    if is_inside(target):
        text_side = folder / BACKBONE
        with redirect_stdout(sys.stderr):  # deepspeed, where installed, announces itself when accelerate looks for it
            embedder.backbone.model.save_pretrained(text_side)
    embedder.backbone.save_text_side(text_side)


def library_prompts(embedder: Embedder) -> dict[str, str]:
    """A model's prompts for sentence-transformers: both sides are spelt out, or the library takes them as empty."""
    if not embedder.prompts:
        return {}
    own = embedder.config.inputs.instruction
    default = embedder.backbone.prompt.instruction if own is None else own
    return {QUERY: default, DOCUMENT: default, **embedder.prompts}


def write_module_list(folder: Path, *, prompts: Mapping[str, str]) -> None:
    """The two files by which sentence-transformers finds `UgembedModule`, and its prompts."""
    write_json(folder / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": MODULE}])
    write_json(
        folder / "config_sentence_transformers.json",
        {
            "__version__": {"ugembed": __version__},
            "model_type": "SentenceTransformer",
            "prompts": dict(prompts),
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def _check(
    embedder: Embedder, target: ModelConfig, folder: Path, facts: Mapping[str, Any], wanted: Any, limit: float
) -> float:
    """The smallest cosine between the original's vectors and those of the model in ``folder``, loaded anew."""
    config = inside(target, folder)
    if config is target:  # the base model is where it was, whatever the folder calls it
        config = target.model_copy(update={"backbone": embedder.config.backbone})
    again = Embedder(config)
    fill(again, folder, facts)
    least = least_cosine(wanted, probe_vectors(again.eval()))
    if not least >= limit:
        raise CheckpointError(
            f"the exported model gives other vectors than the original: cosine {least:.7f}, wanted {limit}",
            code="export-differs",
            hint="export with --dtype float32, and report this if it persists",
        )
    return least
