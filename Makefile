# Two commands are the door: `make demo` and `make test`. Both install what they need.
SHELL := /bin/bash
PYTHON ?= python3.11
PYTHON := $(shell command -v $(PYTHON) || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# No telemetry leaves, whatever is run from here.
export DO_NOT_TRACK = 1
export DBT_SEND_ANONYMOUS_USAGE_STATS = false
export GX_ANALYTICS_ENABLED = false
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED = False
export SQLALCHEMY_SILENCE_UBER_WARNING = 1

.PHONY: demo test lint up bench clean lock install

demo: install ## Two simulated vendors, one month, one answer that can be verified
	@$(BIN)/python scripts/demo.py

test: install lint ## Lint, types, SQL lint and every test
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: install ## Style and types of Python, SQL and YAML
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

up: install ## Airflow with its UI and scheduler, and the sandbox company, to click through
	@$(BIN)/python scripts/up.py

bench: install ## Speed and memory, as ratios from one run, into docs/benchmarks.md
	@$(BIN)/python benchmarks/run.py

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@echo "Installing the locked packages into $(VENV) (about a minute, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "A virtual environment cannot be made: on Debian, install python3-venv."; exit 2; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --editable .
	@touch $(STAMP)

lock: install ## Resolve pyproject.toml again into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --upgrade -o requirements.lock

clean: ## Remove what the demo and the environment left
	rm -rf .demo .up .venv .scans
