# tuicont: `make run` opens it. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help run test unit pythons second-kernel stress check format native bench documents pictures clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NATIVE := $(wildcard tuicont/core/native/*.c tuicont/core/native/*.h tuicont/core/native/*.py tuicont/core/native/shim/*)
WITHOUT := -p no:textual-snapshot -p no:syrupy
PACKAGE := pyproject.toml setup.py MANIFEST.in
INSTALLED := $(VENV)/.installed
BUILT := $(VENV)/.built
TESTABLE := $(VENV)/.testable

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: $(INSTALLED) $(BUILT) ## install if need be, and open the TUI (asks for sudo when not root)
	@if [ "$$(id -u)" = 0 ]; then exec $(BIN)/tuicont; fi; \
	command -v sudo >/dev/null || { echo "tuicont: only root may make containers, and there is no sudo here" >&2; exit 1; }; \
	exec sudo $(CURDIR)/$(BIN)/tuicont

test: $(TESTABLE) $(BUILT) ## install what the tests need and run every test, `make check` among them; ARGS="-k cgroup" narrows
	@$(BIN)/python -m pytest -n auto $(ARGS)

unit: $(TESTABLE) $(BUILT) ## run the unit tests alone, in seconds: properties with few examples
	@$(BIN)/python -m pytest -n 0 $(WITHOUT) --hypothesis-profile=quick -q tests/unit $(ARGS)

pythons: $(TESTABLE) $(BUILT) ## run all unit and interface tests on the other Pythons of this machine
	@$(BIN)/python -m tests.pythons $(ARGS)

second-kernel: $(TESTABLE) $(BUILT) ## run all contract and kernel tests on a kernel with cgroup v2 alone, in QEMU (half an hour)
	@$(BIN)/python -m tests.second_kernel -- $(BIN)/python -m pytest tests/contract tests/kernel -m "not host_only" $(ARGS)

stress: $(TESTABLE) $(BUILT) ## attack the program for ten minutes; ARGS="--seconds 300", SEED=n repeats a run
	@SEED=$${SEED:-$$(date +%s)} $(BIN)/python -m pytest -n 0 tests/stress tests/kernel/test_hung.py --seconds 600 $(ARGS)

check: $(TESTABLE) ## format, lint, types, import contracts, dependencies, dead code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry . 2>/dev/null
	@$(BIN)/vulture

format: $(TESTABLE) ## rewrite the sources in the one format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

native: $(INSTALLED) ## compile the C module and the shim again, with the operations as they are now
	@$(BIN)/python -m tuicont.core.runtime.ops.header
	@$(BIN)/python -m tuicont.core.native.build
	@touch $(BUILT)

bench: $(TESTABLE) $(BUILT) ## measure against the floor, crun and runc in one run, and print the table
	@$(BIN)/python -m bench $(ARGS)

documents: $(TESTABLE) $(BUILT) ## put into the documents what is made from the code: keys, limits, layers, folders
	@$(BIN)/python -m scripts.documents

pictures: $(TESTABLE) $(BUILT) ## take the documents' pictures of the real screens anew (two minutes, as root)
	@$(BIN)/python -m scripts.pictures

clean: ## remove what was built; the virtual environment too
	rm -rf $(VENV) build dist *.egg-info tests/.cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find tuicont tests bench -name __pycache__ -prune -exec rm -rf {} +
	rm -f tuicont/core/native/tuicont-shim tuicont/core/native/*.so

$(BIN)/python:
	@PYTHON=$(PYTHON) scripts/prepare build
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) 'setuptools>=77,<85' # what compiles the extension in place; Python 3.12 brings none

$(INSTALLED): $(PACKAGE) | $(BIN)/python
	@echo "tuicont: installing into $(VENV), once"
	@PYTHON=$(PYTHON) scripts/prepare build
	@$(PIP) --editable .
	@touch $@

$(BUILT): $(NATIVE) | $(INSTALLED)
	@$(BIN)/python -m tuicont.core.native.build
	@touch $@

$(TESTABLE): $(PACKAGE) scripts/prepare | $(BIN)/python
	@PYTHON=$(PYTHON) scripts/prepare test
	@$(PIP) --editable '.[test]'
	@touch $(INSTALLED) $@
