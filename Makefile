# One short vocabulary. Every target does its own set-up on a Debian-like machine that has git, make, a C compiler and
# rustup: Rust by rustup, the clients that tests need by apt where it may, else one sentence says what to install.
#
#   make build        the page, and the binary that holds it: target/debug/driftline
#   make web          the page alone, web/dist
#   make demo         build, ingest real forcing, compute a mission, print its areas, keep serving
#                     (DEMO_ARGS=--once exits after printing; DEMO_LISTEN=127.0.0.1:9000 chooses the address)
#   make test         formatting, clippy with warnings denied, every test
#   make conformance  every abstract test of every declared conformance class, and validators of others (docs/conformance.md)
#   make cite         the official OGC CITE suites: CITE_JARS=FOLDER of their jars, CITE_DATA=FOLDER of test layers
#   make bench        measures the drift kernel, drawing, filters, what stands in front of an answer, and reading forcing,
#                     basemap and coast, with the optimised build
#                     (BENCH_ARGS="'regular, cloud'" chooses among the kernel's cases)
#   make bench-peers  the same mission by OpenDrift, Parcels and Driftline, as ratios; fetches the two from PyPI (1.3 GB)
#                     (PEERS_ARGS="--out figures.json --update docs/performance.md")
#   make bench-store  ours against ecCodes and tensorstore on the same files and the same field in one run; fetches the two
#   make bench-services   maps, tiles and features of the service beside MapServer, tipg, martin and titiler, as processor time of an
#                     answer; installs them (SERVICES_ARGS="--only driftline,tipg --update docs/performance.md")
#   make soak         the long runs: a hundred killed ingests of feeds, a hundred kills under load of billable answers
#   make fuzz         cargo-fuzz on what reads foreign bytes, fuzz/README.md (FUZZ_SECONDS=300 each); needs the nightly toolchain
#   make fmt          formats the sources
#   make clean-demo   removes what the demo keeps in .demo/
#
# All targets share one build profile (dev): what one compiles, the next finds.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: build web demo test conformance cite bench bench-peers bench-store bench-services soak fuzz fmt clean-demo

# Checks the toolchain (and fetches it where rustup can), then runs what follows.
CARGO := deploy/setup/toolchain.sh cargo

# For tests the binary is built with them: they ask for other features of dependencies than the binary alone, and nearly everything
# would be compiled once for each (docs/decisions/002-build-profile.md).
BUILD_WITH_TESTS := $(CARGO) build --workspace --bin driftline --test product

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
	@$(BUILD_WITH_TESTS)
	@$(CARGO) test --workspace

# Ends with the line 'N passed, N failed, N skipped'.
conformance: web
	@deploy/setup/test-clients.sh
	@deploy/setup/conformance-clients.sh
	@$(BUILD_WITH_TESTS)
	@tests/conformance.sh $(CARGO)

# The suites come from a folder; CI cannot install them. Ends with the same line.
cite: export CITE_JARS := $(CITE_JARS)
cite: export CITE_DATA := $(CITE_DATA)
cite: export CITE_ARGS := $(CITE_ARGS)
cite:
	@tests/cite/run.sh --check
	@deploy/setup/web.sh
	@deploy/setup/test-clients.sh
	@$(BUILD_WITH_TESTS)
	@tests/cite/run.sh

# Prints figures and judges none: the machine is whose it is.
bench:
	@$(CARGO) bench --quiet --package driftline-leeway --bench kernel -- $(BENCH_ARGS)
	@$(CARGO) run --release --quiet --package driftline-tiles --example drawing
	@$(CARGO) run --release --quiet --package driftline-tiles --example measure_basemap
	@$(CARGO) run --release --quiet --package driftline-tiles --example measure_points
	@$(CARGO) run --release --quiet --package driftline-store --example measure_maps
	@$(CARGO) run --release --quiet --package driftline-store --example measure_layout
	@$(CARGO) run --release --quiet --package driftline-decode --example measure_grib -- $(wildcard tests/data/grib/*.grib2)
	@$(CARGO) run --release --quiet --package driftline-coast --example measure_coast
	@$(CARGO) run --release --quiet --package driftline-query --example measure_filter
	@$(CARGO) run --release --quiet --package driftline-database --example measure_queue
	@$(CARGO) run --release --quiet --package driftline-database --example measure_usage
	@$(CARGO) run --release --quiet --package driftline-auth-billing --example measure_gate
	@$(CARGO) run --release --quiet --package driftline-auth-billing --example measure_logins
	@$(CARGO) run --release --quiet --package driftline-leeway --example measure_parity

# Not part of `make test`. Needs what `make build` needs and PyPI.
bench-peers: web
	@benches/peers/setup.sh
	@$(CARGO) build --release --package driftline
	@python3 benches/peers/run.py --driftline "$${CARGO_TARGET_DIR:-target}/release/driftline" $(PEERS_ARGS)

# Not part of `make test` either. GRIB_FILES names the messages that both unpack.
GRIB_FILES ?= $(wildcard tests/data/grib/*.grib2)
bench-store:
	@benches/peers/setup.sh
	@$(CARGO) build --release --package driftline-decode --example measure_grib
	@$(CARGO) build --release --package driftline-store --example measure_layout
	@.peers-env/bin/python benches/peers/grib.py --example "$${CARGO_TARGET_DIR:-target}/release/examples/measure_grib" $(GRIB_FILES)
	@.peers-env/bin/python benches/peers/zarr_store.py

# Not part of `make test` either. Prepares its data once, in .services-env/data.
bench-services: web
	@benches/peers/services/setup.sh
	@$(CARGO) build --release --package driftline
	@python3 benches/peers/services/run.py --driftline "$${CARGO_TARGET_DIR:-target}/release/driftline" $(SERVICES_ARGS)

soak: web
	@deploy/setup/test-clients.sh
	@$(BUILD_WITH_TESTS)
	@DRIFTLINE_SOAK_KILLS=100 $(CARGO) test --workspace --test product -- feeds::kills
	@DRIFTLINE_MISSION_KILLS=40 $(CARGO) test --workspace --test product -- kills::workers --nocapture
	@DRIFTLINE_BILLING_KILLS=100 $(CARGO) test --workspace --test it -- kill_answers --nocapture

FUZZ_SECONDS ?= 300
FUZZ_LIMITS := -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=3072 -max_len=65536
fuzz:
	@command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
	@mkdir -p fuzz/corpus/grib fuzz/corpus/netcdf fuzz/corpus/manifest fuzz/corpus/cql2 fuzz/corpus/sld fuzz/corpus/kvp fuzz/corpus/paths
	@cargo +nightly fuzz run grib fuzz/corpus/grib tests/data/grib -- $(FUZZ_LIMITS)
	@cargo +nightly fuzz run netcdf fuzz/corpus/netcdf -- $(FUZZ_LIMITS)
	@cargo +nightly fuzz run --features manifest manifest fuzz/corpus/manifest -- $(FUZZ_LIMITS)
	@cargo +nightly fuzz run --features cql2 cql2 fuzz/corpus/cql2 fuzz/seeds/cql2 -- $(FUZZ_LIMITS)
	@for target in sld kvp paths; do \
	  cargo +nightly fuzz run --features services $$target fuzz/corpus/$$target fuzz/seeds/$$target -- $(FUZZ_LIMITS) || exit 1; \
	done

fmt:
	@$(CARGO) fmt --all

clean-demo:
	@rm -rf .demo
