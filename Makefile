# `make check` runs the contract on the mock; `make test` runs everything that CI runs, `make sdk` apart; `make setup` only sets up.
PYTHON ?= python3
UV ?= uv
PY := .venv/bin/python
STAMP := .venv/.installed
# What the environment says about a service is not for these runs; modules stay compiled, for the many processes.
CLEAN := env $(patsubst %,-u %,$(filter CONTRACT_CREDENTIAL%,$(.VARIABLES))) -u NOTTE_API_KEY -u NOTTE_SESSION_IDS -u PYTEST_BASE_URL -u PYTEST_ADDOPTS -u PYTHONDONTWRITEBYTECODE
# What says much about the whole and little about single lines is run without coverage: without all of it some two
# hundred lines and branches fewer are covered. Of the tests of whole runs, some are enough for what coverage has to say.
# What looks at pages has a process of its own, and one browser.
# Two processes test at a time, and a third while a browser is waited for: of four on two cores each takes a tenth longer.
UNDER := contract_fixture drift exit_codes gate givens history_run inputs shards unanswerable values variables
ELSEWHERE := tests/attack tests/service_tests tests/power tests/verdicts/test_law.py tests/testing/test_public_face.py \
	$(patsubst %,tests/test_%.py,ci docs examples guard packages setup shape workflows) \
	$(patsubst %,tests/changes/test_%.py,composition history hostile laws meanings revisions texts truth) \
	$(patsubst %,tests/document/test_%.py,readers written) \
	tests/lives/test_depot_lives.py tests/mock/test_laws.py \
	$(patsubst %,tests/payloads/test_%.py,languages random_schemas) tests/probes/test_schemathesis_cases.py \
	$(patsubst %,tests/report/%.py,test_curl test_hostile forms/test_terminal) \
	$(patsubst %,tests/rules/test_%.py,meshes odd_paths overlaps) tests/schemas/test_claims.py
RUNS := $(filter-out $(UNDER:%=tests/run/test_%.py),$(wildcard tests/run/test_*.py))
PAGES := tests/browser
# Has the official SDK beside all else, and 35 packages that it brings.
SDK := build/sdk
NEEDED := notte-contracts needs Python 3.11 or newer
CURE := Install one, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)

.PHONY: check test sdk setup lock clean

check: $(STAMP)
	@$(CLEAN) $(PY) -m pytest tests/contract -q

test: $(STAMP)
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@.venv/bin/lint-imports --no-logo
	@trap 'kill 0' INT; \
	(code=0; $(PY) -m mypy || code=1; $(CLEAN) $(PY) -m pytest -q -rs $(PAGES) || code=1; exit $$code) & looks=$$!; \
	$(CLEAN) $(PY) -m pytest -q -rs $(ELSEWHERE) & elsewhere=$$!; \
	code=0; $(CLEAN) $(PY) .ci/covered.py -q -rs $(patsubst %,--ignore=%,$(PAGES) $(ELSEWHERE) $(RUNS)) || code=1; \
	$(CLEAN) $(PY) -m pytest -n 2 --dist worksteal -q -rs $(RUNS) || code=1; \
	for one in $$looks $$elsewhere; do wait $$one || code=1; done; exit $$code
	@.ci/chromium --look
	@echo "branch coverage: $$(cat .coverage)%"

sdk: $(SDK)/.installed
	@$(CLEAN) $(SDK)/bin/python -m pytest -q tests/consumers/sdk

$(SDK)/.installed: $(STAMP) tests/consumers/sdk/requirements.lock
	@$(PYTHON) -m venv $(SDK)
	@for lock in requirements.lock tests/consumers/sdk/requirements.lock; do \
	$(SDK)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $$lock || exit 1; done
	@$(SDK)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(NEEDED), and there is no $(PYTHON). $(CURE)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "$(NEEDED); $(PYTHON) is %d.%d. $(CURE)" % v[:2])'
	@echo "Setting up .venv: installing takes about a minute, this once."
	@$(PYTHON) -m venv .venv
	@$(PY) .ci/lock_fits.py
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

lock:
	@$(UV) --version >/dev/null 2>&1 || { echo "make lock needs uv, and there is no $(UV). Install it ($(PYTHON) -m pip install uv), or name it: make UV=… lock" >&2; exit 1; }
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-strip-extras --extra serve --group dev pyproject.toml --output-file requirements.lock
	cd tests/consumers/sdk && $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --constraint ../../../requirements.lock requirements.in --output-file requirements.lock

clean:
	rm -rf .venv build
