"""`UgembedModule`: an embedder as the only module of a sentence-transformers model.

The class keeps to that library's documented contract (``preprocess``, ``forward``, ``save``, ``load``) without
importing it. Inputs are texts, pictures (`PIL.Image.Image`), or mappings with ``text``, ``image`` and ``graph``; the
last two may be a file, an object in memory or a list of them.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor, nn

from ugembed.errors import DataError
from ugembed.files import committed_directory
from ugembed.models.embedder import Embedder
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item


class UgembedModule(nn.Module):
    """Holds an `Embedder`; makes ``sentence_embedding`` (n, d), unit length."""

    save_in_root = True

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self.embedder = embedder
        self.tokenizer = embedder.backbone.tokenizer

    @property
    def modalities(self) -> list[Any]:
        """What inputs may be; ``message`` stands for batches of several kinds."""
        return ["text", "image", ("image", "text"), ("text", "image"), "message"]

    @property
    def max_seq_length(self) -> int:
        """Longest prompt in tokens; longer ones are refused, never cut."""
        return self.embedder.config.inputs.max_length

    def get_embedding_dimension(self) -> int:
        """Length d of the vectors."""
        return self.embedder.dimension

    def get_sentence_embedding_dimension(self) -> int:
        """The same, by the name of releases before 6."""
        return self.embedder.dimension

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **options: Any) -> dict[str, Any]:
        """Prepared inputs of a batch; ``prompt`` is what the model is told to do with each of them.

        Without a prompt it is told what its own configuration says; so it is with an empty one, which the library hands
        over for names that a model has no prompts for.

        Raises:
            DataError: ``input-kind``, or a row that cannot be read.
        """
        told = prompt if prompt or self.embedder.prompts else None
        prepared = self.embedder.prepare([as_item(value, told) for value in inputs])
        return {"inputs": prepared, "input_ids": prepared.input_ids, "attention_mask": prepared.attention_mask}

    def tokenize(self, texts: Sequence[Any], **options: Any) -> dict[str, Any]:
        """`preprocess`, by the name of releases before 6.

        Raises:
            DataError: ``prompts-misplaced``: those releases put prompts into the texts, where this model was not
                trained to find them.
        """
        if self.embedder.prompts:
            raise DataError(
                "sentence-transformers before 6 writes prompts into texts; this model is told them apart",
                code="prompts-misplaced",
                hint="use sentence-transformers 6 or later, or `ugembed.load_embedder`",
            )
        return self.preprocess(texts)

    def forward(self, features: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Add ``sentence_embedding``, (n, d) float32."""
        vectors: Tensor = self.embedder(features["inputs"].to(self.embedder.device))
        features["sentence_embedding"] = vectors
        return features

    def save(self, output_path: str, *arguments: Any, **options: Any) -> None:
        """Write the model, whole, into a folder that may hold other files of sentence-transformers already."""
        from ugembed.models.card import BACKBONE
        from ugembed.models.export.merge import merged_config
        from ugembed.models.export.run import write_files
        from ugembed.models.saved import KIND, model_facts

        folder = Path(output_path)
        config = self.embedder.config
        if self.embedder.adapters is None and Path(getattr(config.backbone, "path", "")).name == BACKBONE:
            config = merged_config(self.embedder, str(next(self.embedder.core.parameters()).dtype)[6:])
        with tempfile.TemporaryDirectory(dir=folder) as near:
            made = Path(near) / "model"
            with committed_directory(made, kind=KIND, **model_facts(self.embedder, config, data=None)) as scratch:
                write_files(self.embedder, config, scratch, data=None)
            for path in sorted(made.iterdir()):
                path.replace(folder / path.name)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", **options: Any) -> UgembedModule:
        """The module of an exported folder, or of one on the hub, which is downloaded first.

        Args:
            model_name_or_path: Local folder or hub name.
            subfolder: Of the module inside.
            **options: ``revision``, ``token``, ``cache_folder`` and ``local_files_only`` go to the download; the rest
                has no meaning here.

        Raises:
            UgembedError: as `ugembed.models.saved.load_embedder`.
        """
        from ugembed.models.saved import load_embedder

        folder = Path(model_name_or_path)
        if not folder.is_dir():
            folder = _download(model_name_or_path, options)
        return cls(load_embedder(folder / subfolder, device="cpu"))


def sentence_transformer(folder: Path | str, **options: Any) -> Any:
    """A `sentence_transformers.SentenceTransformer` of an exported folder.

    Releases from 6 on import a class outside of their own package only if the user trusts the folder's code; given the
    module itself, they have nothing to import.
    """
    library = importlib.import_module("sentence_transformers")
    return library.SentenceTransformer(modules=[UgembedModule.load(str(folder))], **options)


def as_item(value: Any, instruction: str | None) -> Item:
    """A sentence-transformers input as an item; a plain string is always text, never a path or an address.

    None leaves the instruction to the model's configuration.

    Raises:
        DataError: ``input-kind``.
    """
    if isinstance(value, str):
        value = {"text": value}
    elif isinstance(value, Image.Image):
        value = {"image": value}
    if not isinstance(value, Mapping) or not value or not value.keys() <= {"text", "image", "graph"}:
        raise DataError(
            f"an input of type {type(value).__name__} is neither text, picture nor a mapping of them",
            code="input-kind",
            hint='give "words", a PIL picture, or {"text": …, "image": …, "graph": …}',
        )
    images, graphs = _sources(value.get("image")), _sources(value.get("graph"))
    text = GRAPH_TAG * len(graphs) + IMAGE_TAG * len(images) + str(value.get("text", ""))
    return Item(text=text, images=images, graphs=graphs, instruction=instruction)


def _sources(value: Any) -> tuple[Any, ...]:
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return tuple(Path(each) if isinstance(each, str) else each for each in values)


def _download(name: str, options: Mapping[str, Any]) -> Path:
    from huggingface_hub import snapshot_download

    wanted = {
        "revision": "revision",
        "token": "token",
        "cache_folder": "cache_dir",
        "local_files_only": "local_files_only",
    }
    given = {theirs: options[ours] for ours, theirs in wanted.items() if options.get(ours) is not None}
    return Path(snapshot_download(name, **given))
