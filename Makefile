# Everything a person types here. `make` alone lists it.
# PYTHON=… chooses the interpreter of the environment (3.11 or newer), JOBS=… the test processes,
# N=… the rows that are fuzzed, CUT=13 tries every thirteenth fault.

SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= 2
N ?= 10000
CUT ?= 1
BIN := .venv/bin

.PHONY: help setup demo test check lint docs perf fuzz faults lock tiny-backbone clean

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready  ## make the environment in .venv (quick when nothing changed)

.venv/.ready: pyproject.toml constraints.txt scripts/setup.sh
	@PYTHON='$(PYTHON)' scripts/setup.sh

demo: setup  ## the whole road on a synthetic city: about six minutes on two cores
	@$(BIN)/ugembed demo --out runs/demo --yes

test: setup  ## every test
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

check: lint test  ## what CI runs: lint, types, fresh pages, every test

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m docs.generate --check

docs: setup  ## write docs/cli.md, docs/config.md and docs/problems.md anew
	@$(BIN)/python -m docs.generate

perf: setup  ## measure against peers (perf/) and write the tables into docs/performance.md: half an hour
	@OMP_NUM_THREADS=1 $(BIN)/python -m scripts.perf

fuzz: setup  ## read N broken rows and, in proportion, files of other kinds (N=1000000: about twenty minutes)
	@OMP_NUM_THREADS=1 $(BIN)/python -m fuzz.run --inputs $(N)

faults: setup  ## kill, stop, damage and starve a training run at every place: half an hour
	@OMP_NUM_THREADS=1 $(BIN)/python -m faults.run --cut $(CUT)

lock: setup  ## write what .venv holds into constraints.txt
	@scripts/lock.sh

tiny-backbone: setup  ## pretrain the demo's small backbone anew (its recipe is in the data card)
	@$(BIN)/python -m ugembed.demo.pretrain

clean:  ## remove the environment and the caches; runs/ and mydata/ stay
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
