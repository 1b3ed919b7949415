# Two commands matter: `make demo` and `make test`. Both set up .venv first, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt

.PHONY: help demo test test-all check bench clean
help:
	@echo "make demo      replay real alarms through the whole chain, on this machine"
	@echo "               (CONSOLE=1 then shows them in the console, until Ctrl-C)"
	@echo "make test      lint, types and every unmarked test"
	@echo "make test-all  the long tests too"
	@echo "make bench     the benchmarks, as ratios against peers"
	@echo "make clean     remove the environment and what the demo wrote"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "telcollm needs Python 3.11 or later; $(PYTHON) is older: run make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing telcollm for the demo: once, a few minutes"
	$(PIP) --editable '.[demo]'
	@touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing telcollm with all extras for the tests: once, a few minutes"
	$(PIP) --editable '.[test,bench]'
	@touch $(VENV)/.demo $(VENV)/.console $@

# The console's libraries are installed only for whoever asks for it; what .test installs holds them.
$(VENV)/.console: $(VENV)/.demo
	@echo "installing the console: once, about a minute"
	$(PIP) --editable '.[demo,console,api]'
	@touch $@

demo: $(VENV)/.demo $(if $(CONSOLE),$(VENV)/.console)
	@$(BIN)/telcollm demo $(if $(CONSOLE),--console)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/telcollm model pull smollm2-135m-instruct || echo "no base model: its tests are skipped"
	$(BIN)/telcollm model pull all-minilm-l6-v2 || echo "no embedding model: its tests are skipped"
	$(BIN)/python -m pytest

test-all: check
	$(BIN)/telcollm model pull smollm2-135m-instruct || echo "no base model: its tests are skipped"
	$(BIN)/telcollm model pull all-minilm-l6-v2 || echo "no embedding model: its tests are skipped"
	TELCOLLM_EXAMPLES=new $(BIN)/python -m pytest -m "slow or not slow"

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks.stream
	$(BIN)/python -m benchmarks.model

clean:
	rm -rf $(VENV) .telcollm
