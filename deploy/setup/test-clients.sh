#!/usr/bin/env bash
# The programs that tests read Driftline with: GDAL's command line tools, and Python with the packages of
# tests/clients/requirements.txt in .test-env/. Quick when everything is there; the folder is made again only when the
# list (or Python) changed. Packages come by apt where it may, else one sentence says what to install.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=deploy/setup/packages.sh
source "$root/deploy/setup/packages.sh"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

# --- what the system must have
missing=()
command -v ogrinfo >/dev/null && command -v ogr2ogr >/dev/null || missing+=(gdal-bin)
command -v python3 >/dev/null || missing+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
    install_packages "make test" "${missing[@]}"
fi
ogrinfo --formats | grep OAPIF >/dev/null || fail "this GDAL cannot read OGC API Features (driver OAPIF); install Debian's gdal-bin."
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "the client tests need Python 3.11 or newer; found $(python3 --version)."

# --- the Python packages
environment="$root/.test-env"
requirements="$root/tests/clients/requirements.txt"
wanted="$({ python3 --version && cat "$requirements"; } | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ]]; then
    echo "driftline: installing the Python packages that tests need into .test-env" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2 ||
        fail "pip could not install tests/clients/requirements.txt; see its words above."
    # Written last: a folder that was only half made is made again.
    echo "$wanted" >"$environment/made-from"
fi
