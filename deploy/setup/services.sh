#!/usr/bin/env bash
# The servers that tests talk to (tests/services starts them): PostgreSQL from Debian's packages; and into .servers-env
# aiosmtpd by pip, nats-server, haproxy, nginx and promtool unpacked from Debian's packages, stripe-mock built from source by Go, and Keycloak by Maven
# (180 MB), built once for its start. Nothing runs as a service of the system afterwards. Quick when everything is there.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=deploy/setup/packages.sh
source "$root/deploy/setup/packages.sh"

fail() {
    echo "driftline: $1" >&2
    exit 1
}

# shellcheck source=deploy/setup/go.sh
source "$root/deploy/setup/go.sh"

postgres_major=15
stripe_mock="v0.203.0"
keycloak="26.7.3"

environment="$root/.servers-env"
requirements="$root/tests/clients/services.txt"

# --- PostgreSQL: its package would make a cluster and start it; tests have clusters of their own
newest_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' | sed 's#.*/postgresql/\([0-9]*\)/.*#\1#' | sort -n | tail -n 1; }
if (($(newest_postgres || echo 0) < postgres_major)); then
    clusters=/etc/postgresql-common/createcluster.conf
    [[ -f "$clusters" ]] || install_packages "make test" postgresql-common
    as=()
    if [[ "$(id -u)" != 0 ]]; then as=(sudo -n); fi
    "${as[@]}" cp "$clusters" "$clusters.driftline"
    "${as[@]}" sh -c "echo 'create_main_cluster = false' >>$clusters"
    # In a shell of its own: what was changed is put back if it fails, too.
    (install_packages "make test" postgresql) || installed=false
    "${as[@]}" mv "$clusters.driftline" "$clusters"
    [[ "${installed:-true}" == true ]] || exit 1
    (($(newest_postgres || echo 0) >= postgres_major)) ||
        fail "tests need PostgreSQL $postgres_major or newer; this distribution has $(newest_postgres || echo none)."
fi

missing=()
command -v psql >/dev/null || missing+=(postgresql-client)
command -v java >/dev/null || missing+=(default-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
command -v unzip >/dev/null || missing+=(unzip)
command -v openssl >/dev/null || missing+=(openssl)
command -v curl >/dev/null || missing+=(curl)
if ((${#missing[@]})); then
    install_packages "make test" "${missing[@]}"
fi

# --- the rest
wanted="$({ python3 --version && cat "$requirements" && echo "$stripe_mock $keycloak haproxy promtool nginx"; } | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$environment/made-from" 2>/dev/null)" == "$wanted" ]]; then
    exit 0
fi
echo "driftline: installing the servers that tests talk to into .servers-env (one to three minutes)" >&2
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" >&2 ||
    fail "pip could not install tests/clients/services.txt; see its words above."

# Unpacked, not installed: the packages start servers on the standard ports.
mkdir "$environment/unpacked"
fetch_packages() { (cd "$environment/unpacked" && apt-get download -q nats-server haproxy nginx prometheus); }
if ! fetch_packages >/dev/null 2>&1; then
    # The lists of a fresh machine are empty, old ones name files that are gone.
    as=()
    if [[ "$(id -u)" != 0 ]]; then as=(sudo -n); fi
    { "${as[@]}" apt-get update -q && fetch_packages; } >&2 ||
        fail "apt-get could not fetch nats-server, haproxy, nginx and prometheus; see its words above."
fi
for package in "$environment"/unpacked/*.deb; do dpkg -x "$package" "$environment/unpacked"; done
mv "$environment"/unpacked/usr/sbin/{nats-server,haproxy,nginx} "$environment"/unpacked/usr/bin/promtool "$environment/bin/"
rm -rf "$environment/unpacked"
"$environment/bin/haproxy" -v >/dev/null 2>&1 || install_packages "make test" libopentracing-c-wrapper0 liblua5.3-0

go_install "$environment" "github.com/stripe/stripe-mock@$stripe_mock"

mvn --batch-mode --quiet dependency:copy "-Dartifact=org.keycloak:keycloak-quarkus-dist:$keycloak:zip" \
    "-DoutputDirectory=$environment" >&2 || fail "Maven could not fetch Keycloak $keycloak; see its words above."
unzip -q "$environment/keycloak-quarkus-dist-$keycloak.zip" -d "$environment"
rm "$environment/keycloak-quarkus-dist-$keycloak.zip"
mv "$environment/keycloak-$keycloak" "$environment/keycloak"
# What a start would do each time otherwise: half a minute.
"$environment/keycloak/bin/kc.sh" build --db=dev-mem --cache=local >/dev/null ||
    fail "Keycloak $keycloak could not be built for its start; see its words above."

# Written last: a folder that was only half made is made again.
echo "$wanted" >"$environment/made-from"
