#!/usr/bin/env bash
# A PostgreSQL server for tests: a cluster of its own in a temporary folder, on loopback with a free port, durable as by
# default (fsync on). Prints one line, "ready postgres://…", and runs until its standard input closes. Started by root it runs
# as an unprivileged user, since PostgreSQL refuses to run as root.
set -euo pipefail
# shellcheck source=tests/services/guard.sh
source "$(dirname "${BASH_SOURCE[0]}")/guard.sh"

# The newest that is installed; Debian keeps them out of the path.
programs="$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)" || programs=""
if [[ -z "$programs" ]]; then
    programs="$(command -v initdb)" || fail "PostgreSQL is not there: run deploy/setup/services.sh, as \`make test\` does"
    programs="$(dirname "$programs")"
fi

open_folder postgres
data="$folder/data"
as=()
if [[ "$(id -u)" == 0 ]]; then
    owner=nobody
    if id postgres >/dev/null 2>&1; then owner=postgres; fi
    as=(--reuid="$owner" --regid="$(id -g "$owner")" --clear-groups)
fi
mkdir "$data"
if ((${#as[@]})); then
    chmod 711 "$folder"
    chown "$owner:" "$data"
fi

password="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
# MD5 and not SCRAM: thousands of rounds at each connection would be most of what unoptimised tests do.
(umask 077 && echo "$password" >"$folder/password")
if ((${#as[@]})); then chown "$owner:" "$folder/password"; fi
if ! (cd / && setpriv "${as[@]}" env LC_ALL=C "$programs/initdb" --pgdata="$data" --username=driftline --auth=md5 \
    --pwfile="$folder/password" --encoding=UTF8 --no-locale --no-sync >"$folder/log" 2>&1); then
    last_words
    rm -rf "$folder"
    fail "initdb failed; its words stand above"
fi

cd /
# SIGQUIT is PostgreSQL's immediate shutdown: nothing of the cluster is kept.
launch() {
    guard QUIT "${as[@]}" env LC_ALL=C "$programs/postgres" -D "$data" -p "$1" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c max_connections=400 -c shared_buffers=64MB -c timezone=UTC -c max_wal_size=256MB
}
answers() { "$programs/pg_isready" --quiet --host 127.0.0.1 --port "$1"; }
address() { echo "postgres://driftline:$password@127.0.0.1:$1/postgres"; }
serve
