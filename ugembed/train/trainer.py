"""The loop. It knows nothing of pictures, graphs or losses; a stage does."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import torch

from ugembed.errors import ConfigError, UgembedError
from ugembed.records.pair import Pair
from ugembed.train.checkpoint import TrainState, prune, save_checkpoint
from ugembed.train.config import TrainConfig
from ugembed.train.data import BatchPlan
from ugembed.train.distributed import gather_objects, rank
from ugembed.train.journal import Journal
from ugembed.train.optim import schedule, set_learning_rate
from ugembed.train.signals import Asked, StoppedError, listening
from ugembed.train.stages.base import Stage, loss_parameters, trained_parameters
from ugembed.train.strategy import Strategy

MAX_ROWS_NAMED = 20


class OnReport(Protocol):
    """Called after every optimizer step with what is known of it."""

    def __call__(self, report: Mapping[str, Any]) -> None: ...


def quiet(report: Mapping[str, Any]) -> None:
    """The listener that does not listen."""


@dataclass
class Trainer:
    """One run of one stage, from ``state.step`` to its end.

    Attributes:
        config: The run.
        stage: What a step is.
        plan: Which rows a micro-step takes.
        pairs: Training rows.
        validation: Rows whose loss is reported at every save.
        optimizer: Of the stage's trainable parameters.
        strategy: How processes share the work.
        state: Where the run stands; replaced as it goes on.
        on_report: Listens.
    """

    config: TrainConfig
    stage: Stage
    plan: BatchPlan
    pairs: Sequence[Pair]
    validation: Sequence[Pair]
    optimizer: torch.optim.Optimizer
    strategy: Strategy
    state: TrainState
    on_report: OnReport = quiet
    _seconds: float = field(default=0.0, init=False)
    _saved: tuple[int, int] = field(default=(-1, 0), init=False)
    """(step, micro) of the last checkpoint."""

    def run(self) -> TrainState:
        """Train to the end; the last step is always saved.

        Raises:
            StoppedError: one of `ugembed.train.signals.SIGNALS` came; what was done is saved.
            UgembedError: ``not-finite``, ``untrained-parameters``, or what a row that cannot be read says.
        """
        module = self.strategy.wrap(self.stage.module)
        journal = Journal(self.config.out, resume_step=self.state.step) if rank() == 0 else None
        self._saved = (self.state.step, self.state.micro)
        checked = self.state.step > 0
        with listening() as asked:
            while self.state.step < self.state.total_steps:
                report = self._step(module, asked)
                if report is not None:
                    if not checked:
                        assert_all_trained(self.stage)
                        checked = True
                    self._finish_step(report, journal)
                number = self.strategy.greatest(asked.signal)
                if number and self.state.step < self.state.total_steps:
                    self._save()
                    raise StoppedError(number, self.config.out, step=self.state.step, total=self.state.total_steps)
        return self.state

    def _finish_step(self, report: dict[str, Any], journal: Journal | None) -> None:
        """Forget the gradients, and save and tell what is due."""
        self.optimizer.zero_grad(set_to_none=True)
        every, done = self.config.trainer, self.state.step
        last = done == self.state.total_steps
        saves = last or (every.save_every > 0 and done % every.save_every == 0)
        if saves:
            report |= self._validate()
        if journal is not None and (saves or done % every.log_every == 0 or done == 1 or "skipped_rows" in report):
            journal.write(report)  # before the checkpoint: a resumed run drops lines that are newer than it
        if saves:
            self._save()
        self.on_report(report)

    def _step(self, module: torch.nn.Module, asked: Asked) -> dict[str, Any] | None:
        """One optimizer step, and what to tell of it; None when a signal interrupted it after a micro-step."""
        started = time.perf_counter()
        state, trainer = self.state, self.config.trainer
        module.train()
        set_learning_rate(self.optimizer, schedule(state.step, state.total_steps, self.config.optimizer))
        sums = dict(state.partial)
        for micro in range(state.micro, trainer.accumulation):
            for name, value in self._micro_step(module, micro).items():
                sums[name] = sums.get(name, 0.0) + value / trainer.accumulation
            if micro + 1 < trainer.accumulation and self.strategy.greatest(asked.signal):
                self.state = replace(state, micro=micro + 1, partial=sums)
                return None
        report = {name: self.strategy.mean(value) for name, value in sums.items()}
        report["gradient_norm"] = self._clip()
        finite = math.isfinite(report["loss"]) and math.isfinite(report["gradient_norm"])
        if finite:
            self.optimizer.step()
        self.state = replace(
            state, step=state.step + 1, micro=0, partial={}, skipped=0 if finite else state.skipped + 1
        )
        seconds = time.perf_counter() - started
        self._seconds += seconds
        return {
            "step": self.state.step,
            "epoch": self.state.step / self.plan.steps_per_epoch,
            **report,
            **{f"lr_{group['name']}": group["lr"] for group in self.optimizer.param_groups},
            "items_per_s": self.state.rows_per_step / seconds,
            "elapsed_s": self._seconds,
            **({} if finite else {"skipped_rows": self._skipped_rows(report)}),
        }

    def _syncing(self, module: torch.nn.Module, *, last_micro: bool, last: bool) -> AbstractContextManager[None]:
        return self.strategy.accumulating(module, last=last_micro and last)

    def _micro_step(self, module: torch.nn.Module, micro: int) -> dict[str, float]:
        """Gradients of one batch, added to those there are; its loss and metrics."""
        trainer = self.config.trainer
        epoch, rows = self.plan.rows(self.state.step, micro=micro, rank=rank())
        batch = self.stage.prepare([self.pairs[row] for row in rows], epoch=epoch)
        syncing = partial(self._syncing, module, last_micro=micro + 1 == trainer.accumulation)
        with self._precision():
            result = self.stage.backward(module, batch, micro_steps=trainer.accumulation, syncing=syncing)
        return {"loss": float(result.loss.detach()), **result.metrics}

    def _clip(self) -> float:
        """Scale the gradients down to the configured norm; the norm that they had."""
        parameters = list(trained_parameters(self.stage).values())
        return float(torch.nn.utils.clip_grad_norm_(parameters, self.config.optimizer.clip_norm, foreach=False))

    def _skipped_rows(self, report: Mapping[str, float]) -> list[str]:
        """``file:line`` of the rows of the step just left out; too many such steps in a row end the run."""
        own = [
            self.pairs[row].source
            for micro in range(self.config.trainer.accumulation)
            for row in self.plan.rows(self.state.step - 1, micro=micro, rank=rank())[1]
        ]
        rows = [source for part in gather_objects(own) for source in part]
        if self.state.skipped > self.config.trainer.max_skipped:
            raise UgembedError(
                f"step {self.state.step}: loss {report['loss']}, gradient norm {report['gradient_norm']}, and so in "
                f"{self.state.skipped} step(s) in a row; the rows of this one: {', '.join(rows[:MAX_ROWS_NAMED])}",
                code="not-finite",
                hint="lower the learning rate, train in float32, or look at these rows; the last checkpoint is whole",
            )
        return rows

    def _precision(self) -> torch.autocast:
        device = next(self.stage.embedder.parameters()).device.type
        return torch.autocast(device, torch.bfloat16, enabled=self.config.trainer.precision == "bfloat16")

    def _validate(self) -> dict[str, float]:
        """Mean loss and in-batch accuracy on the validation rows, in batches of the training size."""
        if not self.validation:
            return {}
        module, size = self.stage.module, self.plan.batch_size
        starts = range(0, len(self.validation) - size + 1, size) or range(1)
        totals: dict[str, float] = {}
        module.eval()
        with torch.no_grad(), self._precision():
            for start in starts:
                result = module(self.stage.prepare(self.validation[start : start + size], epoch=0))
                for name, value in {"loss": float(result.loss), **result.metrics}.items():
                    totals[f"validation_{name}"] = totals.get(f"validation_{name}", 0.0) + value / len(starts)
        return {name: self.strategy.mean(value) for name, value in totals.items()}

    def _save(self) -> None:
        """Write a checkpoint, unless the last one is of this very place."""
        if self._saved == (self.state.step, self.state.micro):
            return
        weights = loss_parameters(self.stage)
        save_checkpoint(self.config.out, self.state, self.stage.embedder, self.optimizer, loss=weights)
        self._saved = (self.state.step, self.state.micro)
        if rank() == 0:
            prune(self.config.out, keep=self.config.trainer.keep_last)


def assert_all_trained(stage: Stage) -> None:
    """Every parameter meant to train has received a gradient; called after the first step, before anything is saved."""
    without = [name for name, value in trained_parameters(stage).items() if value.grad is None]
    if without:
        raise ConfigError(
            f"{len(without)} trainable parameter(s) received no gradient, among them {without[0]}",
            code="untrained-parameters",
            hint="the rows do not use that part of the model (no graphs in stage 2?)",
        )
