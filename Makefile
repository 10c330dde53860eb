# Needs python3 (3.11 or newer) and make; everything else goes into .venv.
PYTHON ?= python3
YEARS ?= 2025
WORKERS ?= auto

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt --build-constraint constraints.txt

# What the installed copy is made of: a change in any of these asks for a new installation.
SOURCES := $(shell find energyflows data seeds -type f ! -name '*.pyc' 2>/dev/null)
# Benchmarks also run once, untimed, with the tests.
BENCHMARKS := $(wildcard benchmarks)

.PHONY: help run test lint coverage bench data constraints clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@echo "make run          install the package and run it for YEARS=$(YEARS)"
	@echo "make test         linters, types, architecture, dependencies, all tests"
	@echo "make coverage     lines and branches the tests reach"
	@echo "make bench        timings"
	@echo "make data         write the hashes of changed tables into data/datapackage.json"
	@echo "make constraints  resolve all dependencies anew into constraints.txt"
	@echo "make clean        remove everything the other targets made"

$(VENV)/.pip: constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade --constraint constraints.txt pip
	touch $@

# `run` uses an installed copy, `test` an editable one: each stamp takes the place of the other.
$(VENV)/.run: $(VENV)/.pip pyproject.toml README.md LICENSE $(SOURCES)
	$(INSTALL) .
	rm -f $(VENV)/.test
	touch $@

$(VENV)/.test: $(VENV)/.pip pyproject.toml
	$(INSTALL) --editable . --group dev
	rm -f $(VENV)/.run
	touch $@

run: $(VENV)/.run
	$(BIN)/energyflows run --years $(YEARS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

test: lint
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --benchmark-disable energyflows tests $(BENCHMARKS)

# On its own, for tracing every line makes the tests take half as long again.
coverage: $(VENV)/.test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --benchmark-disable --cov --cov-report=term energyflows tests

bench: $(VENV)/.test
	$(BIN)/python -m pytest --benchmark-only benchmarks

data: $(VENV)/.test
	$(BIN)/python -m energyflows.datasets.refresh

# Resolved in a fresh environment, without the old pins.
constraints:
	rm -rf build/resolve
	$(PYTHON) -m venv build/resolve
	build/resolve/bin/python -m pip install --quiet --upgrade pip
	build/resolve/bin/python -m pip install --quiet --editable . --group dev
	build/resolve/bin/python -m pip list --format freeze --exclude energyflows --exclude setuptools > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/resolve

clean:
	rm -rf $(VENV) build dist .coverage .coverage.* .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find energyflows tests -type d -name __pycache__ -prune -exec rm -rf {} +
