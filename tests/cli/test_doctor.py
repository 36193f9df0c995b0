"""``ugembed doctor``: what is there is found, what is missing is said with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ugembed.cli import machine
from ugembed.cli.app import app
from ugembed.cli.machine import Finding


def run_doctor(monkeypatch: pytest.MonkeyPatch, findings: list[Finding], *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(machine, "examine", lambda: iter(findings))
    result = CliRunner().invoke(app, ["doctor", *arguments])
    return result.exit_code, result.stdout


def test_this_machine_has_what_the_tests_need() -> None:
    findings = {finding.name: finding for finding in machine.examine()}
    assert {"Python", "CPU", "memory", "disk", "C++ compiler", "GPU", "hub cache", "deepspeed"} <= set(findings)
    assert {"torch", "transformers", "faiss-cpu", "osmium"} <= set(findings)
    assert [finding for finding in findings.values() if finding.status == "missing"] == []


def test_every_finding_that_is_not_well_says_what_to_do() -> None:
    assert [finding for finding in machine.examine() if finding.status != "ok" and not finding.hint] == []


def test_only_what_is_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    well, poor = Finding("CPU", "ok", "2"), Finding("GPU", "warn", "none", "buy one")
    assert run_doctor(monkeypatch, [well, poor])[0] == 0
    status, text = run_doctor(monkeypatch, [well, poor, Finding("torch", "missing", "not installed", "make setup")])
    assert status == 1
    assert [line.split()[:2] for line in text.splitlines()] == [["ok", "CPU"], ["warn", "GPU"], ["missing", "torch"]]
    assert text.rstrip().endswith("make setup")


def test_json_holds_the_same_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = run_doctor(monkeypatch, [Finding("torch", "missing", "not [installed]", "make setup")], "--json")
    assert status == 1
    assert json.loads(text) == [
        {"name": "torch", "status": "missing", "value": "not [installed]", "hint": "make setup"}
    ]


@pytest.mark.parametrize(
    ("specifier", "locked", "status"),
    [(">=1", None, "ok"), (">=1", "2.5.0", "ok"), (">=1", "2.4.0", "warn"), (">=3", "2.5.0", "missing")],
)
def test_a_library_is_held_against_its_range_and_the_locked_version(
    monkeypatch: pytest.MonkeyPatch, specifier: str, locked: str | None, status: str
) -> None:
    monkeypatch.setattr(machine, "installed_version", lambda name: "2.5.0+cpu")
    assert machine.library("torch", specifier, locked).status == status


def test_a_library_that_is_not_installed_is_missing() -> None:
    assert machine.library("no-such-library", ">=1", None) == Finding(
        "no-such-library", "missing", "not installed", "make setup"
    )


def test_a_torchvision_that_does_not_start_is_found_before_it_breaks_transformers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(machine, "installed_version", lambda name: "0.26.0")
    finding = machine.torchvision()
    assert finding.status == "missing"
    assert "pip uninstall torchvision" in finding.hint


def test_locked_versions_are_read_and_a_checkout_is_not_needed(tmp_path: Path) -> None:
    file = tmp_path / "constraints.txt"
    file.write_text("# why\ntorch==2.13.0\nPyYAML==6.0.3\n")
    assert machine.locked_versions(file) == {"torch": "2.13.0", "pyyaml": "6.0.3"}
    assert machine.locked_versions(tmp_path / "none.txt") == {}


def test_the_hub_cache_is_looked_for_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert machine.hub_cache().status == "warn"
    (tmp_path / "models--Qwen--Qwen2.5-VL-7B-Instruct").mkdir()
    assert machine.hub_cache() == Finding("hub cache", "ok", "Qwen/Qwen2.5-VL-7B-Instruct")


def test_little_disk_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.disk(tmp_path).status == "ok"
    monkeypatch.setattr(machine, "LITTLE_DISK", 2**62)
    assert machine.disk(tmp_path).status == "warn"
