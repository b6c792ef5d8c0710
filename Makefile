# `make ood` measures, `make test` tests; both make the environment in .venv first.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 4

.PHONY: help install ood all test lint check gate clean
help:                ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST)

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "avdf-bench needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "installing the pinned packages, PyTorch included: some minutes, about 5 GB"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

install: .venv/installed  ## create .venv with the pinned packages

ood: install         ## the out-of-domain cells on the embedded corpus
	$(BIN)/python -m pytest benchmark -k ood -n $(WORKERS)

all: install         ## every cell on the embedded corpus
	$(BIN)/python -m pytest benchmark -n $(WORKERS)

test: install        ## the tests of the harness itself
	$(BIN)/python -m pytest tests -n 2

lint: install        ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: install       ## is the leaderboard what its files say, are submitted rows sound?
	$(BIN)/python -m leaderboard check
	$(BIN)/python -m leaderboard validate

gate: install        ## did an out-of-domain number get worse than its row?
	$(BIN)/python -m pytest benchmark -k ood -n $(WORKERS) --check

clean:               ## remove the environment and the results, not the cache
	rm -rf .venv results
