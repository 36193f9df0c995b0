"""What this machine has and lacks, as a list of findings. Nothing is changed, nothing is fetched."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

Status = Literal["ok", "warn", "missing"]

GIB = 2**30
LITTLE_MEMORY = 8 * GIB
LITTLE_DISK = 5 * GIB
IMPORT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``ugembed doctor``.

    ``missing`` is for what the verbs cannot work without; ``warn`` for what only some of them, or only speed, wants.
    """

    name: str
    status: Status
    value: str
    hint: str = ""


def examine() -> Iterator[Finding]:
    """Every finding, quick ones first; importing torch takes seconds."""
    yield python()
    yield cores()
    yield memory()
    yield disk(Path.cwd())
    yield compiler()
    yield compiled_rows()
    yield from libraries()
    yield torchvision()
    yield gpu()
    yield hub_cache()


def python() -> Finding:
    """The interpreter that runs this; older ones than 3.11 cannot install ugembed."""
    return Finding("Python", "ok", f"{platform.python_version()}, {sys.executable}")


def cores() -> Finding:
    """CPU cores that this process may use, which in a container are fewer than the machine's."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    value = f"{usable} usable, {platform.machine()}"
    if usable < 2:
        return Finding("CPU", "warn", value, "the demo will take longer than six minutes")
    return Finding("CPU", "ok", value)


def memory() -> Finding:
    """Physical memory, or the container's limit where that is lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _container_limit(Path("/sys/fs/cgroup/memory.max"))
    total = min(total, limit or total)
    if total < LITTLE_MEMORY:
        return Finding("memory", "warn", _gib(total), "run the tests in one process: make test JOBS=1")
    return Finding("memory", "ok", _gib(total))


def _container_limit(file: Path) -> int | None:
    """Bytes that cgroup 2 allows; None where there is no such file or no limit."""
    text = file.read_text().strip() if file.is_file() else "max"
    return int(text) if text.isdigit() else None


def disk(folder: Path) -> Finding:
    """Free space where runs would be written."""
    free = shutil.disk_usage(folder).free
    if free < LITTLE_DISK:
        return Finding("disk", "warn", f"{_gib(free)} free", "checkpoints of a 7B model want 20 GiB and more")
    return Finding("disk", "ok", f"{_gib(free)} free")


def compiler() -> Finding:
    """A C++ compiler, which DeepSpeed builds its optimizer with at first use."""
    found = next((path for name in ("c++", "g++", "clang++") if (path := shutil.which(name))), None)
    if found is None:
        return Finding("C++ compiler", "warn", "none", "only DeepSpeed wants one: install g++")
    return Finding("C++ compiler", "ok", found)


def compiled_rows() -> Finding:
    """The compiled functions that read large row files, made with the first one; without them it takes longer."""
    from ugembed.records.uge.compiled import load

    is_there, what = load.condition()
    if is_there or what in ("being made", "not made yet"):
        return Finding("compiled rows", "ok", what)
    hint = "large row files are checked slowly; to see why: python -m ugembed.records.uge.compiled.build"
    return Finding("compiled rows", "warn", what, hint)


def libraries() -> Iterator[Finding]:
    """Every library that ugembed requires, against its range and the locked versions; then DeepSpeed."""
    from packaging.requirements import Requirement

    locked = locked_versions(Path(__file__).resolve().parents[2] / "constraints.txt")
    for text in metadata.requires("ugembed") or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield library(requirement.name, str(requirement.specifier), locked.get(requirement.name.lower()))
    deepspeed = installed_version("deepspeed")
    hint = "" if deepspeed else "only multi-GPU training wants it: pip install -e '.[deepspeed]'"
    yield Finding("deepspeed", "ok" if deepspeed else "warn", deepspeed or "not installed", hint)


def library(name: str, specifier: str, locked: str | None) -> Finding:
    """An installed library; ``missing`` when absent or outside ``specifier``, ``warn`` when not the locked version."""
    from packaging.specifiers import SpecifierSet

    version = installed_version(name)
    if version is None:
        return Finding(name, "missing", "not installed", "make setup")
    if not SpecifierSet(specifier).contains(version, prereleases=True):
        return Finding(name, "missing", version, f"wanted {specifier}: make setup")
    if locked is not None and version.partition("+")[0] != locked:
        return Finding(name, "warn", version, f"tested with {locked}: make setup")
    return Finding(name, "ok", version)


def locked_versions(constraints: Path) -> dict[str, str]:
    """Lower-case name to version of ``name==version`` lines; empty outside of a checkout."""
    if not constraints.is_file():
        return {}
    pins = (line.partition("==") for line in constraints.read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    return {name.strip().lower(): version.strip() for name, separator, version in pins if separator}


def installed_version(name: str) -> str | None:
    """Version of an installed distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def torchvision() -> Finding:
    """ugembed does without torchvision; one that does not fit torch keeps transformers from being imported."""
    version = installed_version("torchvision")
    if version is None:
        return Finding("torchvision", "ok", "not installed, not needed")
    run = subprocess.run(
        [sys.executable, "-c", "import torchvision"], capture_output=True, timeout=IMPORT_SECONDS, check=False
    )
    if run.returncode:
        value = f"{version} does not fit torch {installed_version('torch')}"
        return Finding("torchvision", "missing", value, "transformers cannot start with it: pip uninstall torchvision")
    return Finding("torchvision", "ok", version)


def gpu() -> Finding:
    """GPUs that torch can use, or why it can use none."""
    if util.find_spec("torch") is None:
        return Finding("GPU", "warn", "unknown without torch", "make setup")
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        cards = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
        return Finding("GPU", "ok", ", ".join(f"{card.name} ({_gib(card.total_memory)})" for card in cards))
    built = f"torch built for CUDA {torch.version.cuda}" if torch.version.cuda else "torch built for CPU"
    if shutil.which("nvidia-smi"):
        hint = "install the CUDA build of the same torch version, and check the driver with nvidia-smi"
        return Finding("GPU", "warn", f"present but not usable, {built}", hint)
    hint = "demo and tests need none; a 7B model takes 16 GB for its weights alone"
    return Finding("GPU", "warn", f"none, {built}", hint)


def hub_cache() -> Finding:
    """Qwen-VL checkpoints in the local cache of the Hugging Face hub."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    names = sorted(path.name.removeprefix("models--").replace("--", "/") for path in cache.glob("models--Qwen--*VL*"))
    if not names:
        return Finding("hub cache", "warn", "no Qwen-VL model", "only full-size runs want one; the first fetches 16 GB")
    return Finding("hub cache", "ok", ", ".join(names))


def _gib(size: int) -> str:
    return f"{size / GIB:.0f} GiB"
