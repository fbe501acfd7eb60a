# One short vocabulary. Every target does its own set-up on a Debian-like machine that has git, make, a C compiler and
# rustup: Rust by rustup, the clients that tests need by apt where it may, else one sentence says what to install.
#
#   make build        the page, and the binary that holds it: target/debug/driftline
#   make web          the page alone, web/dist
#   make demo         build, ingest real forcing, compute a mission, print its areas, keep serving
#                     (DEMO_ARGS=--once exits after printing; DEMO_LISTEN=127.0.0.1:9000 chooses the address)
#   make test         formatting, clippy with warnings denied, every test
#   make bench        measures the drift kernel, drawing, and reading forcing, basemap and coast, with the optimised build
#                     (BENCH_ARGS="'regular, cloud'" chooses among the kernel's cases)
#   make bench-peers  the same mission by OpenDrift, Parcels and Driftline, as ratios; fetches the two from PyPI (1.3 GB)
#                     (PEERS_ARGS="--out figures.json --update docs/performance.md")
#   make fmt          formats the sources
#   make clean-demo   removes what the demo keeps in .demo/
#
# All targets share one build profile (dev): what one compiles, the next finds.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: build web demo test bench bench-peers fmt clean-demo

# Checks the toolchain (and fetches it where rustup can), then runs what follows.
CARGO := deploy/setup/toolchain.sh cargo

# A build machine compiles once: what incremental compilation keeps would only fill its disk.
ifeq ($(CI),true)
export CARGO_INCREMENTAL := 0
endif

build: web
	@$(CARGO) build --package driftline

# Quick when nothing of the page changed.
web:
	@deploy/setup/web.sh

demo:
	@deploy/demo.sh $(DEMO_ARGS)

# Ends with the last lines of `cargo test`.
test: web
	@$(CARGO) fmt --all --check
	@deploy/setup/test-clients.sh
	@deploy/setup/node.sh npm --prefix web run check
	@deploy/setup/node.sh npm --prefix web test
	@deploy/setup/node.sh npm --prefix web run size
	@$(CARGO) clippy --workspace --all-targets -- -D warnings
	@$(CARGO) build --package driftline
	@$(CARGO) test --workspace

# Prints figures and judges none: the machine is whose it is.
bench:
	@$(CARGO) bench --quiet --package driftline-leeway --bench kernel -- $(BENCH_ARGS)
	@$(CARGO) run --release --quiet --package driftline-tiles --example drawing
	@$(CARGO) run --release --quiet --package driftline-tiles --example measure_basemap
	@$(CARGO) run --release --quiet --package driftline-store --example measure_maps
	@$(CARGO) run --release --quiet --package driftline-coast --example measure_coast
	@$(CARGO) run --release --quiet --package driftline-leeway --example measure_parity

# Not part of `make test`. Needs what `make build` needs and PyPI.
bench-peers: web
	@benches/peers/setup.sh
	@$(CARGO) build --release --package driftline
	@python3 benches/peers/run.py --driftline "$${CARGO_TARGET_DIR:-target}/release/driftline" $(PEERS_ARGS)

fmt:
	@$(CARGO) fmt --all

clean-demo:
	@rm -rf .demo
