# The commands of this project. `make` alone lists them; `make check` is exactly what CI runs.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install run test check format docs messages catalogues lock bench battery browser clean \
        check-format check-lint check-types check-imports check-templates check-messages

# Where Python may not keep what it compiled, every process compiles the whole program anew: seconds of each start.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
BROWSERS := chromium-headless-shell chromium chromium-browser google-chrome
PO := $(wildcard lending/locale/*/LC_MESSAGES/*.po)
TEMPLATE := build/messages.pot
EXTRACT := $(BIN)/pybabel --quiet extract --mapping=pyproject.toml --keywords=lazy_gettext --keywords=lazy_ngettext:1,2 \
	--add-location=file --sort-by-file --output-file=$(TEMPLATE) .

help:  ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- The environment ---

install: $(INSTALLED) catalogues  ## The environment in .venv, with everything the tests need from pip

# The lock and the project's metadata decide what is installed; when neither changed, nothing is done.
$(INSTALLED): requirements.lock pyproject.toml lending/locale/compile.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; say 'make PYTHON=python3.11 ...' if it has another name."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@awk '/^[a-z]/ { on = /^uv==/ } on' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $(VENV)/uv.lock
# uv is many times faster than pip; where packages are reached only through pip's own configuration, pip does it.
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.lock \
		2> $(VENV)/uv.log \
		|| { echo "uv does not reach the packages from here, so pip installs them; that takes some minutes."; \
			$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock; } \
		|| { echo "Neither did. What uv said:"; cat $(VENV)/uv.log; exit 1; } >&2
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: install  ## Everything on this machine, with demonstration data at the first start
	$(BIN)/lending up

lock: install  ## Write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --quiet --extra dev --extra openid --generate-hashes --no-emit-index-url --universal \
		--python-version 3.11 --no-header --upgrade --output-file requirements.lock

# --- Tests and checks ---

test: install browser  ## All tests, none skipped
	$(BIN)/pytest -n 3 --dist worksteal

check: install check-format check-lint check-types check-imports check-templates check-messages test  ## What CI runs

check-format: install
	$(BIN)/ruff format --check

check-lint: install
	$(BIN)/ruff check

check-types: install
	$(BIN)/mypy --strict lending

check-imports: install
	$(BIN)/lint-imports --no-logo

check-templates: install
	@if find templates -name '*.html' | grep -q .; then $(BIN)/djlint templates --lint --quiet; fi

# A sentence that is not in every catalogue would be read in English by someone who cannot.
check-messages: install
	@mkdir -p $(dir $(TEMPLATE)) && $(EXTRACT)
	@for po in $(PO); do \
		$(BIN)/pybabel --quiet update --check --ignore-pot-creation-date --no-fuzzy-matching \
			--input-file=$(TEMPLATE) --output-file=$$po --locale=$$(basename $$(dirname $$(dirname $$po))) \
			|| { echo "$$po is behind the code: run 'make messages' and translate what is new."; exit 1; }; \
	done

format: install  ## Format the code and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: install  ## Write docs/states.md and docs/permissions.md anew from the code
	$(BIN)/python -m tests.guards.generated_documents

messages: install  ## Bring the catalogues up to the sentences in the code
	@mkdir -p $(dir $(TEMPLATE)) && $(EXTRACT)
	@for po in $(PO); do \
		$(BIN)/pybabel --quiet update --ignore-pot-creation-date --no-fuzzy-matching \
			--input-file=$(TEMPLATE) --output-file=$$po --locale=$$(basename $$(dirname $$(dirname $$po))); \
	done

catalogues: $(PO:.po=.mo)

%.mo: %.po
	$(BIN)/pybabel --quiet compile --input-file=$< --output-file=$@

# The tests drive a real browser, from the distribution's packages: a download of its own is not reachable everywhere.
browser:
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	echo "Installing Chromium for the browser tests."; \
	command -v apt-get >/dev/null || { echo "Install Chromium with your system's package manager, then run this again."; exit 1; }; \
	if [ "$$(id -u)" = 0 ]; then as_root=; \
	elif command -v sudo >/dev/null; then as_root=sudo; \
	else echo "Chromium is missing and only root may install it: as root, apt-get install chromium"; exit 1; fi; \
	export DEBIAN_FRONTEND=noninteractive; $$as_root apt-get update -qq; \
	$$as_root apt-get install -qq -y chromium-headless-shell || $$as_root apt-get install -qq -y chromium

# --- Figures ---

bench: install browser  ## The figures of speed, ours beside hand-made SQL
	$(BIN)/python -m benchmarks
	$(BIN)/pytest -q -s -m figure tests/journeys

battery: install  ## The long tests of races, faults and break-ins
	$(BIN)/python -m benchmarks.battery

clean:  ## Away with what was built; the environment and the instance folder stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/output
	find lending migrations tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
