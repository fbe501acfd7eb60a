# Sourced by the scripts of this folder: a server that lives as long as whoever started it. The script is given a pipe as
# standard input; when that closes, which it does however the starter ended, the server is stopped by its process id and its
# folder removed. A script that is killed itself takes its server along (the parent-death signal).
# shellcheck shell=bash

fail() {
    echo "driftline: $1" >&2
    exit 1
}

# open_folder NAME: a folder of this process in $folder, and what earlier processes of that name left behind removed.
open_folder() {
    local parent="${TMPDIR:-/tmp}" left owner
    for left in "$parent/driftline-$1-"*; do
        owner="${left##*"driftline-$1-"}"
        owner="${owner%%.*}"
        # Another script may sweep at the same moment.
        if [[ -O "$left" && "$owner" =~ ^[0-9]+$ && ! -d "/proc/$owner" ]]; then
            rm -rf "$left" 2>/dev/null || true
        fi
    done
    folder="$(mktemp -d "$parent/driftline-$1-$$.XXXXXX")"
}

# guard SIGNAL COMMAND...: starts the server in $server; SIGNAL is what it stops upon. Its output goes to $folder/log.
guard() {
    local signal="$1"
    shift
    exec 3<&0
    setpriv --pdeathsig "$signal" "$@" </dev/null >"$folder/log" 2>&1 3<&- &
    server=$!
    trap 'kill -s '"$signal"' "$server" 2>/dev/null' TERM INT HUP
    # A builtin does the waiting: no process of its own is left behind.
    { while IFS= read -r -u 3 _; do :; done; kill -s "$signal" "$server" 2>/dev/null; } 1>/dev/null 2>&1 &
    watch=$!
}

# running: whether the server still runs.
running() { kill -0 "$server" 2>/dev/null; }

# last_words: what the server said, for the message of a failed start.
last_words() { tail -n 20 "$folder/log" >&2; }

# ready ADDRESS: tells the starter, then waits for the server's end and cleans up.
ready() {
    echo "ready $1"
    # A signal ends `wait` before the server has ended.
    while running; do wait "$server" 2>/dev/null || true; done
    kill "$watch" 2>/dev/null || true
    rm -rf "$folder"
}

# any_port: a port that is unlikely to be taken, below those that outgoing connections use.
any_port() { echo $((15000 + (RANDOM * 32768 + RANDOM) % 17000)); }

# listens PORT: whether something accepts connections there.
listens() { (exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# serve: starts the server on a free port and stays with it. The script has defined `launch PORT`, which calls `guard`,
# `answers PORT`, whether the server is ready, and `address PORT`, what its clients want to know.
serve() {
    local port limit=900
    for _ in {1..20}; do
        port="$(any_port)"
        # Somebody else's port is not tried.
        if listens "$port"; then continue; fi
        launch "$port"
        for ((tenths = 0; tenths < limit; tenths++)); do
            if answers "$port"; then
                # Were it somebody else who answers, ours would be ending now.
                sleep 0.05
                if running; then
                    ready "$(address "$port")"
                    exit 0
                fi
            fi
            running || break
            sleep 0.1
        done
        kill "$watch" 2>/dev/null || true
        if running; then
            kill -s KILL "$server"
            break
        fi
        grep -qi 'in use\|could not bind' "$folder/log" || break
    done
    last_words
    rm -rf "$folder"
    fail "$(basename "$0") does not start; its server's words stand above"
}

# tool NAME: the path of a program that deploy/setup/services.sh installed.
tool() {
    local path
    path="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.servers-env/$1"
    [[ -e "$path" ]] || fail "$path is not there: run deploy/setup/services.sh, as \`make test\` does"
    echo "$path"
}
