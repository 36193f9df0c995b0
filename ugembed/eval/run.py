"""What ``ugembed eval`` does: a saved model, benchmark files, and a folder with results and a report page."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ugembed.eval.benchmark import find_benchmark
from ugembed.eval.report import Entry, write_report
from ugembed.eval.results import KIND, Evaluation, write_evaluation
from ugembed.eval.runner import EvalConfig, evaluate
from ugembed.files import committed_directory, refuse_existing
from ugembed.progress import OnProgress, silent

REPORT = "report.html"


def run_evaluation(
    config: EvalConfig, *, on_progress: OnProgress = silent, on_warning: Callable[[str], None] = warnings.warn
) -> Evaluation:
    """Evaluate; with ``config.out`` also leave ``results.json``, ``ranks.jsonl`` and ``report.html`` there.

    Raises:
        StoreError: ``output-exists``, before the model is loaded.
        DataError: a benchmark that is missing, empty or broken.
        CheckpointError: a model that is missing or damaged, or that gives unusable vectors.
        ConfigError: ``cache-unused``.
    """
    if config.out is not None:
        refuse_existing(config.out)
    files = find_benchmark(config.benchmark, pattern=config.filename_pattern)

    from ugembed.models.saved import load_embedder
    from ugembed.models.text_cache import node_texts_kept

    encoder = load_embedder(config.model, device=config.device)
    with node_texts_kept(encoder, config.cache, on_warning=on_warning):
        evaluation = evaluate(encoder, files, config, model=str(config.model), on_progress=on_progress)
    if config.out is not None:
        _write(config.out, config, evaluation)
    return evaluation


def _write(out: Path, config: EvalConfig, evaluation: Evaluation) -> None:
    facts: dict[str, Any] = {
        "fingerprint": evaluation.fingerprint,
        "query_mode": evaluation.query_mode,
        "cases": len(evaluation.cases),
    }
    split = ", ".join(path.name for path in config.benchmark)
    with committed_directory(out, kind=KIND, **facts) as scratch:
        write_evaluation(scratch, evaluation)
        entry = Entry(run=config.model.name, split=split, evaluation=evaluation)
        write_report(
            scratch / REPORT,
            title=f"{config.model.name} on {split}",
            entries=[entry],
            facts={"model": str(config.model), "fingerprint": evaluation.fingerprint},
        )
