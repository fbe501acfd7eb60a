#!/usr/bin/env bash
# The validators that `make conformance` asks: the Python packages of tests/clients/conformance.txt in .conformance-env/. Quick
# when everything is there; the folder is made again only when its list (or Python) changed.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
environment="$root/.conformance-env"
requirements="$root/tests/clients/conformance.txt"

wanted="$({ python3 --version && cat "$requirements"; } | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ]]; then
    echo "driftline: installing the validators of make conformance into .conformance-env" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    if ! "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" >&2; then
        echo "driftline: pip could not install tests/clients/conformance.txt; see its words above." >&2
        exit 1
    fi
    # Written last: a folder that was only half made is made again.
    echo "$wanted" >"$environment/made-from"
fi
