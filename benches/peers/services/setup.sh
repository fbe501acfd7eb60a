#!/usr/bin/env bash
# Installs what `make bench-services` measures beside Driftline: MapServer, nginx, GDAL and PostgreSQL with PostGIS from Debian, tipg and
# titiler (requirements.txt) from PyPI into .services-env/, a virtual environment of its own (0.9 GB). martin is used where it is in
# PATH. Quick when all is there. Nothing is started.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
# shellcheck source=deploy/setup/packages.sh
source "$root/deploy/setup/packages.sh"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

missing=()
[[ -x /usr/lib/cgi-bin/mapserv ]] || missing+=(cgi-mapserver)
[[ -x /usr/sbin/nginx ]] || missing+=(nginx-light)
command -v gdal_translate >/dev/null || missing+=(gdal-bin)
compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null || missing+=(postgresql-15-postgis-3)
command -v python3 >/dev/null || missing+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
    install_packages "make bench-services" "${missing[@]}"
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "the packages of the peers need Python 3.11 or newer (tried: 3.11); found $(python3 --version)."

environment="$root/.services-env"
requirements="$root/benches/peers/services/requirements.txt"
wanted="$({ python3 --version && cat "$requirements"; } | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ]]; then
    echo "driftline: installing tipg and titiler into .services-env" >&2
    # Not removed first: what was prepared of data lies in it.
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2 ||
        fail "pip could not install benches/peers/services/requirements.txt; see its words above."
    # Written last: a folder that was only half made is made again.
    echo "$wanted" >"$environment/made-from"
fi
