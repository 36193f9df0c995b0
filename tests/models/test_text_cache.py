"""Node texts that were read once are not read again by the next run; what is damaged is named and read anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.eval_fixtures import write_benchmark
from tests.fixtures import item, model_config
from tests.models.saving import contextual, reseal
from ugembed.embed.run import EmbedConfig, embed_file
from ugembed.errors import ConfigError
from ugembed.eval.run import run_evaluation
from ugembed.eval.runner import EvalConfig
from ugembed.files import write_jsonl
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.saved import save_embedder
from ugembed.models.text_cache import KIND, TextVectors, cache_key, node_texts_kept, text_keys

WIDTH = 3


class Reader:
    """Vectors that depend on the text alone; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[len(text), crc32(text.encode()), 1] for text in texts], dtype=np.float32)


def opened(folder: Path, warnings: list[str] | None = None, *, limit_mb: int = 1) -> TextVectors:
    heard: list[str] = [] if warnings is None else warnings
    return TextVectors(folder / "key", width=WIDTH, limit_mb=limit_mb, on_warning=heard.append)


def keep(folder: Path, texts: Sequence[str], warnings: list[str] | None = None) -> TextVectors:
    kept = opened(folder, warnings)
    kept.completed(texts, Reader())
    kept.flush()
    return kept


RUNS = st.lists(st.lists(st.text(max_size=3), min_size=1, max_size=9, unique=True), min_size=1, max_size=5)


@settings(max_examples=20, deadline=None)
@given(runs=RUNS)
def test_every_text_is_read_once_over_all_runs(tmp_path_factory: pytest.TempPathFactory, runs: list[list[str]]) -> None:
    folder, read = tmp_path_factory.mktemp("cache"), Reader()
    for texts in runs:
        kept = opened(folder)
        for _ in range(2):
            assert np.array_equal(kept.completed(texts, read), Reader()(texts))
        kept.flush()
        assert np.array_equal(kept.completed(texts, read), Reader()(texts))
    assert sorted(read.asked) == sorted({text for texts in runs for text in texts})
    assert len(opened(folder)) == len(read.asked)


def test_keys_are_of_the_whole_text() -> None:
    keys = text_keys(["a", "b", "", "a", "\udc80"])
    assert keys.shape == (5, 2)
    assert len({key.tobytes() for key in keys}) == 4


def test_much_is_written_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ugembed.models.text_cache.PART_BYTES", 4 * WIDTH * 2)
    kept = opened(tmp_path)
    kept.completed(["a"], Reader())
    assert len(opened(tmp_path)) == 0
    kept.completed(["b"], Reader())
    assert len(opened(tmp_path)) == 2


@pytest.mark.parametrize("fault", ["flip", "cut", "lose", "width", "format", "no manifest"])
def test_a_damaged_part_is_named_thrown_away_and_read_again(tmp_path: Path, fault: str) -> None:
    keep(tmp_path, ["a", "b"])
    keep(tmp_path, ["c"])
    part = next(part for part in (tmp_path / "key").iterdir() if len(np.load(part / "keys.npy")) == 2)
    spoil(part, fault)
    warnings: list[str] = []
    kept, read = opened(tmp_path, warnings), Reader()
    assert len(warnings) == 1
    assert part.name in warnings[0]
    assert np.array_equal(kept.completed(["a", "b", "c"], read), Reader()(["a", "b", "c"]))
    assert read.asked == ["a", "b"]
    kept.flush()
    assert not part.exists()
    assert len(opened(tmp_path, warnings)) == 3
    assert len(warnings) == 1


def spoil(part: Path, fault: str) -> None:
    file = part / "vectors.npy"
    data = bytearray(file.read_bytes())
    if fault == "flip":
        data[-3] ^= 1
        file.write_bytes(data)
    elif fault == "cut":
        file.write_bytes(data[:-4])
    elif fault == "lose":
        (part / "keys.npy").unlink()
    elif fault == "width":
        np.save(file, np.zeros((2, WIDTH + 1), dtype=np.float32))
        reseal(part)
    elif fault == "format":
        reseal(part, format=99)
    else:
        (part / "manifest.json").unlink()


