#!/usr/bin/env bash
# Builds the page: web/dist, which the binary carries. Quick when nothing that it is made of has changed since; packages
# are installed again only when their list changed. Node.js comes by deploy/setup/node.sh.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root/web"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

# One at a time, be it two targets of make or a test beside one.
exec 9<"$root/web"
flock 9
node() { 9>&- "$root/deploy/setup/node.sh" "$@"; }

# --- packages
packages="$(cat package.json package-lock.json "$root/deploy/setup/node.txt" | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat node_modules/.installed-from 2>/dev/null)" != "$packages" ]]; then
    echo "driftline: installing what the page is built with into web/node_modules" >&2
    # No package's own scripts are run, and npm empties the folder first.
    node npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
        fail "npm could not install the packages of web/package-lock.json; see its words above."
    echo "$packages" >node_modules/.installed-from
fi

# --- the page: made of everything in web/ that is not made itself
sources="$(find . \( -name node_modules -o -path ./dist \) -prune -o -type f -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1)"
if [[ ! -f dist/index.html || "$(cat node_modules/.built-from 2>/dev/null)" != "$packages $sources" ]]; then
    echo "driftline: building the page into web/dist" >&2
    said="$(node npm run --silent build 2>&1)" || fail "the page could not be built: $said"
    # Written last: a page that was only half built is built again.
    echo "$packages $sources" >node_modules/.built-from
fi
