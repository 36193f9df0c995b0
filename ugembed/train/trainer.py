"""The loop. It knows nothing of pictures, graphs or losses; a stage does."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import torch

from ugembed.errors import ConfigError, UgembedError
from ugembed.records.pair import Pair
from ugembed.train.checkpoint import TrainState, prune, save_checkpoint
from ugembed.train.config import TrainConfig
from ugembed.train.data import BatchPlan
from ugembed.train.distributed import rank
from ugembed.train.journal import Journal
from ugembed.train.optim import schedule, set_learning_rate
from ugembed.train.stages.base import Stage, loss_parameters, trained_parameters
from ugembed.train.strategy import Strategy


class OnReport(Protocol):
    """Called after every optimizer step with what is known of it."""

    def __call__(self, report: Mapping[str, Any]) -> None: ...


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
    on_report: OnReport
    _seconds: float = field(default=0.0, init=False)

    def run(self) -> TrainState:
        """Train to the end; the last step is always saved."""
        module = self.strategy.wrap(self.stage.module)
        journal = Journal(self.config.out, resume_step=self.state.step) if rank() == 0 else None
        every = self.config.trainer
        checked = self.state.step > 0
        while self.state.step < self.state.total_steps:
            report = self._step(module)
            if not checked:
                assert_all_trained(self.stage)
                checked = True
            self.optimizer.zero_grad(set_to_none=True)
            done = self.state.step
            last = done == self.state.total_steps
            saves = last or (every.save_every > 0 and done % every.save_every == 0)
            if saves:
                report |= self._validate()
                self._save()
            if journal is not None and (saves or done % every.log_every == 0 or done == 1):
                journal.write(report)
            self.on_report(report)
        return self.state

    def _step(self, module: torch.nn.Module) -> dict[str, Any]:
        """One optimizer step; gradients stay for a look at them."""
        started = time.perf_counter()
        step, trainer = self.state.step, self.config.trainer
        module.train()
        share = schedule(step, self.state.total_steps, self.config.optimizer)
        set_learning_rate(self.optimizer, share)
        loss, metrics, epoch = 0.0, dict[str, float](), 0
        for micro in range(trainer.accumulation):
            epoch, rows = self.plan.rows(step, micro=micro, rank=rank())
            batch = self.stage.prepare([self.pairs[row] for row in rows], epoch=epoch)
            syncing = partial(self._syncing, module, last_micro=micro == trainer.accumulation - 1)
            with self._precision():
                result = self.stage.backward(module, batch, micro_steps=trainer.accumulation, syncing=syncing)
            loss += float(result.loss.detach()) / trainer.accumulation
            for name, value in result.metrics.items():
                metrics[name] = metrics.get(name, 0.0) + value / trainer.accumulation
        loss = self.strategy.mean(loss)
        norm = self._clip(loss)
        self.optimizer.step()
        self.state = TrainState(
            **{**{name: getattr(self.state, name) for name in TrainState.__slots__}, "step": step + 1}
        )
        seconds = time.perf_counter() - started
        self._seconds += seconds
        items = self.plan.batch_size * self.plan.processes * self.plan.accumulation
        return {
            "step": step + 1,
            "epoch": (step + 1) / self.plan.steps_per_epoch,
            "loss": loss,
            **{name: self.strategy.mean(value) for name, value in metrics.items()},
            "gradient_norm": norm,
            **{f"lr_{group['name']}": group["lr"] for group in self.optimizer.param_groups},
            "items_per_s": items / seconds,
            "elapsed_s": self._seconds,
        }

    def _syncing(self, module: torch.nn.Module, *, last_micro: bool, last: bool) -> AbstractContextManager[None]:
        return self.strategy.accumulating(module, last=last_micro and last)

    def _clip(self, loss: float) -> float:
        parameters = list(trained_parameters(self.stage).values())
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, self.config.optimizer.clip_norm, foreach=False))
        if not (torch.isfinite(torch.tensor(norm)) and torch.isfinite(torch.tensor(loss))):
            raise UgembedError(
                f"step {self.state.step + 1}: loss {loss}, gradient norm {norm}",
                code="not-finite",
                hint="nothing of this step was saved; lower the learning rate or train in float32",
            )
        return norm

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
        if rank() == 0:
            weights = loss_parameters(self.stage)
            save_checkpoint(self.config.out, self.state, self.stage.embedder, self.optimizer, loss=weights)
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
