"""The card of a model: what it is, what it was made from, how it is loaded. The licence is left to who publishes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ugembed import __version__
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.prompts import DOCUMENT

CARD = "README.md"
BACKBONE = "backbone"
"""Folder inside of a merged model that holds the whole backbone; ``backbone.path`` is its name then."""
_LICENCE = "# license: (yours to choose; the licences of the base model and of the map data bind it too)"


def model_card(embedder: Embedder, config: ModelConfig, *, data: Mapping[str, str] | None) -> str:
    """The text of ``README.md``.

    Args:
        embedder: The model.
        config: How the saved folder describes it.
        data: sha256 of the training files, by name.
    """
    base = base_name(embedder.config if is_inside(config) else config)
    lines = ["---", _LICENCE, "library_name: ugembed", "pipeline_tag: feature-extraction"]
    lines += [f"base_model: {base}"] if is_hub_name(base) else []
    lines += ["tags: [street-view, openstreetmap, embeddings]", "---", "", "# Spatially aware embedder", ""]
    lines += [
        "Texts, street-view pictures and local graphs of OpenStreetMap become unit vectors of "
        f"{embedder.dimension} numbers; the inner product of two is their likeness.",
        "",
        f"- base model: {base}",
        f"- language model: {_language_model(config, embedder)}",
        f"- graph part: {_graph_part(config)}",
        *(["- pooled vectors: whitened"] if config.head == "whitened" else []),
        *_prompts(config),
        f"- picture size: {config.inputs.min_pixels} to {config.inputs.max_pixels} pixels; "
        f"graphs: at most {config.inputs.max_graph_nodes} nodes",
        f"- written by: ugembed {__version__}",
        "",
        "## Training data",
        "",
        *_data(data),
        "",
        "## How to load it",
        "",
        "```python",
        "from ugembed import load_embedder",
        "",
        'embedder = load_embedder("path/of/this/folder")',
        f'vectors = embedder.encode(texts=["a quiet street by the river"]{_named(config)})',
        "```",
        "",
    ]
    return "\n".join(lines)


def base_name(config: ModelConfig) -> str:
    """Hub name of the base model; for a folder only its name, for a built-in or merged one its kind."""
    path = str(getattr(config.backbone, "path", config.backbone.kind))
    name = path if is_hub_name(path) else Path(path).name
    return config.backbone.kind if name == BACKBONE else name


def is_inside(config: ModelConfig) -> bool:
    """Whether the backbone lies in the model's own folder, as in merged models."""
    return getattr(config.backbone, "path", None) == BACKBONE


def is_hub_name(name: str) -> bool:
    """Whether ``name`` is of the form ``owner/model`` and no folder of this machine."""
    owner, slash, model = name.partition("/")
    return bool(owner.strip(".~") and slash and model) and "/" not in model and not Path(name).exists()


def _language_model(config: ModelConfig, embedder: Embedder) -> str:
    if config.lora is not None:
        kind = "DoRA" if config.lora.use_dora else "rsLoRA" if config.lora.use_rslora else "LoRA"
        return f"{kind}, rank {config.lora.rank}, alpha {config.lora.alpha:g}, on {', '.join(config.lora.targets)}"
    if embedder.config.lora is not None:
        return "adapters merged into the weights"
    trained = any(name.startswith("core.") for name in embedder.trained_parameters())
    return "all weights trained" if trained else "as in the base model"


def _graph_part(config: ModelConfig) -> str:
    if config.graph_encoder is None or config.fusion is None:
        return "none"
    return f"{config.graph_encoder.kind} encoder, {config.fusion.kind} fusion"


def _prompts(config: ModelConfig) -> list[str]:
    """What the model is told: one line, or one for each name."""
    own = config.inputs.instruction
    lines = [] if own is None else [f"- instruction: {own!r}"]
    return lines + [f"- prompt `{name}`: {text!r}" for name, text in config.prompts.items()]


def _named(config: ModelConfig) -> str:
    return f', prompt_name="{DOCUMENT}"' if config.prompts else ""


def _data(data: Mapping[str, str] | None) -> list[str]:
    if not data:
        return ["Not recorded."]
    rows = [f"| {Path(name).name} | `{digest}` |" for name, digest in sorted(data.items())]
    return ["| file | sha256 |", "| --- | --- |", *rows]
