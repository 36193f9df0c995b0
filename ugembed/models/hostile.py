"""Model folders of strangers: what could run code when it is loaded is refused before anything is read."""

from __future__ import annotations

from pathlib import Path

from ugembed.errors import CheckpointError
from ugembed.files import read_json

PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".mar")
REMOTE_CODE = ("auto_map", "custom_pipelines", "trust_remote_code")
"""Keys by which a configuration asks for code from its own folder or from the hub."""
_MAX_CONFIG_BYTES = 2**24


def refuse_hostile(folder: Path) -> None:
    """Refuse a folder that leads outside, that holds pickles, or whose configurations ask for code.

    Links are followed inside of the folder, and to the blobs beside it as the hub's cache lays them out.

    Raises:
        CheckpointError: ``path-escapes``, ``not-a-file``, ``pickle-refused``, ``remote-code``.
        DataError: ``json-broken``: a configuration that cannot be read.
    """
    for path in sorted(folder.rglob("*")):
        _refuse_elsewhere(path, folder)
        if path.suffix.lower() in PICKLED:
            raise CheckpointError(
                f"{path}: may be a pickle, which can run code when it is opened",
                code="pickle-refused",
                hint="models hold safetensors only; remove the file, or get the model from somewhere else",
            )
        if path.suffix.lower() == ".json" and "config" in path.name:
            refuse_remote_code(path)


def _refuse_elsewhere(path: Path, folder: Path) -> None:
    root, real = folder.resolve(), path.resolve()
    blobs = [root.parents[1] / "blobs"] if len(root.parents) > 1 else []
    if not any(real.is_relative_to(inside) for inside in (root, *blobs)):
        raise CheckpointError(
            f"{path}: a link to {real}, outside of the model", code="path-escapes", hint="copy the file into the folder"
        )
    if not real.is_file() and not real.is_dir():
        raise CheckpointError(f"{path}: neither file nor folder", code="not-a-file", hint="remove it")


def refuse_remote_code(config: Path) -> None:
    """Refuse a JSON configuration that asks for code, at any depth.

    Raises:
        CheckpointError: ``remote-code``; ``config-unread``: longer than any configuration.
        DataError: ``json-broken``.
    """
    if config.stat().st_size > _MAX_CONFIG_BYTES:
        raise CheckpointError(
            f"{config}: longer than {_MAX_CONFIG_BYTES >> 20} MiB", code="config-unread", hint="it is no configuration"
        )
    pending = [read_json(config)]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            asked = [key for key in REMOTE_CODE if value.get(key)]
            if asked:
                raise CheckpointError(
                    f"{config}: asks for code of its own ({asked[0]})",
                    code="remote-code",
                    hint="only transformers' own classes are used; get a checkpoint made for them",
                )
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
