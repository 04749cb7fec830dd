# What a person or CI does with a checkout. `make` alone lists it.
# Everything is installed into .venv from hash-pinned lists; nothing outside the checkout changes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# uv installs in two seconds what takes pip half a minute; pip alone is enough.
UV     := $(shell command -v uv 2>/dev/null)

ifeq ($(UV),)
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check
else
install = $(UV) pip install --quiet --python $(BIN)/python
endif

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check e2e soak eval bench picture wheel lock upgrade clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/dev.stamp ## make .venv with everything the targets below need

run: $(VENV)/run.stamp ## run the daemon in the foreground with config/
	@$(BIN)/monitor run --config config

demo: $(VENV)/run.stamp ## replay a bundled week through the real daemon, without network
	@$(BIN)/monitor demo

test: $(VENV)/dev.stamp ## unit and integration tests (some fifteen minutes on two cores)
	$(BIN)/python -m pytest tests/unit tests/integration -n 2

check: $(VENV)/dev.stamp ## format, lint, types, floors and unit tests (under a minute)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit --quiet

e2e: $(VENV)/dev.stamp ## the installed command as a subprocess, killed and restarted
	$(BIN)/python -m pytest tests/e2e

soak: $(VENV)/dev.stamp ## the kill harness for long (200 kills, 4,000 alerts) and other hardships (up to an hour)
	MONITOR_SOAK_KILLS=200 MONITOR_SOAK_ALERTS=4000 MONITOR_SOAK_LOCK=35 \
		$(BIN)/python -m pytest tests/e2e/test_kills.py tests/e2e/test_hardships.py --capture=no

eval: $(VENV)/dev.stamp ## quality on labelled texts, with pinned floors
	MONITOR_EVAL_ERRORS=1 $(BIN)/python -m pytest tests/eval --capture=no

bench: $(VENV)/dev.stamp ## each benchmark of bench/
	@set -e; for program in bench/*.py; do echo "== $$program"; $(BIN)/python "$$program"; done

picture: $(VENV)/run.stamp ## draw docs/alert.svg anew, from the demo
	@$(BIN)/python docs/picture.py

wheel: $(VENV)/run.stamp ## build dist/media_monitor-….whl, which carries config/ and migrations/
	@rm -rf dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

# The lists hold versions and hashes only: no index address, whatever this machine is set up with.
# editables is what hatchling installs a checkout with; a wheel does not need it.
compile = $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --python-version 3.11 --extra postgresql $(1) \
	pyproject.toml requirements/build.in

lock: ## bring requirements/ up to date with pyproject.toml, changing as little as possible (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv on the PATH: pip install uv" >&2; exit 1; }
	$(call compile,$(LOCK)) --output-file requirements/run.txt
	$(call compile,$(LOCK)) --group dev --constraint requirements/run.txt --output-file requirements/dev.txt

upgrade: ## the same with the newest versions that pyproject.toml admits (needs uv)
	@$(MAKE) --no-print-directory lock LOCK=--upgrade

clean: ## remove .venv and what the tools keep
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

# pip cannot check a hash of the checkout itself, so it goes in last, alone, with the pinned backend.
own = $(install) --no-deps --no-build-isolation --editable .

$(VENV)/run.stamp: requirements/run.txt pyproject.toml monitor/__init__.py | $(BIN)/python
	@echo "installing into $(VENV) (about a minute, once)"
	$(install) --require-hashes --requirement requirements/run.txt
	$(own)
	@touch $@

# The dev list holds the run list with the same versions.
$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml monitor/__init__.py | $(BIN)/python
	@echo "installing into $(VENV) (about a minute, once)"
	$(install) --require-hashes --requirement requirements/dev.txt
	$(own)
	@touch $@ $(VENV)/run.stamp

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "With another one: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv is missing. Install it, then call make again:" >&2; \
		echo "  sudo apt-get install $$($(PYTHON) -c 'import sys; own = sys.executable == "/usr/bin/python3"; print("python3-venv" if own else "python%d.%d-venv" % sys.version_info[:2])')" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
