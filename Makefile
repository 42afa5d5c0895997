# `make demo` shows Groupdesk at work, `make test` proves it. Both make their own environment in .venv first.

BIN := .venv/bin
READY := .venv/.ready
YAML := rules demo .yamllint.yaml

.DEFAULT_GOAL := help
.PHONY: help demo up test proof proof-short soak lint format audit sbom lock env-example chromium clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(READY) ## Start everything and play a support chat in four languages through it
	@$(BIN)/groupdesk demo

up: $(READY) ## Start everything, without the chat
	@$(BIN)/groupdesk up

test: $(READY) chromium lint ## Run every check and every test
	@mkdir -p test-output
	$(BIN)/python -m pytest -ra -n 2 --dist loadfile --durations=10 --junitxml=test-output/junit.xml

# What a run does can be said on the command line: make proof PROOF="--seed 7 --messages 5000 --kills 10".
# `python -m tests.proof --help` lists all of it.
PROOF ?= --messages 100000 --rate 200 --kills 50 --crash-points 46 --broker-restarts 5 --pauses 5 --cuts 4 --slow 2 --mutes 4 \
	--clock-steps 3 --outages 2 --rebalances --disk-full --stand-in-faults 0.1 --google --gap-s 2 --quiet-s 1500
PROOF_SHORT ?= --messages 300 --rate 40 --kills 3 --crash-points 1 --broker-restarts 1 --mutes 1 --rebalances --gap-s 1 --stand-in-faults 0.1

proof: $(READY) ## Break everything on purpose for half an hour and more, and compare what is left with an oracle
	$(BIN)/python -m tests.proof --json test-output/proof.json $(PROOF)

proof-short: $(READY) ## The same in a minute
	$(BIN)/python -m tests.proof --json test-output/proof-short.json $(PROOF_SHORT)

soak: $(READY) ## Let everything work for half an hour, and watch memory, descriptors and logs
	$(BIN)/python -m tests.proof.soak --json test-output/soak.json $(SOAK)

lint: $(READY) ## Run the checks that need no broker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict $(YAML)

format: $(READY) ## Put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

audit: $(READY) ## Ask whether a locked package has a known flaw
	@.ci/audit

sbom: $(READY) ## Write the bill of materials of the lock, as CycloneDX
	@.ci/sbom

lock: $(READY) ## Choose the versions of all dependencies anew
	.ci/setup lock

env-example: $(READY) ## Write .env.example from the settings
	$(BIN)/python -m stream.check.env_example > .env.example

chromium: ## Install the browser of the browser tests, where that is allowed
	@.ci/chromium

clean: ## Remove the environment and what tests left; never the data folder
	rm -rf .venv test-output .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@.ci/setup install
	@touch $@
