# Market Pulse. `make demo` and `make test` install what they need (Rust and Node are assumed) and can be repeated.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

TOOLS := $(CURDIR)/end2end/node_modules
# Servers for the tests: those of the system first.
SERVERS := $(CURDIR)/end2end/tools/usr
export PATH := $(TOOLS)/.bin:$(HOME)/.cargo/bin:$(PATH):/usr/sbin:$(SERVERS)/bin:$(SERVERS)/sbin
export NODE_PATH := $(TOOLS)
BIN := target/release/market-pulse

.PHONY: help demo run dev test lint unit site budget e2e bench setup setup-build setup-servers setup-browser clean

help: ## This list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: site ## Build the release and serve http://127.0.0.1:3000 with the built-in exchanges: no network, simulated data
	$(BIN) serve --demo

run: site ## The same with the real exchanges
	$(BIN) serve

dev: setup-build ## Rebuild and reload on every change, with the built-in exchanges
	cargo leptos watch -- serve --demo

test: lint unit site budget e2e ## Everything: formatting, lints, tests, the browser's build and its budget, a real browser

lint: setup-build ## Formatting, clippy for the server and for the browser, types of the browser tests
	cargo fmt --check
	cargo clippy --locked --features ssr --all-targets -- -D warnings
	cargo clippy --locked --features hydrate --lib --target wasm32-unknown-unknown -- -D warnings
	cd end2end && npx tsc --noEmit

unit: setup-build setup-servers ## Unit, integration and property tests
	cargo test --locked --features ssr

site: setup-build ## The release: one binary, and the pages' files beside it in target/site
	cargo leptos build --release --precompress

budget: site ## What a browser loads, against its budget
	node end2end/scripts/size-budget.mjs

e2e: site setup-servers setup-browser ## A real browser against the real binary
	cd end2end && npx playwright test

bench: site setup-servers ## Criterion for functions, a load client for the server
	cargo bench --locked --features ssr

setup: setup-build setup-servers setup-browser ## Install the tools without building anything

setup-build:
	@end2end/scripts/setup.sh build

setup-servers:
	@end2end/scripts/setup.sh servers

setup-browser:
	@end2end/scripts/setup.sh browser

clean: ## Remove what was built
	cargo clean
	rm -rf end2end/node_modules end2end/tools end2end/python end2end/test-results end2end/playwright-report public/vendor