def test_the_longest_unused_parts_make_room(tmp_path: Path) -> None:
    texts = [[f"{k} {j}" for j in range(12_000)] for k in range(4)]  # 336 kB a part, of 1 MiB
    for each in texts[:3]:
        keep(tmp_path, each)
    oldest = min((tmp_path / "key").iterdir())
    kept = opened(tmp_path)
    os.utime(oldest, (1, 1))
    kept.completed(texts[3], Reader())
    kept.flush()
    assert not oldest.exists()
    assert len(opened(tmp_path)) == 36_000
    warnings: list[str] = []
    keep(tmp_path, [f"{k}" for k in range(60_000)], warnings)
    assert "more than the cache may take" in warnings[0]
    assert len(opened(tmp_path)) == 36_000


def test_a_folder_that_cannot_be_written_costs_the_cache_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a file")
    warnings: list[str] = []
    kept = opened(tmp_path, warnings)
    assert np.array_equal(kept.completed(["a"], Reader()), Reader()(["a"]))
    kept.flush()
    assert "cannot be written" in warnings[0]


def test_a_cache_that_may_only_be_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, ["a"])

    def refuse(*arguments: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr("os.utime", refuse)
    warnings: list[str] = []
    assert len(opened(tmp_path, warnings)) == 1
    assert warnings == []


def counted(embedder: Embedder) -> list[int]:
    """Where the number of texts is written that the language model is given from now on."""
    calls: list[int] = []
    inner = embedder.node_text.states  # type: ignore[attr-defined]

    def states(ids: Tensor, mask: Tensor) -> Tensor:
        calls.append(len(ids))
        found: Tensor = inner(ids, mask)
        return found

    embedder.node_text.states = states  # type: ignore[attr-defined]
    return calls


def test_a_second_run_reads_nothing_and_gives_the_same_bits(tmp_path: Path) -> None:
    rows, read, vectors = [item(k) for k in range(4)], [], []
    for _ in range(2):
        embedder = contextual()
        calls = counted(embedder)
        with node_texts_kept(embedder, tmp_path):
            vectors.append(embedder.encode_items(rows))
        read.append(sum(calls))
    assert read[0] >= 4 * 5
    assert read[1] == 0
    assert np.array_equal(*vectors)
    assert np.array_equal(vectors[0], contextual().encode_items(rows))


def test_another_base_or_precision_has_a_place_of_its_own() -> None:
    other = contextual(backbone={"kind": "tiny", "weights": "random", "seed": 1})
    keys = {cache_key(contextual()), cache_key(other), cache_key(contextual().bfloat16())}
    assert len(keys) == 3
    assert cache_key(contextual(lora=None)) in keys  # adapters play no part


def test_embed_and_eval_use_it_and_a_model_that_gains_nothing_is_refused(tmp_path: Path) -> None:
    save_embedder(contextual(), tmp_path / "model")
    save_embedder(Embedder(ModelConfig.model_validate(model_config())), tmp_path / "plain")
    benchmark = write_benchmark(tmp_path / "benchmark", cases=4)
    rows = tmp_path / "rows.jsonl"
    graphs = sorted(str(path) for path in benchmark.glob("benchmark_graphs/*.json"))
    write_jsonl(rows, [{"text": "<graph>here", "images": [], "graphs": [graph]} for graph in graphs])
    both = {"model": tmp_path / "model", "device": "cpu", "cache": tmp_path / "cache", "roots": (benchmark,)}
    run_evaluation(EvalConfig(benchmark=(benchmark,), **both))
    (part,) = (tmp_path / "cache" / KIND).glob("*/part-*")
    embedding = EmbedConfig(input=rows, out=tmp_path / "out", **both)
    embed_file(embedding)
    assert list((tmp_path / "cache" / KIND).glob("*/part-*")) == [part]  # all were known
    with pytest.raises(ConfigError) as caught:
        embed_file(embedding.model_copy(update={"model": tmp_path / "plain", "out": tmp_path / "other"}))
    assert caught.value.code == "cache-unused"
