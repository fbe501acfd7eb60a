#!/usr/bin/env bash
# `make conformance` after its builds and set-up: runs the cases and validators of tests/src/conformance.rs against the binary,
# and ends with what they counted.
#
#   tests/conformance.sh cargo        the command that runs cargo, with its arguments
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
log="${CARGO_TARGET_DIR:-target}/conformance.log"
status=0
# By the workspace, as `make test` does: what that has compiled serves here too.
"$@" test --workspace --test product -- --ignored --nocapture --test-threads 1 conformance:: 2>&1 | tee "$log" || status=$?
# Alone on the last line, for whoever reads only that.
counted="$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)" || counted=""
if [[ -z "$counted" ]]; then
    echo "driftline: the cases did not run to their end; see above." >&2
    exit 1
fi
grep -E '^FAILED ' "$log" || true
echo "$counted"
exit "$status"
