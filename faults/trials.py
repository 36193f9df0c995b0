"""Trials: disturb a scene in one way, let it go on, and compare what it has made with the undisturbed result."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

from faults.attempt import REFUSED, UNEXPECTED, Ending, Fault, Loss, attempt, lose_power
from faults.scenes import Result, Scene, copy_of
from ugembed.models.saved import checkpoints

LOSSES: tuple[Loss | None, ...] = (None, *get_args(Loss))
Finding = str
"""What is wrong with a disturbed run; empty if nothing is."""


def undisturbed(scene: Scene, folder: Path) -> tuple[Result, Ending, float]:
    """The result that every other run must come to, the operations it takes, and its seconds."""
    scene.begin(_fresh(folder))  # in this process, so that the forked ones find every module loaded
    started = time.perf_counter()
    ending = attempt(lambda: scene.begin(folder), _fresh(folder))
    if ending.status:
        raise RuntimeError(f"{scene.name} fails undisturbed: {ending.trace or ending.status}")
    return scene.result(folder), ending, time.perf_counter() - started


def faults_at_operations(
    scene: Scene, folder: Path, fault: Fault, *, every: int = 1, first: int = 1
) -> Iterator[Finding]:
    """Fail at each ``every``-th file operation; after a kill also with the power gone. Yields "" for a sound run."""
    wanted, whole, _ = undisturbed(scene, folder / "whole")
    for at in range(first, whole.operations + 1, every):
        for loss in LOSSES if fault == "kill" else (None,):
            here = _fresh(folder / "run")
            ending = attempt(lambda here=here: scene.begin(here), here, at=at, fault=fault)  # type: ignore[misc]
            if loss is not None:
                lose_power(here, ending, loss)
            where = f"{fault} at operation {at}" + (f", unsynced bytes {loss}" if loss else "")
            if ending.status == UNEXPECTED:
                yield f"{where}: {ending.trace}"
            yield _goes_on(scene, here, wanted, where)


def kills_at_random(scene: Scene, folder: Path, *, count: int, seed: int = 0) -> Iterator[Finding]:
    """SIGKILL at random moments of the command, start-up of the process apart."""
    wanted, _, seconds = undisturbed(scene, folder / "whole")
    rng = random.Random(seed)
    for _ in range(count):
        here, after = _fresh(folder / "run"), rng.uniform(0, seconds)
        attempt(lambda here=here: scene.begin(here), here, kill_after=after)  # type: ignore[misc]
        yield _goes_on(scene, here, wanted, f"SIGKILL after {after:.3f} s")


def stops(scene: Callable[[int], Scene], folder: Path, *, steps: int, times: int, every: int = 1) -> Iterator[Finding]:
    """A run that is asked to stop after step k, and again up to ``times - 1`` times later on; for every k.

    Args:
        scene: Makes the scene that stops after a step; 0 for one that does not.
        folder: To work in.
        steps: Of the run.
        times: Stops of one run.
        every: Steps from one k to the next.
    """
    wanted, _, _ = undisturbed(scene(0), folder / "whole")
    for k in range(1, steps, every):
        here, stopped = _fresh(folder / "run"), []
        for step in range(k, min(steps, k + 3 * times), 3):
            ending = attempt(lambda step=step, here=here: scene(step).begin(here), here)  # type: ignore[misc]
            if ending.status != REFUSED:
                yield f"asked to stop after step {step}: status {ending.status} {ending.trace}"
            stopped.append(step)
        yield _goes_on(scene(0), here, wanted, f"stopped after steps {stopped}")


def damages(scene: Scene, folder: Path, *, count: int, seed: int = 0) -> Iterator[Finding]:
    """The newest checkpoint of an unfinished run with one file changed, cut, grown, emptied or gone."""
    wanted, _, _ = undisturbed(scene, folder / "whole")
    unfinished = copy_of(folder / "whole", folder / "unfinished")
    shutil.rmtree(checkpoints(unfinished / "run")[-1])
    rng = random.Random(seed)
    for _ in range(count):
        here = copy_of(unfinished, folder / "run")
        newest = checkpoints(here / "run")[-1]
        file = rng.choice(sorted(path for path in newest.rglob("*") if path.is_file()))
        how = _damage(file, rng)
        yield _goes_on(scene, here, wanted, f"{file.relative_to(newest)} {how}", swept=False)


def _damage(file: Path, rng: random.Random) -> str:
    content = bytearray(file.read_bytes())
    how = rng.choice(["bit changed", "cut", "grown", "emptied", "gone", "zeros"])
    at = rng.randrange(len(content))
    if how == "gone":
        file.unlink()
        return how
    if how == "bit changed":
        content[at] ^= 1 << rng.randrange(8)
    elif how == "zeros":
        content[at : at + 512] = bytes(len(content[at : at + 512]))
    elif how == "grown":
        content += bytes(rng.randrange(1, 100))
    else:
        del content[at if how == "cut" else 0 :]
    file.write_bytes(content)
    return f"{how} at byte {at}"


def _goes_on(scene: Scene, here: Path, wanted: Result, where: str, *, swept: bool = True) -> Finding:
    """Begin again, undisturbed, and compare."""
    ending = attempt(lambda: scene.begin(here), here)
    if ending.status:
        return f"{where}: cannot go on: status {ending.status} {ending.trace}"
    found = scene.result(here)
    different = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if different:
        return f"{where}: other results: {', '.join(different)}"
    left = scene.leftovers(here)
    return f"{where}: left behind: {', '.join(left)}" if left and swept else ""


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
