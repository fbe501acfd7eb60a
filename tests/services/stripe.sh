#!/usr/bin/env bash
# stripe-mock for tests, on loopback with a free port: it answers by Stripe's own description of its API, refuses what does not
# fit it, and remembers nothing. Prints one line, "ready http://…", and runs until its standard input closes.
set -euo pipefail
# shellcheck source=tests/services/guard.sh
source "$(dirname "${BASH_SOURCE[0]}")/guard.sh"

program="$(tool bin/stripe-mock)"
open_folder stripe
launch() { guard TERM "$program" -http-addr "127.0.0.1:$1"; }
answers() { listens "$1"; }
address() { echo "http://127.0.0.1:$1"; }
serve
