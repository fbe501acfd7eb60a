#!/usr/bin/env bash
# HAProxy for tests, before the nodes that the arguments name: haproxy.sh HOST:PORT…, on loopback with a free port. It asks each
# node's /ready five times a second, sends requests to those that are ready, and never sends a request twice, so that what a node
# does not answer the client sees. Prints one line, "ready http://…", and runs until its standard input closes.
set -euo pipefail
# shellcheck source=tests/services/guard.sh
source "$(dirname "${BASH_SOURCE[0]}")/guard.sh"

program="$(tool bin/haproxy)"
open_folder haproxy
nodes=("$@")
launch() {
    {
        cat <<TEXT
global
    maxconn 2000
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout check 2s
    # No second attempt: a refused request is a failure of the test.
    retries 0
frontend public
    bind 127.0.0.1:$1
    default_backend nodes
backend nodes
    balance roundrobin
    option httpchk GET /ready
    http-check expect status 200
    default-server inter 200ms fall 1 rise 1 check
TEXT
        local number=0
        for node in "${nodes[@]}"; do
            number=$((number + 1))
            echo "    server node$number $node"
        done
    } >"$folder/haproxy.cfg"
    guard TERM "$program" -db -f "$folder/haproxy.cfg"
}
answers() { listens "$1"; }
address() { echo "http://127.0.0.1:$1"; }
serve
