"""What ``ugembed embed`` does: a file of items, a saved model, an embedding store."""

from __future__ import annotations

from pathlib import Path

from pydantic import PositiveInt

from ugembed.embed.encode import encode_distinct
from ugembed.embed.store import EmbeddingStore, StoredItem, write_store
from ugembed.errors import DataError
from ugembed.files import iter_lines, refuse_existing
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
    """Items that are encoded at once; embeddings do not depend on it."""
    device: str | None = None
    """``cpu``, ``cuda``, ``cuda:1``…; the best there is by default."""
    roots: tuple[Path, ...] = ()
    """Folders that relative image and graph paths start from. Default: the file's folder, then the current one."""


def embed_file(config: EmbedConfig, *, on_progress: OnProgress = silent) -> EmbeddingStore:
    """Embed every row of ``config.input``, rows that say the same only once; row i of the store is the i-th row.

    Raises:
        StoreError: ``output-exists``, before the model is loaded.
        DataError: ``input-empty``, or a row that cannot be read.
        CheckpointError: a model that is missing or damaged, or that gives unusable vectors.
    """
    refuse_existing(config.out)
    items = list(read_items(config.input, Roots.for_file(config.input, config.roots)))
    if not items:
        raise DataError(f"{config.input}: no rows in it", code="input-empty", hint="one JSON object a line")
    lines = [number for number, _ in iter_lines(config.input)]

    from ugembed.models.saved import load_embedder

    encoder = load_embedder(config.model, device=config.device)
    vectors, index = encode_distinct(encoder, items, batch_size=config.batch_size, on_progress=on_progress)
    stored = [StoredItem.of(item, line=line) for item, line in zip(items, lines, strict=True)]
    return write_store(config.out, vectors[index], stored, fingerprint=encoder.fingerprint, input_file=config.input)
