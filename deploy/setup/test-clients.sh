#!/usr/bin/env bash
# The programs that tests read Driftline with: GDAL, QGIS, Chromium and poppler by apt; Python with the packages of
# tests/clients/requirements.txt in .test-env/, and of tests/clients/opendrift.txt in .opendrift-env/; the map libraries
# of tests/clients/web with their own Node.js; the S3 services of deploy/setup/s3-servers.sh; the other servers of
# deploy/setup/services.sh. Quick when everything is there; a folder is made again only when its list (or Python) changed.
# Packages come by apt where it may, else one sentence says what to install.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=deploy/setup/packages.sh
source "$root/deploy/setup/packages.sh"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

# Whether the system's own Python, which QGIS and GDAL bring their modules for, has these modules.
system_python_has() {
    /usr/bin/python3 -c 'import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))' "$@" 2>/dev/null
}

# --- what the system must have
missing=()
command -v ogrinfo >/dev/null && command -v ogr2ogr >/dev/null && command -v gdal_translate >/dev/null || missing+=(gdal-bin)
command -v python3 >/dev/null || missing+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
system_python_has osgeo osgeo_utils || missing+=(python3-gdal)
system_python_has qgis || missing+=(python3-qgis)
compgen -G '/usr/lib/qgis/plugins/libprovider_wms.so' >/dev/null ||
    compgen -G '/usr/lib/*/qgis/plugins/libprovider_wms.so' >/dev/null || missing+=(qgis-providers)
command -v chromium >/dev/null || missing+=(chromium)
command -v pdftotext >/dev/null && command -v pdftoppm >/dev/null || missing+=(poppler-utils)
# Pictures hold text: the same letters on every machine.
[[ -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ]] || missing+=(fonts-dejavu-core)
if ((${#missing[@]})); then
    install_packages "make test" "${missing[@]}"
fi
ogrinfo --formats | grep OAPIF >/dev/null || fail "this GDAL cannot read OGC API Features (driver OAPIF); install Debian's gdal-bin."
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "the client tests need Python 3.11 or newer; found $(python3 --version)."

# --- the Python packages
environment="$root/.test-env"
requirements="$root/tests/clients/requirements.txt"
schemas="$root/tests/clients/schemas.txt"
wanted="$({ python3 --version && cat "$requirements" "$schemas"; } | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ]]; then
    echo "driftline: installing the Python packages that tests need into .test-env" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2 ||
        fail "pip could not install tests/clients/requirements.txt; see its words above."
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$schemas" >&2 ||
        fail "pip could not install tests/clients/schemas.txt; see its words above."
    # Written last: a folder that was only half made is made again.
    echo "$wanted" >"$environment/made-from"
fi

# --- OpenDrift, with everything that it needs: 1.2 GB and one to two minutes
environment="$root/.opendrift-env"
requirements="$root/tests/clients/opendrift.txt"
wanted="$({ python3 --version && cat "$requirements"; } | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ]]; then
    echo "driftline: installing OpenDrift, which tests read results with, into .opendrift-env" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" >&2 ||
        fail "pip could not install tests/clients/opendrift.txt; see its words above."
    echo "$wanted" >"$environment/made-from"
fi

# --- the map libraries, and what drives the browser
pages="$root/tests/clients/web"
wanted="$(cat "$pages/package.json" "$pages/package-lock.json" "$root/deploy/setup/node.txt" | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$pages/node_modules/.made-from" 2>/dev/null)" != "$wanted" ]]; then
    echo "driftline: installing the map libraries that tests need into tests/clients/web/node_modules" >&2
    # No package's own scripts are run: nothing fetches a browser.
    "$root/deploy/setup/node.sh" npm --prefix "$pages" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
        fail "npm could not install the packages of tests/clients/web/package-lock.json; see its words above."
    echo "$wanted" >"$pages/node_modules/.made-from"
fi
"$root/deploy/setup/node.sh" true

# --- the S3 services
"$root/deploy/setup/s3-servers.sh"

# --- PostgreSQL, NATS, Keycloak, and what stands for mail and Stripe
"$root/deploy/setup/services.sh"
