#!/usr/bin/env bash
# Makes sure of C and C++ compilers, of CMake and of the Rust that Cargo.toml asks for (rust-version), then runs the command given:
#   deploy/setup/toolchain.sh cargo build
# A Rust that is too old or missing is fetched where rustup is there. Otherwise one sentence says what to install.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

# rustup puts its folder into login shells only; a fresh installation is found all the same.
if ! command -v cargo >/dev/null && [[ -d "${CARGO_HOME:-$HOME/.cargo}/bin" ]]; then
    export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
fi

wanted="$(sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$root/Cargo.toml" | head -n 1)"
[[ -n "$wanted" ]] || fail "$root/Cargo.toml states no rust-version"

# Whether version $1 is at least version $2.
at_least() {
    [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" == "$2" ]]
}

# What is found first on the path may be the distribution's Rust and too old; rustup then runs its own.
through=()
found="$(rustc --version 2>/dev/null | sed -n 's/^rustc \([0-9.]*\).*/\1/p')" || found=""
if [[ -z "$found" ]] || ! at_least "$found" "$wanted"; then
    command -v rustup >/dev/null ||
        fail "install Rust $wanted or newer with rustup; found ${found:-none}."
    through=(rustup run "$wanted")
    if ! "${through[@]}" rustc --version >/dev/null 2>&1; then
        echo "driftline: fetching Rust $wanted with rustup (found ${found:-none})" >&2
        rustup toolchain install "$wanted" --profile minimal --component rustfmt --component clippy >&2 ||
            fail "rustup could not fetch Rust $wanted; run 'rustup toolchain install $wanted' where the network allows it."
    fi
fi

command -v cc >/dev/null || fail "install a C compiler, on Debian with 'apt-get install gcc libc6-dev'."

# The NetCDF library and HDF5 beneath it are built from source (docs/decisions/014-exports.md).
missing=()
command -v c++ >/dev/null || missing+=(g++)
command -v cmake >/dev/null || missing+=(cmake)
command -v make >/dev/null || missing+=(make)
if ((${#missing[@]})); then
    # shellcheck source=deploy/setup/packages.sh
    source "$root/deploy/setup/packages.sh"
    install_packages "building the NetCDF library" "${missing[@]}"
fi

# A minimal toolchain comes without the formatter and the linter.
if [[ "${1:-}" == "cargo" && ("${2:-}" == "fmt" || "${2:-}" == "clippy") ]]; then
    if ! "${through[@]}" cargo "$2" --version >/dev/null 2>&1; then
        component="${2/#fmt/rustfmt}"
        command -v rustup >/dev/null || fail "install $component for Rust $wanted or newer."
        rustup component add "$component" ${through:+--toolchain "$wanted"} >&2 ||
            fail "rustup could not add $component; run 'rustup component add $component' where the network allows it."
    fi
fi

cd "$root"
exec "${through[@]}" "$@"
