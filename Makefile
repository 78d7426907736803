# Everything runs from .venv, which is made from the lock files with plain pip. Start with `make help`.

PYTHON ?= $(firstword $(foreach candidate,python3 python3.13 python3.12 python3.11,$(if $(shell \
  $(candidate) -c 'import sys; print("yes" if sys.version_info >= (3, 11) else "")' 2>/dev/null),$(candidate))))
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
INSTALL_LOCKED := $(INSTALL) --require-hashes --only-binary :all: --requirement
# Without this the shell of an activated other environment, or a user's site-packages, would be found first.
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE := 1

TEST_PROCESSES ?= 2
BENCHES := $(patsubst tests/bench/%.py,%,$(sort $(wildcard tests/bench/bench_*.py)))

.PHONY: help setup demo test check format docs bench lock clean
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.development ## put everything that development needs into .venv

demo: .venv/.run ## set up, then show a fictional city and serve it on http://127.0.0.1:8000 until stopped
	$(BIN)/bellwether demo

test: check ## set up, then every check and test; slow tests of the whole system come last
	$(BIN)/python -m pytest -m "not system" --numprocesses $(TEST_PROCESSES)
	$(BIN)/python -m pytest -m system

check: setup ## lint, formatting, types, and what may import what
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

format: setup ## mend formatting, and what lint can mend by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: setup ## write docs/reference anew from the code
	$(BIN)/python -m infra.cli.reference tests/golden docs/reference

bench: setup $(BENCHES) ## run every benchmark; each prints a table and writes build/bench-NAME.json

.PHONY: $(BENCHES)
$(BENCHES): setup
	@mkdir -p build
	$(BIN)/python -m tests.bench.$@

# `make lock` keeps versions that still fit; `make lock LOCK_OPTIONS=--upgrade` takes the newest of everything.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header $(LOCK_OPTIONS)

lock: $(BIN)/python ## work out requirements/*.txt anew from pyproject.toml
	$(INSTALL) "uv>=0.9"
	$(COMPILE) --extra server --output-file requirements/run.txt
	$(COMPILE) --extra server --extra development --constraints requirements/run.txt \
	  --output-file requirements/development.txt
	$(subst pyproject.toml,,$(COMPILE)) --group build --output-file requirements/build.txt

clean: ## remove .venv, build and every cache
	rm -rf .venv build .ruff_cache .mypy_cache .pytest_cache .hypothesis .import_linter_cache
	find schemas streams alerts api producers infra tests -type d -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Bellwether needs Python 3.11 or newer, and found none." >&2; exit 1; }
	$(PYTHON) -m venv .venv

# The stamps: what was installed, so that a second run installs nothing unless a lock file or pyproject.toml is newer.
.venv/.run: pyproject.toml requirements/build.txt requirements/run.txt | $(BIN)/python
	$(INSTALL_LOCKED) requirements/build.txt
	$(INSTALL_LOCKED) requirements/run.txt
	$(INSTALL) --no-build-isolation --no-deps --no-index --editable .
	@touch $@

.venv/.development: .venv/.run requirements/development.txt
	$(INSTALL_LOCKED) requirements/development.txt
	@touch $@
