"""What ``ugembed embed`` does: a file of items, a saved model, an embedding store."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pydantic import PositiveInt

from ugembed.embed.encode import encode_distinct
from ugembed.embed.store import EmbeddingStore, StoredItem, write_store
from ugembed.errors import DataError
from ugembed.files import iter_lines, refuse_existing
from ugembed.models.prompts import named_instruction
from ugembed.progress import OnProgress, silent
from ugembed.records.roots import Roots
from ugembed.records.uge_jsonl import read_items
from ugembed.registry import Config


class EmbedConfig(Config):
    """A run file of ``ugembed embed``."""

    model: Path
    """Checkpoint folder."""
    input: Path
    """JSON lines: rows with ``messages``, or with ``text``, ``images`` and ``graphs``."""
    out: Path
    """Folder to make."""
    batch_size: PositiveInt = 16
    """Most items that are encoded at once; embeddings do not depend on it."""
    batch_tokens: PositiveInt | None = None
    """Most tokens that are encoded at once, padding included; a longer item is encoded alone. Null for no limit."""
    prompt_name: str | None = None
    """Which of the model's prompts the items are told; a model with prompts for its two sides wants ``query`` or
    ``document``."""
    device: str | None = None
    """``cpu``, ``cuda``, ``cuda:1``…; the best there is by default."""
    cache: Path | None = None
    """Folder in which vectors of node texts are kept for the next run; for models with ``node_text: contextual``."""
    roots: tuple[Path, ...] = ()
    """Folders that relative image and graph paths start from. Default: the file's folder, then the current one."""


def embed_file(
    config: EmbedConfig, *, on_progress: OnProgress = silent, on_warning: Callable[[str], None] = warnings.warn
) -> EmbeddingStore:
    """Embed every row of ``config.input``, rows that say the same only once; row i of the store is the i-th row.

    Raises:
        StoreError: ``output-exists``, before the model is loaded.
        DataError: ``input-empty``, or a row that cannot be read.
        ConfigError: ``prompt-unknown``, ``prompt-missing``, ``cache-unused``.
        CheckpointError: a model that is missing or damaged, or that gives unusable vectors.
    """
    refuse_existing(config.out)
    items = list(read_items(config.input, Roots.for_file(config.input, config.roots)))
    if not items:
        raise DataError(f"{config.input}: no rows in it", code="input-empty", hint="one JSON object a line")
    lines = [number for number, _ in iter_lines(config.input)]

    from ugembed.models.saved import load_embedder
    from ugembed.models.text_cache import node_texts_kept

    encoder = load_embedder(config.model, device=config.device)
    told = named_instruction(encoder.prompts, config.prompt_name)
    items = [replace(item, instruction=told) for item in items]
    with node_texts_kept(encoder, config.cache, on_warning=on_warning):
        vectors, index = encode_distinct(
            encoder,
            items,
            batch_size=config.batch_size,
            batch_tokens=config.batch_tokens,
            on_progress=on_progress,
        )
    stored = [StoredItem.of(item, line=line) for item, line in zip(items, lines, strict=True)]
    return write_store(
        config.out,
        vectors[index],
        stored,
        fingerprint=encoder.fingerprint,
        input_file=config.input,
        prompt_name=config.prompt_name,
    )
