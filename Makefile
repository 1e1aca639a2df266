# Everything a user or a developer starts. Each target installs what it needs first; see .ci/install.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PORT ?= 8000
VENV := .venv/bin
TEMPLATES = $$(git ls-files --cached --others --exclude-standard 'templates/*.html')

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: install
install: ## Make .venv with everything for running, testing and developing
	@.ci/install dev

.PHONY: demo
demo: ## Run the whole console against the sandbox (PORT=8000)
	@.ci/install demo
	@$(VENV)/python -m sandbox.demo --port $(PORT)

.PHONY: demo-reset
demo-reset: ## Forget everything the demo has kept
	@.ci/install demo
	@$(VENV)/python -m sandbox.demo --reset

.PHONY: drill
drill: ## Break a deploy and roll it back without a browser, timed
	@.ci/install demo
	@$(VENV)/python -m sandbox.drill

.PHONY: test
test: install ## Run every test: unit, browser and a short fault run
	@$(VENV)/python -m tests.suites unit browser faults

.PHONY: test-unit
test-unit: install ## Run the tests that need no browser and break nothing
	@$(VENV)/python -m tests.suites unit

.PHONY: test-real
test-real: install ## Run the tests against a real HAProxy, mail server and identity provider
	@.ci/install-haproxy
	@$(VENV)/python -m tests.suites real

.PHONY: prove
prove: export PROVE := 1
prove: install ## Run the state machines long, and count the planted defects they find (hours)
	@$(VENV)/python -m tests.suites prove

.PHONY: check
check: export CONSOLE_ENV := test
check: install ## Run every tool: style, types, import contracts, templates, dependencies, spelling, migrations
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/lint-imports
	$(VENV)/mypy
	$(VENV)/djade --check --target-version 5.2 $(TEMPLATES)
	$(VENV)/deptry .
	$(VENV)/typos
	$(VENV)/python manage.py check
	$(VENV)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

.PHONY: bench
bench: install ## Measure; exits 1 on a missed goal
	@$(VENV)/python -m tests.suites benchmarks

.PHONY: rules
rules: install ## Write docs/rules.md anew: which test proves which rule
	@$(VENV)/python -m tests.rules

.PHONY: hooks
hooks: install ## Run the quick checks before every commit
	@$(VENV)/prek install

.PHONY: locks
locks: export UV_CUSTOM_COMPILE_COMMAND := make locks
locks: install ## Compile the requirement locks anew
	@for name in run demo dev; do \
	    .boot/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
	        "requirements/$$name.in" --output-file "requirements/$$name.txt"; \
	done

.PHONY: clean
clean: ## Remove what was installed and what tools left; the demo's data stay
	rm -rf .boot .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.local/*' -prune -exec rm -rf {} +
