#!/usr/bin/env bash
# Installs OpenDrift and Parcels (benches/peers/requirements.txt) from PyPI into .peers-env/, a virtual environment of its own
# that nothing of Driftline uses: 1.3 GB. Quick when it is there; made again only when the list (or Python) changed.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=deploy/setup/packages.sh
source "$root/deploy/setup/packages.sh"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

missing=()
command -v python3 >/dev/null || missing+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
# Parcels calls gcc by this name.
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
if ((${#missing[@]})); then
    install_packages "make bench-peers" "${missing[@]}"
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "the packages of the peers need Python 3.11 or newer (tried: 3.11); found $(python3 --version)."

environment="$root/.peers-env"
requirements="$root/benches/peers/requirements.txt"
wanted="$({ python3 --version && cat "$requirements"; } | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ]]; then
    echo "driftline: installing OpenDrift and Parcels into .peers-env" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2 ||
        fail "pip could not install benches/peers/requirements.txt; see its words above."
    # Written last: a folder that was only half made is made again.
    echo "$wanted" >"$environment/made-from"
fi
