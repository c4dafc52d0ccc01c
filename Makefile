# What a change must pass, and what proves that Banyan does what it says. `make` alone lists the targets.
# Needs the Rust toolchain, a C compiler, make and git; contracts-check also node and npm, or is skipped. Tools that only the checks use are built under target/tools.

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
TOOLS := $(TARGET)/tools
DATA := $(or $(BANYAN_DATA),.banyan)

# Pinned, so that a check means the same today and next year.
CARGO_DENY := 0.20.2
CARGO_MACHETE := 0.9.2

step = @printf '\n== %s\n' '$(1)'

.DEFAULT_GOAL := help
.NOTPARALLEL:

##@ Check

# Each crate is built a few times here, with different features, and seldom a second time: what the compiler would keep
# for that is gigabytes.
test: export CARGO_INCREMENTAL := 0

.PHONY: test
test: fmt-check clippy lint-probe unit contracts-check doc unused deny ## Everything a change must pass; what CI runs
	$(call step,all passed$(comma) but for what is printed as skipped above)

.PHONY: prove
prove: ## The long runs: simulation, planted bugs, bench, faults, kills, power cuts; ends with one table
	@CARGO='$(CARGO)' TARGET='$(TARGET)' scripts/prove

.PHONY: test-localstack
test-localstack: export CARGO_INCREMENTAL := 0
test-localstack: ## What runs on AWS against a second endpoint, LocalStack's core; takes a quarter of an hour, and longer once
	$(call step,tests of what runs on AWS$(comma) against LocalStack (installed once$(comma) which takes minutes))
	PEERS=localstack scripts/peers/run '$(TARGET)' scripts/test-aws '$(CARGO)'

.PHONY: lint
lint: fmt-check clippy lint-probe ## Formatting and lints only; the tests also without features, which `make test` leaves out
	$(call step,clippy: the whole workspace and its tests$(comma) no feature)
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

.PHONY: fmt
fmt: ## Format the sources
	$(CARGO) fmt --all

.PHONY: contracts
contracts: ## Make anew what is made of the event types: schemas, AsyncAPI, TypeScript, tables
	$(CARGO) run --locked --quiet --package contracts --features schema --bin generate-schemas
	$(CARGO) run --locked --quiet -- contracts gen
	$(CARGO) run --locked --quiet -- contracts lint

##@ Use

.PHONY: run
run: ## All services in one process, on http://127.0.0.1:8080, data in .banyan
	$(CARGO) run --locked --release -- dev

.PHONY: demo
demo: ## Real orders through every service
	$(CARGO) run --locked --release -- demo

.PHONY: localstack
localstack: ## An AWS endpoint on this machine, with topics, queues and the table in it
	@localstack/up

.PHONY: clean-data
clean-data: ## Remove what `make run` keeps in .banyan (or $BANYAN_DATA)
	@if [ -e '$(DATA)/banyan.db' ]; then rm -r '$(DATA)' && echo 'removed $(DATA)'; \
	else echo 'no banyan.db in $(DATA): nothing removed'; fi

##@ Single steps of `make test`

.PHONY: fmt-check
fmt-check: ## Sources are formatted
	$(call step,formatting)
	$(CARGO) fmt --all --check

.PHONY: clippy
clippy: ## No lint fires: in the product as it ships, and in everything with every feature
	$(call step,clippy: the product alone$(comma) since features of tests must not hide what it lacks)
	$(CARGO) clippy --locked --package banyan -- -D warnings
	$(call step,clippy: the whole workspace and its tests$(comma) every feature)
	$(CARGO) clippy --locked --workspace --all-targets --all-features -- -D warnings

.PHONY: lint-probe
lint-probe: ## Each lint and each banned function is really noticed
	$(call step,lint probe: each lint and each banned function is noticed)
	@CARGO='$(CARGO)' scripts/lint-probe '$(TARGET)'

ALL_TESTS := --locked --workspace --features banyan/full

# Most tests wait most of the time: for a pause to pass, a broker to start, a process to die.
unit: export RUST_TEST_THREADS ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))

# Peers and judges are fetched while the tests are compiled; the second cargo waits for the first.
.PHONY: unit
unit: ## All tests: units, contracts, conformance, journeys, rules of the repository; beside real peers where they can be had
	$(call step,tests of the whole workspace$(comma) every backend)
	@scripts/contracts-check/run '$(TOOLS)' install >/dev/null & $(CARGO) test $(ALL_TESTS) --no-run & \
		scripts/peers/run '$(TARGET)' $(CARGO) test $(ALL_TESTS) --no-fail-fast; \
		code=$$?; wait; exit $$code

.PHONY: rules
rules: ## Only the rules of the repository: who may depend on whom, file lengths, banned words
	$(call step,rules of the repository)
	$(CARGO) test --locked --package banyan --test banyan repository::

.PHONY: contracts-check
contracts-check: ## AsyncAPI, examples, Pacts and TypeScript are accepted by their own parser, SDK, verifier and compiler
	$(call step,contracts: what others say of them)
	@scripts/contracts-check/run '$(TOOLS)'

.PHONY: doc
doc: ## The documentation builds without a warning
	$(call step,documentation)
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --all-features --no-deps

.PHONY: unused
unused: ## No dependency is unused
	$(call step,unused dependencies)
	@if CARGO='$(CARGO)' scripts/tool '$(TOOLS)' cargo-machete $(CARGO_MACHETE); then \
		'$(TOOLS)/bin/cargo-machete' .; \
	fi

.PHONY: deny
deny: ## Licences, sources, bans and advisories of dependencies
	$(call step,dependencies: licences$(comma) sources$(comma) bans$(comma) advisories)
	@if CARGO='$(CARGO)' scripts/tool '$(TOOLS)' cargo-deny $(CARGO_DENY); then \
		scripts/deny '$(TOOLS)/bin/cargo-deny'; \
	fi

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

comma := ,
