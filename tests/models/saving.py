"""Models to save and folders to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch

from tests.fixtures import model_config
from ugembed.files import MANIFEST, read_json, sha256_file, write_json
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder


def scrambled(config: dict[str, Any]) -> Embedder:
    """An embedder none of whose trained weights are as they were created."""
    embedder = Embedder(ModelConfig.model_validate(config))
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in embedder.trained_parameters().values():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return embedder


def contextual(**changes: Any) -> Embedder:
    """An embedder whose node texts are read by the language model."""
    config = model_config() | {"node_text": "contextual"} | changes
    return Embedder(ModelConfig.model_validate(config)).eval()


def copied(folder: Path, target: Path) -> Path:
    """A copy that may be spoilt."""
    shutil.copytree(folder, target, dirs_exist_ok=True)
    return target


def reseal(folder: Path, **facts: Any) -> None:
    """Write the manifest anew, as somebody would who means harm: every sum fits, ``facts`` replace those there."""
    manifest = read_json(folder / MANIFEST)
    manifest["facts"] |= facts
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    manifest["files"] = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_file(path)}
        for path in files
    }
    write_json(folder / MANIFEST, manifest)
