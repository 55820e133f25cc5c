# What a newcomer types: `make run` and `make test`. The first call of either builds .venv; later calls find it built.
# constraints.txt names every package, so nothing is left to resolve; only torch may bring its own libraries along.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
PIP := $(PY) -m pip install --disable-pip-version-check --quiet
ARGS ?=
# The whole suite runs in as many processes as there are cores, up to four; some tests by name run in one.
WORKERS ?= $(if $(ARGS),0,auto)

.DEFAULT_GOAL := help
.PHONY: help run run-postgres test check audit bench clean

help:
	@echo "make run     build, migrate, seed, start everything; Ctrl-C stops it"
	@echo "make run-postgres  the same on a PostgreSQL of its own (or on the ones your settings name)"
	@echo "make test    run the tests (ARGS='tests/rules -q' for some of them, WORKERS=1 for one at a time)"
	@echo "make check   ruff, mypy, import-linter"
	@echo "make audit   known vulnerabilities and licences of every package (asks the package index)"
	@echo "make bench   print the benchmarks' figures, one JSON line each"
	@echo "make clean   remove caches; var/ (the data) and .venv stay"

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Countersign needs Python 3.11 or newer, and $(PYTHON) is older or missing. Name another: make PYTHON=python3.11 ..."; exit 1; }
	@test -x $(PY) || { echo "Making the virtual environment in $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the locked packages; the first time takes some minutes"
	@$(PIP) -c constraints.txt torch
	@$(PIP) --no-deps -r constraints.txt
	@$(PIP) --no-deps --editable .
	@touch $(STAMP)

STARTED := $(shell date +%s)

run: $(STAMP)
	@COUNTERSIGN_STARTED=$(STARTED) exec $(VENV)/bin/countersign run

run-postgres: $(STAMP)
	@COUNTERSIGN_STARTED=$(STARTED) exec $(VENV)/bin/countersign run --postgres

test: $(STAMP)
	@$(PY) -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP)
	@$(VENV)/bin/ruff check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-cache

AUDIT := .venv-audit

$(AUDIT)/.installed: .ci/audit-requirements.txt
	@test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --disable-pip-version-check --quiet --no-deps -r $<
	@touch $@

audit: $(STAMP) $(AUDIT)/.installed
	@$(AUDIT)/bin/python .ci/supply_chain.py

bench: $(STAMP)
	@set -e; for each in benchmarks/*.py; do echo "== $$each"; $(PY) $$each; done

clean:
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build *.egg-info
	@find . -path ./$(VENV) -prune -o -path ./var -prune -o -name __pycache__ -type d -print | xargs rm -rf
