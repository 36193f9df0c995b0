"""Vectors of node texts on disk, by content: what the language model has read in one run, it need not read in the next.

``DIR/node-texts/KEY`` holds parts, each a committed folder of ``keys.npy`` and ``vectors.npy``. ``KEY`` stands for all
that decides a vector besides the text: base weights, tokenizer, precision, kind of device.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from ugembed.errors import ConfigError, UgembedError
from ugembed.files import committed_directory, read_manifest
from ugembed.models.node_text import MAX_TOKENS, ContextualText
from ugembed.models.signature import base_signature

if TYPE_CHECKING:
    from ugembed.models.embedder import Embedder

KIND = "node-texts"
FORMAT = 1
PART_BYTES = 64 * 2**20
"""New vectors are written when there are so many bytes of them, and at the end."""
LIMIT_MB = 4096
"""Most that all parts below one cache folder take; the longest unused ones make room."""

Keys: TypeAlias = NDArray[np.uint64]
"""(n, 2): 128 bits of a hash of each text."""
Vectors: TypeAlias = NDArray[np.float32]
"""(n, d)."""
OnWarning: TypeAlias = Callable[[str], None]


@contextmanager
def node_texts_kept(
    embedder: Embedder, folder: Path | None, *, limit_mb: int = LIMIT_MB, on_warning: OnWarning = warnings.warn
) -> Iterator[None]:
    """While the block runs, ``embedder`` takes vectors of node texts from below ``folder`` and leaves new ones there.

    Args:
        embedder: Of ``node_text: contextual``.
        folder: The cache; None keeps nothing.
        limit_mb: Most that the cache may take.
        on_warning: Told of damaged parts, which are thrown away, and of a folder that cannot be written.

    Raises:
        ConfigError: ``cache-unused``: word embeddings are looked up faster than files are read.
    """
    if folder is None:
        yield
        return
    if not isinstance(embedder.node_text, ContextualText):
        raise ConfigError(
            "this model takes node texts from its word embeddings: there is nothing that a cache would save",
            code="cache-unused",
            hint="leave the cache out, or train with model.node_text: contextual",
        )
    kept = TextVectors(
        folder / KIND / cache_key(embedder), width=embedder.dimension, limit_mb=limit_mb, on_warning=on_warning
    )
    embedder.node_text.kept = kept
    try:
        yield
    finally:
        embedder.node_text.kept = None
        kept.flush()


def cache_key(embedder: Embedder) -> str:
    """Digest of what decides a node text's vector besides the text itself."""
    words = embedder.backbone.token_embedding().weight
    settings = {
        "format": FORMAT,
        "base": base_signature(embedder.core),
        "tokenizer": hashlib.sha256(embedder.backbone.tokenizer.backend_tokenizer.to_str().encode()).hexdigest(),
        "max_tokens": MAX_TOKENS,
        "precision": str(words.dtype),
        "attention": getattr(embedder.config.backbone, "attention", None),
        "quantize": getattr(embedder.config.backbone, "quantize", None),
        "device": words.device.type,
    }
    return hashlib.sha256(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


class TextVectors:
    """The vectors of one key.

    Args:
        folder: Of the key.
        width: Numbers of a vector.
        limit_mb: Most that this folder and those beside it take.
        on_warning: Told what was thrown away or could not be written.
    """

    def __init__(self, folder: Path, *, width: int, limit_mb: int, on_warning: OnWarning) -> None:
        self.folder = folder
        self.width = width
        self.limit = limit_mb * 2**20
        self.on_warning = on_warning
        self._parts: list[Vectors] = []
        self._keys = np.zeros((0, 2), dtype=np.uint64)  # ascending by the first number
        self._place = np.zeros((0, 2), dtype=np.int64)  # part, row in it
        self._new: dict[bytes, Vectors] = {}
        for part in sorted(folder.glob("part-*")):
            self._open(part)

    def __len__(self) -> int:
        """Texts whose vectors are on disk."""
        return len(self._keys)

    def completed(self, texts: Sequence[str], read: Callable[[Sequence[str]], Any]) -> Vectors:
        """Vectors of distinct texts: those that are kept, and from ``read``, which gives (k, d), only the others."""
        keys = text_keys(texts)
        vectors, is_known = self._find(keys)
        missing: list[int] = np.flatnonzero(~is_known).tolist()
        if missing:
            vectors[missing] = read([texts[k] for k in missing])
            self._new.update((keys[k].tobytes(), vectors[k].copy()) for k in missing)
            if len(self._new) * self.width * 4 >= PART_BYTES:
                self.flush()
        return vectors

    def flush(self) -> None:
        """Write what is new as one part."""
        if not self._new:
            return
        keys = np.frombuffer(b"".join(self._new), dtype=np.uint64).reshape(-1, 2)
        vectors = np.stack(list(self._new.values()))
        self._new = {}
        part = self.folder / f"part-{uuid.uuid4().hex[:16]}"
        try:
            if not self._make_room(keys.nbytes + vectors.nbytes):
                return
            with committed_directory(part, kind=KIND, format=FORMAT, count=len(keys), width=self.width) as scratch:
                np.save(scratch / "keys.npy", keys, allow_pickle=False)
                np.save(scratch / "vectors.npy", vectors, allow_pickle=False)
        except OSError as error:
            self.on_warning(f"{self.folder}: cannot be written ({error}); {len(keys)} node texts are not kept")
            return
        self._index(keys, vectors)

    def _open(self, part: Path) -> None:
        """Take up a part; one that is not as it was written is thrown away, and its texts are read again."""
        try:
            facts = read_manifest(part, kind=KIND, verify=True)
            keys: Keys = np.load(part / "keys.npy", allow_pickle=False)
            vectors: Vectors = np.load(part / "vectors.npy", mmap_mode="r", allow_pickle=False)
            fits = (keys.shape, vectors.shape) == ((len(keys), 2), (len(keys), self.width))
            if (
                facts.get("format") != FORMAT
                or not fits
                or (keys.dtype, vectors.dtype) != (np.dtype(np.uint64), np.dtype(np.float32))
            ):
                raise ValueError(f"it holds {keys.dtype} {keys.shape} and {vectors.dtype} {vectors.shape}")
            with suppress(OSError):  # a cache that may only be read is of use, too
                os.utime(part)
        except (UgembedError, OSError, ValueError) as error:
            what = error.message if isinstance(error, UgembedError) else f"{part}: {error}"
            self.on_warning(f"{what}; this part of the cache is thrown away, its node texts are read again")
            shutil.rmtree(part, ignore_errors=True)
            return
        self._index(keys, vectors)

    def _index(self, keys: Keys, vectors: Vectors) -> None:
        place = np.stack([np.full(len(keys), len(self._parts)), np.arange(len(keys))], axis=1)
        self._parts.append(vectors)
        keys, place = np.concatenate([self._keys, keys]), np.concatenate([self._place, place])
        order = np.argsort(keys[:, 0], kind="stable")
        self._keys, self._place = keys[order], place[order]

    def _find(self, keys: Keys) -> tuple[Vectors, NDArray[np.bool_]]:
        """(n, d) vectors and whether each is known; rows of unknown ones are 0."""
        vectors = np.zeros((len(keys), self.width), dtype=np.float32)
        at = np.searchsorted(self._keys[:, 0], keys[:, 0])
        is_known = at < len(self._keys)
        is_known[is_known] = (self._keys[at[is_known]] == keys[is_known]).all(axis=1)
        for k, (part, row) in zip(np.flatnonzero(is_known), self._place[at[is_known]], strict=True):
            vectors[k] = self._parts[part][row]
        for k in np.flatnonzero(~is_known):
            new = self._new.get(keys[k].tobytes())
            if new is not None:
                vectors[k], is_known[k] = new, True
        return vectors, is_known

    def _make_room(self, size: int) -> bool:
        """Whether ``size`` bytes fit, once the longest unused parts of all keys are gone."""
        if size > self.limit:
            self.on_warning(f"{self.folder}: {size >> 20} MiB of node texts are more than the cache may take")
            return False
        parts = sorted(self.folder.parent.glob("*/part-*"), key=lambda part: part.stat().st_mtime)
        sizes = {part: sum(file.stat().st_size for file in part.iterdir()) for part in parts}
        used = sum(sizes.values())
        for part in parts:
            if used + size <= self.limit:
                break
            shutil.rmtree(part)
            used -= sizes[part]
        return True


def text_keys(texts: Sequence[str]) -> Keys:
    """128 bits of each text's BLAKE2b."""
    encoded = (text.encode("utf-8", "surrogatepass") for text in texts)
    digests = b"".join(hashlib.blake2b(text, digest_size=16).digest() for text in encoded)
    return np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2)
