# `make run` and `make test` are all that a fresh machine needs; the rest is for who changes things.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check lint docs deny torture planted bench mutants mutants-diff mutants-tool test-tools

# More arguments: make run ARGS="full_day --threads 2", make test ARGS=vpin, make bench ARGS=--quick.
ARGS ?=
# Which part of the mutants, counted from 0: make mutants SHARD=3/80. Against what: make mutants-diff BASE=main.
SHARD ?= 0/1
BASE ?= main

# Recorded data beside the clone are used unless another place is named.
ifeq ($(strip $(ALPHATRADER_DATA)),)
ifneq ($(wildcard ../shared/data/.),)
export ALPHATRADER_DATA := $(abspath ../shared/data)
else
unexport ALPHATRADER_DATA
endif
endif

DENY_VERSION := 0.20.2

# What a submission should live through.
SEEDS ?= 5000
SESSIONS ?= 64
MUTANTS_VERSION := 27.1.0

help: ## Show these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

run: ## Build, and run the built-in synthetic day
	cargo run --release -p daemon -- simulate $(ARGS)

test: test-tools ## Install what tests need, and run all of them
	cargo test --locked --workspace $(ARGS)

check: lint docs test ## What must be green before every commit: lint, docs, test

lint: ## Formatting, and clippy with warnings denied
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

docs: ## API documentation with warnings denied
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

deny: ## Licences, banned packages and sources of everything in the tree, offline
	cargo fetch --locked
	@cargo deny --version >/dev/null 2>&1 \
		|| CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --locked --debug --version $(DENY_VERSION)
	cargo deny --offline check bans licenses sources

torture: ## Trade while everything goes wrong: SEEDS short seeds and SESSIONS whole sessions
	cargo run --release --locked -p daemon -- torture --seeds 0..$(SEEDS) --full-sessions $(SESSIONS) $(ARGS)

planted: ## Plant a fault for each invariant; the same seeds must notice every one
	cargo run --locked -p daemon --features planted_bugs -- torture --planted $(ARGS)

bench: ## Measure against benches/budgets.yaml
	cargo run --release -p benches -- $(ARGS)

mutants: mutants-tool ## Which mistakes in risk, orders and journal no test would notice: SHARD=k/n of all
	.ci/mutants shard $(SHARD)
	.ci/mutants report

mutants-diff: mutants-tool ## The same for what was changed since BASE; fails below 85 % caught
	.ci/mutants diff $(BASE)

mutants-tool:
	@cargo mutants --version >/dev/null 2>&1 \
		|| CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-mutants --locked --debug --version $(MUTANTS_VERSION)

# The mirror is tested against a real server.
test-tools:
	@command -v redis-server >/dev/null && exit 0; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then as_root=; \
	elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"; \
	else \
		echo "Tests need redis-server. Install it, then run make test again:" >&2; \
		echo "  sudo apt-get install -y redis-server" >&2; \
		exit 1; \
	fi; \
	$$as_root apt-get update -q \
	&& $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y redis-server
