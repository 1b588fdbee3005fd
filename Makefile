# The two commands are `make run` and `make test`. Every path is relative to this file, so that spaces in the
# project's own path do no harm.

PYTHON ?= python3
BIN := .venv/bin
# Nothing that we start reports anything to anybody.
export DO_NOT_TRACK := 1
export SCARF_ANALYTICS := false
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

.PHONY: help run bi bi-environment stop docs test campaign venv lint types lock clean

help:
	@echo "make run    start PostgreSQL and Airflow, receive the example, publish a release, show it"
	@echo "make bi     Apache Superset on loopback with the dashboards of bi/, beside what make run started"
	@echo "make docs   write the site: status, data dictionary, rules, dbt's models, the gate's Data Docs, these pages"
	@echo "make stop   stop what make run started"
	@echo "make test   lint, types and every test, on a PostgreSQL and an Airflow of its own"
	@echo "make campaign  the long fault campaigns: hours, not minutes"
	@echo "make lock   pin the requirements anew"
	@echo "make clean  stop, then remove the local state (.vwu) and the environment (.venv)"

run: venv
	@$(BIN)/vwu example
	@exec $(BIN)/vwu run

# Superset is large (650 MB) and few need it: its environment is made when it is asked for.
bi: bi-environment
	@exec $(BIN)/vwu bi

bi-environment: venv
	@want="$$(pwd; cat requirements-bi.txt | cksum)"; \
	if [ "$$want" != "$$(cat .venv/bi/made-from 2>/dev/null)" ]; then \
		echo "making the environment of Superset in .venv/bi"; \
		$(BIN)/uv venv --quiet --clear .venv/bi \
		&& $(BIN)/uv pip install --quiet --python .venv/bi/bin/python --require-hashes -r requirements-bi.txt \
		&& printf '%s\n' "$$want" > .venv/bi/made-from; \
	fi

docs: venv
	@exec $(BIN)/vwu docs

stop:
	@if [ -x $(BIN)/vwu ]; then exec $(BIN)/vwu down; else echo "nothing was ever started here"; fi

test: lint types
	@exec $(BIN)/python -m pytest -n 2 --dist loadfile --durations 15 -m "not campaign" tests

campaign: bi-environment
	@exec $(BIN)/python -m pytest --durations 15 -m campaign tests

lint: venv
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests

types: venv
	@$(BIN)/mypy

# The environment is made anew when its recipe changed or the project was moved: a virtual environment has absolute
# paths in it.
venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it with make PYTHON=python3.11 …" >&2; exit 2; }
	@want="$$(pwd; cat requirements-bootstrap.txt requirements.txt requirements-dev.txt requirements-contract.txt \
		pyproject.toml | cksum)"; \
	if [ "$$want" != "$$(cat .venv/made-from 2>/dev/null)" ]; then \
		echo "making the environment in .venv"; \
		rm -rf .venv && $(PYTHON) -m venv .venv \
		&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.txt \
		&& $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt -r requirements-dev.txt \
		&& $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . \
		&& $(BIN)/uv venv --quiet --clear .venv/contract \
		&& $(BIN)/uv pip install --quiet --python .venv/contract/bin/python --require-hashes -r requirements-contract.txt \
		&& printf '%s\n' "$$want" > .venv/made-from; \
	fi

LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
lock: venv
	$(LOCK) requirements-bootstrap.in -o requirements-bootstrap.txt
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) requirements-contract.in -o requirements-contract.txt
	$(LOCK) requirements-bi.in -o requirements-bi.txt
	$(LOCK) requirements-cluster.in -o requirements-cluster.txt

clean: stop
	rm -rf .vwu .venv
