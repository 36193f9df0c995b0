"""`EmbeddingStore`: a folder of vectors that knows which model and which file they come from.

``vectors.npy`` (float32, memory-mapped), ``items.jsonl`` (line i describes row i) and the manifest, whose facts are the
model's fingerprint, the input file with its sha256, the count and the dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from ugembed.embed.encode import Vectors, check_vectors
from ugembed.errors import StoreError
from ugembed.files import committed_directory, iter_lines, read_manifest, sha256_file, write_jsonl
from ugembed.records.item import Item

KIND = "embeddings"
VECTORS = "vectors.npy"
ITEMS = "items.jsonl"


@dataclass(frozen=True, slots=True)
class StoredItem:
    """What a store remembers of one item.

    Attributes:
        id: Its id, or empty.
        text: Its text with the tags in it.
        images, graphs: Paths of its sources; None for one that was only in memory.
        place: ``{"lon", "lat", "heading_deg"}`` in degrees, or None.
        line: 1-based line of the input file, 0 when it came from no file.
    """

    id: str
    text: str
    images: tuple[str | None, ...]
    graphs: tuple[str | None, ...]
    place: dict[str, float | None] | None
    line: int

    @classmethod
    def of(cls, item: Item, *, line: int = 0) -> StoredItem:
        """The description of ``item``."""
        return cls(
            id=item.id,
            text=item.text,
            images=source_names(item.images),
            graphs=source_names(item.graphs),
            place=asdict(item.place) if item.place else None,
            line=line,
        )


def source_names(sources: Sequence[Any]) -> tuple[str | None, ...]:
    """Paths of picture or graph sources as text; None for one that is only in memory."""
    return tuple(str(source) if isinstance(source, Path) else None for source in sources)


@dataclass(frozen=True)
class EmbeddingStore:
    """An opened store.

    Attributes:
        folder: Where it lies.
        vectors: (n, d) float32, read from disk as needed.
        facts: ``fingerprint``, ``input``, ``input_sha256``, ``count``, ``dimension``; ``prompt_name`` if there was one.
    """

    folder: Path
    vectors: Vectors
    facts: dict[str, Any]

    def __len__(self) -> int:
        return len(self.vectors)

    @classmethod
    def open(cls, folder: Path, *, verify: bool = True) -> EmbeddingStore:
        """Open a store; with ``verify`` every byte is checked against the manifest first.

        Raises:
            StoreError: ``manifest-missing``, ``wrong-kind``, ``damaged``, ``store-broken``.
        """
        facts = read_manifest(folder, kind=KIND, verify=verify)
        try:
            vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise _broken(folder, f"{VECTORS}: {error}") from None
        if vectors.dtype != np.float32 or vectors.shape != (facts.get("count"), facts.get("dimension")):
            raise _broken(folder, f"{VECTORS} holds {vectors.dtype} {vectors.shape}")
        return cls(folder, vectors, facts)

    @cached_property
    def items(self) -> tuple[StoredItem, ...]:
        """Descriptions of all rows, in order."""
        items = tuple(self._read_items())
        if len(items) != len(self):
            raise _broken(self.folder, f"{len(items)} items for {len(self)} vectors")
        return items

    def _read_items(self) -> Iterator[StoredItem]:
        for number, line in iter_lines(self.folder / ITEMS):
            try:
                row = orjson.loads(line)
                yield StoredItem(**{**row, "images": tuple(row["images"]), "graphs": tuple(row["graphs"])})
            except (orjson.JSONDecodeError, TypeError, KeyError) as error:
                raise _broken(self.folder, f"{ITEMS}:{number}: {error}") from None


def write_store(
    out: Path,
    vectors: Vectors,
    items: Sequence[StoredItem],
    *,
    fingerprint: str,
    input_file: Path | None = None,
    prompt_name: str | None = None,
) -> EmbeddingStore:
    """Write ``vectors`` (n, d) with their ``items`` as the folder ``out`` and open it.

    Raises:
        StoreError: ``output-exists``; ``store-broken`` when vectors and items differ in number.
        CheckpointError: ``embedding-broken`` when vectors are not finite unit rows.
    """
    if vectors.ndim != 2 or len(vectors) != len(items):
        raise _broken(out, f"vectors of shape {vectors.shape} for {len(items)} items")
    check_vectors(vectors, (len(items), vectors.shape[1]))
    facts = {
        "fingerprint": fingerprint,
        "input": str(input_file) if input_file else None,
        "input_sha256": sha256_file(input_file) if input_file else None,
        "count": len(items),
        "dimension": vectors.shape[1],
    } | ({"prompt_name": prompt_name} if prompt_name is not None else {})
    with committed_directory(out, kind=KIND, **facts) as scratch:
        np.save(scratch / VECTORS, vectors, allow_pickle=False)
        write_jsonl(scratch / ITEMS, (asdict(item) for item in items))
    return EmbeddingStore.open(out, verify=False)


def _broken(folder: Path, what: str) -> StoreError:
    return StoreError(f"{folder}: {what}", code="store-broken", hint="make it again with `ugembed embed`")
