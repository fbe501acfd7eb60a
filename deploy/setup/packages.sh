# Sourced: installs Debian packages where that needs no question.
# shellcheck shell=bash

# install_packages WHY PACKAGE... : by apt as root or with a sudo that asks no password; otherwise one sentence, exit 1.
install_packages() {
    local why="$1" as=()
    shift
    if [[ "$(id -u)" != 0 ]]; then
        as=(sudo -n)
    fi
    if ! command -v apt-get >/dev/null || ! "${as[@]}" true 2>/dev/null; then
        echo "driftline: $why needs these packages, on Debian installed with 'apt-get install $*'." >&2
        exit 1
    fi
    echo "driftline: installing $* ($why)" >&2
    local install=("${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@")
    # The package lists of a fresh machine are empty, and old ones name files that are gone: fetched only then.
    if ! "${install[@]}" >/dev/null 2>&1; then
        if ! { "${as[@]}" apt-get update -q && "${install[@]}"; } >&2; then
            echo "driftline: apt-get could not install $* ($why); see its words above." >&2
            exit 1
        fi
    fi
}
