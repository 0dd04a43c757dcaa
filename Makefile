# Every target sets up what it needs in .venv; uv is used where present.
VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= python3
READY  := $(VENV)/.ready
# LOCKED=1: exactly what requirements.lock says, hashes checked. Empty: the newest that pyproject.toml allows.
LOCKED ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test unit check format bench lock audit clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv with everything in it; LOCKED=1 for the exact versions of the lock

$(READY): pyproject.toml
	@echo "setting up $(VENV)"
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --clear --python '>=3.11' $(VENV) && install="uv pip install --quiet --python $(BIN)/python"; \
	else \
		$(PYTHON) -m venv --clear $(VENV) && install="$(BIN)/python -m pip install --quiet --disable-pip-version-check"; \
	fi && \
	if [ -n "$(LOCKED)" ]; then \
		$$install --require-hashes -r requirements.lock && $$install --no-deps --no-build-isolation -e .; \
	else \
		$$install -e '.[dev]'; \
	fi
	@touch $(READY)

demo: $(READY) ## Show it all in a minute: a batch of invoices, a kill -9, two approvals
	@$(BIN)/python demo/demo.py

test: $(READY) ## All tests, real PostgreSQL and real processes included; two at a time, most of them wait
	$(BIN)/python -m pytest -n 2 --dist loadfile

unit: $(READY) ## The tests that need no database, in seconds
	$(BIN)/python -m pytest tests/unit

check: $(READY) ## Lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy demo bench tests
	$(BIN)/lint-imports

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure what README claims about speed, against a baseline of the same run
	$(BIN)/python -m bench

lock: ## Write requirements.lock anew: all versions with hashes, for every Python and platform; needs uv
	uv pip compile --quiet --universal --upgrade --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		pyproject.toml -o requirements.lock

audit: ## Ask a vulnerability service about every package of the lock (network; 1: found, 3: no answer)
	@$(PYTHON) .ci/audit.py

clean: ## Remove .venv and the data of `holdfast dev`
	rm -rf $(VENV) .audit .holdfast
