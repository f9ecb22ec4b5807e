# One command each. `make setup` does whatever a fresh machine lacks and says what it does.
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: setup check test test-slow snap bench demo clean

setup:
	@tools/setup.sh

check: setup
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/ruff format --check src tests benchmarks tools
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check
	$(PYTEST) -m "not slow"

test-slow: setup
	$(PYTEST) -m slow --timeout=1800

snap: setup
	$(PYTEST) tests/unit tests/snapshots --snapshot-update -q

bench: setup
	$(BIN)/python -m benchmarks

demo: setup
	@tools/demo.sh

clean:
	@test -x $(BIN)/jitney && $(BIN)/jitney clean --yes images caches || true
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache init/build dist src/jitney/sandbox/init-*
