"""The Python of the pages does what the pages say."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import torch
from PIL import Image
from transformers import Qwen2VLModel

from ugembed.graphs.schema import Node, UrbanGraph
from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.models.backbones import qwen
from ugembed.records.uge_jsonl import read_cases, read_pairs

ROOT = Path(__file__).resolve().parent.parent


def python_blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def run_script(source: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["script.py", *arguments])
    exec(compile(source, "script.py", "exec"), {"__name__": "__main__"})


def imported(source: str, file: Path) -> Any:
    """The module that ``file`` is with ``source`` in it."""
    file.write_text(source)
    spec = importlib.util.spec_from_file_location(f"ugembed_example_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small_city(tmp_path: Path) -> Path:
    """100 pictures at 25 corners of a grid of 150 m, with a graph each, as `ugembed build-graphs` leaves them."""
    (tmp_path / "images").mkdir()
    (tmp_path / "graphs").mkdir()
    rows = []
    for number in range(100):
        name, corner = f"p{number}", number // 4
        lon, lat = corner % 5 * 0.00135, corner // 5 * 0.00135
        cafe = Node("c", lon + 0.0001, lat, f"Name: Cafe {number}, Category: cafe")
        bank = Node("b", lon, lat + 0.0002, f"Name: Bank {number}, Category: bank")
        graph = UrbanGraph((Node(name, lon, lat, "Name: mapillary image"), cafe, bank), (), name)
        (tmp_path / "graphs" / f"{name}.json").write_bytes(graph.to_bytes())
        Image.new("RGB", (56, 56)).save(tmp_path / "images" / f"{name}.jpg")
        rows.append({"id": name, "file": f"{name}.json", "lon": lon, "lat": lat, "image": f"{name}.jpg"})
    (tmp_path / "graphs" / "index.jsonl").write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    return tmp_path


def test_the_rows_of_the_quickstart_are_valid(small_city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_script(python_blocks("quickstart.md")[0], str(small_city), monkeypatch=monkeypatch)
    files = tuple(small_city / f"{name}.jsonl" for name in ("stage1", "stage2", "geolocation"))
    assert validate_files(ValidateConfig(paths=files)).errors == 0
    assert [len(list(read_pairs(file))) for file in files[:2]] == [75, 75]
    cases = list(read_cases(files[2]))
    assert len(cases) == 25
    assert {len(case.candidates) for case in cases} == {20}
    assert "Cafe 3 " in cases[0].candidates[cases[0].gold].text


def test_the_task_of_the_extending_page_writes_valid_questions(
    small_city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = small_city / "nearest.jsonl"
    run_script(python_blocks("extending.md")[2], str(small_city / "graphs"), str(out), monkeypatch=monkeypatch)
    cases = {case.query.id: case for case in read_cases(out)}
    assert len(cases) == 100
    assert [item.text for item in cases["p7"].candidates] == ["Cafe 7", "Bank 7"]


def test_the_loss_of_the_extending_page_is_what_three_loops_say(tmp_path: Path) -> None:
    margin = imported(python_blocks("extending.md")[0], tmp_path / "margin.py")
    rng = np.random.default_rng(0)
    queries, documents = torch.tensor(rng.normal(size=(3, 4))), torch.tensor(rng.normal(size=(5, 4)))
    hidden = torch.zeros(3, 5, dtype=torch.bool)
    hidden[0, 4] = True
    loss = margin.MarginConfig(margin=0.3).build()
    slack = []
    for query in range(3):
        for document in range(5):
            if document != query and not hidden[query, document]:
                gap = sum(float(queries[query, k] * (documents[document, k] - documents[query, k])) for k in range(4))
                slack.append(max(0.0, gap + 0.3))
    assert float(loss(queries, documents, torch.arange(3), hidden)) == pytest.approx(np.mean(slack))


def test_the_backbone_of_the_extending_page_loads_what_its_path_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city_qwen = imported(python_blocks("extending.md")[1], tmp_path / "city_qwen.py")
    asked: dict[str, object] = {}
    monkeypatch.setattr(qwen, "load_qwen", lambda model, path, **how: asked.update(model=model, path=path, **how))
    city_qwen.CityQwenConfig(path="some/folder").build()
    assert asked == {"model": Qwen2VLModel, "path": "some/folder", "dtype": "bfloat16", "attention": "sdpa"}
