#!/usr/bin/env bash
# Keycloak for tests, on loopback with a free port, its database in memory; user and password of its administrator are "admin".
# Prints one line, "ready http://…", after a quarter of a minute, and runs until its standard input closes.
set -euo pipefail
# shellcheck source=tests/services/guard.sh
source "$(dirname "${BASH_SOURCE[0]}")/guard.sh"

installed="$(tool keycloak)"
open_folder keycloak
# A home of its own, since it writes there; what is large is only pointed to.
cp -r "$installed/bin" "$folder/bin"
for part in lib providers conf themes; do
    ln -s "$installed/$part" "$folder/$part"
done
launch() {
    guard TERM env KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=admin "JAVA_OPTS_KC_HEAP=-Xms64m -Xmx384m" \
        "$folder/bin/kc.sh" start --optimized --http-enabled=true --hostname-strict=false \
        --http-host=127.0.0.1 --http-port="$1"
}
answers() { curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$1/realms/master/.well-known/openid-configuration"; }
address() { echo "http://127.0.0.1:$1"; }
serve
