#!/usr/bin/env bash
# A NATS server for tests, on loopback with a free port, JetStream in a folder of its own. Prints one line, "ready nats://…",
# and runs until its standard input closes.
set -euo pipefail
# shellcheck source=tests/services/guard.sh
source "$(dirname "${BASH_SOURCE[0]}")/guard.sh"

program="$(tool bin/nats-server)"
open_folder nats
launch() { guard TERM "$program" --addr 127.0.0.1 --port "$1" --jetstream --store_dir "$folder/streams"; }
answers() { listens "$1"; }
address() { echo "nats://127.0.0.1:$1"; }
serve
