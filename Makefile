PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: help demo functions check test fuzz kills bench mutants pins clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

demo: $(VENV)/.run ## sync a bundled sample estate into an embedded catalog, and look around
	@$(RUN) -m demo

functions: $(VENV)/.dev ## the Functions app on this machine, over an emulator of Azure Storage (needs Node)
	@$(RUN) -m demo.functions

check: $(VENV)/.dev ## format, lint, types and the quick tests, in a minute
	@$(VENV)/bin/ruff format --quiet . && $(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy --no-error-summary
	@$(RUN) -m pytest -q -m "not slow"

test: $(VENV)/.dev ## everything that CI runs: format, lint, types, all tests
	@$(VENV)/bin/ruff format --check --quiet . && $(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy --no-error-summary
	@$(RUN) -m pytest -q

fuzz: $(VENV)/.dev ## ten minutes of expressions that nobody would write: our own error at most, in 2 s
	@$(RUN) -m tests.resolve.fuzz

kills: $(VENV)/.dev ## the whole kill test, of syncs and of the Functions app; every planted bug; crash points
	@$(RUN) -m tests.reliability.kills
	@$(RUN) -m tests.reliability.kills --chain
	@$(RUN) -m tests.reliability.crash_points

bench: $(VENV)/.dev ## the figures of a sync; benchmarks/README.md tells the others
	@$(RUN) -m benchmarks

mutants: $(VENV)/.dev ## delete and swap each statement of report.py and collect.py; a test must fail
	@$(RUN) tests/mutate.py

pins: $(VENV)/.dev ## compile the requirements*.txt anew from their .in files
	@$(VENV)/bin/pip install --quiet uv
	@for name in requirements requirements-dev; do \
	  $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --quiet --upgrade $$name.in -o $$name.txt; done
	@$(VENV)/bin/uv pip compile --universal --python-version 3.13 --generate-hashes --no-header \
	  --no-emit-index-url --quiet --upgrade requirements-worker.in -o requirements-worker.txt

clean: ## forget the virtual environments, the emulator and the demo
	@rm -rf $(VENV) .cache .demo .functions

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing what it needs into $(VENV) (once) …"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what the tests need into $(VENV) (once) …"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
