"""Model folders of strangers: refused, or loaded equal; nothing in them is executed."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import orjson
import pytest

from tests.fixtures import item, model_config
from tests.models.saving import copied, reseal, scrambled
from ugembed.errors import CheckpointError, UgembedError
from ugembed.models.embedder import Embedder
from ugembed.models.hostile import PICKLED, refuse_remote_code
from ugembed.models.saved import load_embedder, save_embedder

MUTATIONS = 500
ROWS = [item(k, nodes=3 + k) for k in range(2)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Embedder]:
    folder = tmp_path_factory.mktemp("model")
    embedder = scrambled(model_config())
    save_embedder(embedder, folder)
    return folder, embedder


def code_of(folder: Path) -> str:
    with pytest.raises(UgembedError) as caught:
        load_embedder(folder, device="cpu")
    assert caught.value.hint
    return caught.value.code


@pytest.mark.parametrize("suffix", PICKLED)
@pytest.mark.parametrize("instead", [False, True])
def test_pickles_beside_or_instead_of_weights_are_refused(
    saved: tuple[Path, Embedder], tmp_path: Path, suffix: str, instead: bool
) -> None:
    folder = copied(saved[0], tmp_path)
    (folder / f"adapter_model{suffix}").write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    if instead:
        (folder / "adapter_model.safetensors").unlink()
    reseal(folder)
    assert code_of(folder) == "pickle-refused"


@pytest.mark.parametrize(
    "asks",
    [
        {"auto_map": {"AutoModel": "modeling.Model"}},
        {"inner": [{"auto_map": {"AutoTokenizer": ["a.B", None]}}]},
        {"custom_pipelines": {"x": {"impl": "pipeline.P"}}},
        {"trust_" + "remote_code": True},
    ],
)
def test_configurations_that_ask_for_code_are_refused(
    saved: tuple[Path, Embedder], tmp_path: Path, asks: dict[str, object]
) -> None:
    folder = copied(saved[0], tmp_path)
    (folder / "tokenizer_config.json").write_bytes(orjson.dumps(asks))
    (folder / "modeling.py").write_text("raise SystemExit('executed')")
    reseal(folder)
    assert code_of(folder) == "remote-code"


def test_a_configuration_without_code_passes(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(orjson.dumps({"auto_map": None, "a": [{"b": {}}]}))
    refuse_remote_code(tmp_path / "config.json")
    (tmp_path / "config.json").write_bytes(orjson.dumps({"auto_map": None, "a": [{"b": {"auto_map": "x"}}]}))
    with pytest.raises(CheckpointError) as caught:  # the same with code, as deep
        refuse_remote_code(tmp_path / "config.json")
    assert caught.value.code == "remote-code"


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "/dev/zero", "a/../../outside", "", ".", "a\0b"])
def test_a_manifest_that_names_other_places_is_refused_unread(
    saved: tuple[Path, Embedder], tmp_path: Path, name: str
) -> None:
    folder = copied(saved[0], tmp_path / "model")
    (tmp_path / "outside").write_text("x")
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    manifest["files"] = {name: {"sha256": "0"}, **manifest["files"]}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    assert code_of(folder) == ("weights-missing" if "\0" in name else "damaged")


def test_weights_that_the_manifest_does_not_know_are_refused(saved: tuple[Path, Embedder], tmp_path: Path) -> None:
    folder = copied(saved[0], tmp_path / "model")
    (folder / "manifest.json").write_bytes(
        orjson.dumps(orjson.loads((folder / "manifest.json").read_bytes()) | {"files": {}})
    )
    assert code_of(folder) == "damaged"


@pytest.mark.parametrize(
    ("name", "target", "code"),
    [
        ("adapter_model.safetensors", "/dev/zero", "path-escapes"),
        ("more_config.json", "../outside", "path-escapes"),
        ("more", "/", "path-escapes"),
        ("more_config.json", "nowhere", "not-a-file"),
    ],
)
def test_links_that_lead_elsewhere_are_refused(
    saved: tuple[Path, Embedder], tmp_path: Path, name: str, target: str, code: str
) -> None:
    folder = copied(saved[0], tmp_path / "a" / "b" / "model")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)
    assert code_of(folder) == code


def test_devices_and_endless_configurations_are_refused(saved: tuple[Path, Embedder], tmp_path: Path) -> None:
    folder = copied(saved[0], tmp_path / "model")
    os.mkfifo(folder / "x_config.json")
    assert code_of(folder) == "not-a-file"
    (folder / "x_config.json").unlink()
    (folder / "x_config.json").write_bytes(b"[" * (2**24 + 1))
    assert code_of(folder) == "config-unread"
    (folder / "x_config.json").write_bytes(b"[" * 100_000)
    assert code_of(folder) == "json-broken"


def test_the_links_of_the_hubs_cache_are_followed(saved: tuple[Path, Embedder], tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "abc"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for number, path in enumerate(sorted(saved[0].iterdir())):
        (blobs / str(number)).write_bytes(path.read_bytes())
        (snapshot / path.name).symlink_to(blobs / str(number))
    assert np.array_equal(load_embedder(snapshot, device="cpu").encode_items(ROWS), saved[1].encode_items(ROWS))


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Cut, flipped, overwritten, repeated or put together anew."""
    at, length = rng.randrange(len(data)), rng.randrange(1, 64)
    flipped = bytearray(data)
    flipped[at] ^= 1 << rng.randrange(8)
    return rng.choice(
        [
            data[:at],
            bytes(flipped),
            data[:at] + rng.randbytes(length) + data[at + length :],
            data[:at] + data[at : at + length] * 2 + data[at + length :],
            data[:at] + data[at + length :],
            rng.randbytes(8) + data[8:],
        ]
    )


@pytest.mark.parametrize("sealed", [False, True], ids=["damaged", "resealed"])
def test_mutated_files_are_refused_or_load_equal(saved: tuple[Path, Embedder], tmp_path: Path, sealed: bool) -> None:
    """Damage never changes a vector; who also mends the manifest can change weights, but only to numbers that load."""
    folder, embedder = copied(saved[0], tmp_path / "model"), saved[1]
    wanted = embedder.encode_items(ROWS)
    files = sorted(path for path in folder.iterdir() if path.name not in ("README.md", "manifest.json"))
    files += [] if sealed else [folder / "manifest.json"]
    rng, loaded, unhelpful = random.Random(5), 0, []
    for number in range(30 if sealed else MUTATIONS):
        path = files[number % len(files)]
        original, manifest = path.read_bytes(), (folder / "manifest.json").read_bytes()
        path.write_bytes(mutated(original, rng))
        if sealed:
            reseal(folder)
        try:
            vectors = load_embedder(folder, device="cpu").encode_items(ROWS)
            loaded += 1
            assert vectors.shape == wanted.shape
            assert sealed or np.allclose(vectors, wanted, atol=1e-5)
        except UgembedError as error:
            unhelpful += [] if error.hint else [error.code]
        path.write_bytes(original)
        (folder / "manifest.json").write_bytes(manifest)
    assert unhelpful == []
    assert sealed or loaded < MUTATIONS // 4
    assert np.array_equal(load_embedder(folder, device="cpu").encode_items(ROWS), wanted)
