#!/usr/bin/env bash
# `make cite`: the official OGC CITE suites against the binary, from a folder of their jars. Nothing is fetched but the test
# clients, whose packages carry the XML schemas that the suites load.
#
#   CITE_JARS=FOLDER   the suites (required)
#   CITE_DATA=FOLDER   blue-lake/ and schemas.opengis.net/; without it ../shared/data/cite, where that is there
#   CITE_ARGS=         more arguments of run.py, such as '--only features10'
#
# With --check it only says what is missing, before anything is built for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/setup/packages.sh
source deploy/setup/packages.sh

fail() {
    echo "driftline cite: $1" >&2
    exit 2
}

jars="${CITE_JARS:-}"
if [[ -z "$jars" ]]; then
    fail "name a folder with the suites: make cite CITE_JARS=FOLDER. They are published on Maven Central in the group
org.opengis.cite, Apache-2.0, for Java 17: each with the classifier aio (a jar), and ets-wms13 and ets-wmts10 with ctl (a zip) too:
ets-ogcapi-features10 1.9, ets-ogcapi-tiles10 1.2, ets-ogcapi-edr10 1.3, ets-ogcapi-processes10 1.3, ets-wms13 1.34, ets-wmts10 1.11."
fi
[[ -d "$jars" ]] || fail "there is no folder '$jars'."
data="${CITE_DATA:-}"
[[ -n "$data" || ! -d ../shared/data/cite ]] || data=../shared/data/cite
[[ -z "$data" || -d "$data" ]] || fail "there is no folder '$data'."

missing=()
command -v java >/dev/null && command -v keytool >/dev/null || missing+=(openjdk-17-jre-headless)
command -v openssl >/dev/null || missing+=(openssl)
if ((${#missing[@]})); then
    install_packages "make cite" "${missing[@]}"
fi
[[ "${1:-}" != "--check" ]] || exit 0
target="${CARGO_TARGET_DIR:-target}"
# shellcheck disable=SC2086 # several arguments
exec .test-env/bin/python tests/cite/run.py --driftline "$target/debug/driftline" --jars "$jars" --out "$target/cite" \
    ${data:+--data "$data"} ${CITE_ARGS:-}
