# `make run` is all a person needs; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test drills schema e2e interop chaos upgrade-drill restore-drill bench screenshots messages lint django-checks format release venv venv-dev clean

help:
	@echo 'make run     the whole studio on this machine; Ctrl-C stops it'
	@echo 'make test    the tests, without a browser'
	@echo 'make drills  the tests that take long: upgrades, old migrations, restored backups; before a release'
	@echo 'make schema  thousands of requests generated from the OpenAPI files, in some minutes'
	@echo 'make e2e     the tests in a real browser (needs Chromium)'
	@echo 'make interop a real LiteLLM proxy, and the vendors'\'' own clients (installed separately, 900 MB)'
	@echo 'make chaos   hundreds of videos while processes are killed; CHAOS="--videos 1000 --kills 100" for more'
	@echo 'make upgrade-drill  the version before is upgraded to this one while it is in use; UPGRADE="--base v1.0.0" for another'
	@echo 'make restore-drill  PostgreSQL put back to an earlier moment while videos are in flight, in some minutes'
	@echo 'make bench   performance, as one table, and how far it scales, as another, in about half an hour'
	@echo 'make screenshots  pictures of every page, into ./screenshots, in about twenty minutes (needs Chromium)'
	@echo 'make messages  the texts of pages, into the catalogues of translations, and these compiled'
	@echo 'make lint    style, types, import rules, migrations, production settings'
	@echo 'make format  format the code'
	@echo 'make release VERSION=1.2.0  check, tag and build it, on a clean main; publishes nothing'
	@echo 'make clean   remove .venv and caches; data stays'

run: venv
	@exec $(BIN)/python -m contentgen.run

# One process more than there are cores, because tests of real processes wait for most of their time. Small
# portions: a process that has begun with the slow tests is to have few others that wait behind them.
WORKERS = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
SKIP := e2e interop
MARKED := not drill
test: venv-dev
	@$(BIN)/pytest -q -n $(WORKERS) --maxprocesses 16 --maxschedchunk 50 $(OPTIONS) $(SKIP:%=--ignore tests/%) -m "$(MARKED)"

drills: venv-dev
	@$(BIN)/pytest -q --timeout 1800 --durations=0 -m drill tests

schema: venv-dev
	@SCHEMA_CASES=400 $(BIN)/pytest -q tests/api/rest/test_schema.py

E2E := tests/e2e
e2e: venv-dev
	@$(BIN)/pytest -q -n 2 --dist loadfile --durations=10 $(E2E)

# LiteLLM has its own virtual environment, because its pinned dependencies conflict with ours.
LITELLM := 1.106.2
interop: venv-dev
	@[ -f .venv-interop/$(LITELLM) ] || { \
		echo 'Installing LiteLLM into .venv-interop (once; 750 MB)...' && \
		$(PYTHON) -m venv .venv-interop && \
		.venv-interop/bin/pip install --quiet 'litellm[proxy]==$(LITELLM)' && touch .venv-interop/$(LITELLM); }
	@cmp -s tests/interop/requirements-vendors.txt .venv-vendors/requirements.txt || { \
		echo "Installing the vendors' packages into .venv-vendors (once; 140 MB)..." && \
		$(PYTHON) -m venv .venv-vendors && \
		.venv-vendors/bin/pip install --quiet --requirement tests/interop/requirements-vendors.txt && \
		cp tests/interop/requirements-vendors.txt .venv-vendors/requirements.txt; }
	@LITELLM=$(CURDIR)/.venv-interop/bin/litellm $(BIN)/pytest -q tests/interop

chaos: venv-dev
	@$(BIN)/python -m tests.chaos $(CHAOS)

upgrade-drill: venv-dev
	@$(BIN)/python -m tests.upgrade $(UPGRADE)

restore-drill: venv-dev
	@$(BIN)/python -m tests.chaos.point_in_time
	@$(BIN)/python -m tests.chaos.point_in_time --dump

bench: venv-dev
	@exec $(BIN)/python -m tests.benchmarks

screenshots: venv-dev
	@$(BIN)/python -m tests.screenshots screenshots

messages: venv-dev
	@$(BIN)/python -m tests.translations

lint: venv-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@find * -name '*.py' ! -path '*/migrations/*' ! -path '*/node_modules/*' -print0 | xargs -0 $(BIN)/django-upgrade --target-version 5.2 --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory django-checks

django-checks: venv-dev
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	export ENV_FILE= DATABASE_URL= DATA_DIR="$$folder" && \
	$(BIN)/python manage.py makemigrations --check --dry-run && \
	DEPLOYMENT=production ALLOWED_HOSTS=studio.example.org REDIS_URL=redis://studio.example.org \
	EMAIL_HOST=mail.example.org EMAIL_FROM=studio@example.org PUBLIC_URL=https://studio.example.org TRUST_PROXY=1 \
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

format: venv-dev
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

release: venv-dev
	@$(BIN)/python deploy/release.py $(VERSION)

clean:
	@rm -rf $(VENV) .venv-interop .venv-vendors .pytest_cache .mypy_cache .ruff_cache .import_linter_cache staticfiles dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed once, and again when the list has changed: a copy in .venv records what was installed.
venv: $(BIN)/python
	@cmp -s requirements.txt $(VENV)/requirements.txt || { \
		echo 'Installing ContentGen (once; about a minute)...' && \
		$(BIN)/python -m pip install --quiet --requirement requirements.txt && \
		cp requirements.txt $(VENV)/requirements.txt; }

venv-dev: venv
	@cmp -s requirements-dev.txt $(VENV)/requirements-dev.txt || { \
		echo 'Installing the tools for tests (once)...' && \
		$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt && \
		cp requirements-dev.txt $(VENV)/requirements-dev.txt; }

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "ContentGen needs Python 3.11 or newer; '$(PYTHON)' is not. Name another: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo 'Python cannot create a virtual environment. On Debian or Ubuntu: apt install python3-venv' >&2; exit 1; }
