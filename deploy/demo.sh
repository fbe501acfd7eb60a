#!/usr/bin/env bash
# `make demo`: from real forcing to a search area on this machine, behind a key, in one go.
#
#   deploy/demo.sh           computes a mission, prints its areas and where to read them, keeps serving until Ctrl-C
#   deploy/demo.sh --once    the same, then stops the server and exits with 0
#
# DEMO_LISTEN=127.0.0.1:9000 chooses the address; without it the first free port from 8080 on is taken.
# Everything lies in .demo/ and is kept: a second run ingests nothing and uses the same key (.demo/key, readable by its
# owner only). `make clean-demo` removes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/setup/packages.sh
source deploy/setup/packages.sh

readonly folder=.demo data=.demo/data key_file=.demo/key log=.demo/server.log
readonly forcing=tests/data/forcing
# Feed names and the bundled files of MET Norway, 16 to 18 November 2015.
readonly feeds=(norkyst800 arome)
readonly files=("$forcing/norkyst800_subset_16Nov2015.nc" "$forcing/arome_subset_16Nov2015.nc")
readonly credit="Data from MET Norway"
readonly mission='{"name": "Demo: person overboard", "object_type": "PIW-1",
  "last_known_lat": 60.15, "last_known_lon": 4.1, "last_known_time": "2015-11-16T00:00:00Z",
  "uncertainty_radius_m": 1000, "forecast_hours": 24, "ensemble_size": 5000}'

fail() {
    echo "driftline demo: $1" >&2
    exit 1
}

once=false
for argument in "$@"; do
    [[ "$argument" == "--once" ]] || fail "unknown argument '$argument'; there is --once."
    once=true
done

# The server of this demo, and nothing else, ends with it.
server_pid=""
stop_server() {
    if [[ -n "$server_pid" ]]; then
        kill -TERM "$server_pid" 2>/dev/null || true
        wait "$server_pid" 2>/dev/null || true
        server_pid=""
    fi
}
trap stop_server EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Seconds with milliseconds since 1970; bash keeps the decimal point of the locale.
now() { echo "${EPOCHREALTIME/,/.}"; }
since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.2f", to - from }'; }

# The value of the first member of a name in JSON text. Enough for the flat answers read here, and awk is everywhere.
# shellcheck disable=SC2016 # awk's own variables
readonly value='
    function value(name,   at) {
        if (!match($0, "\"" name "\" *: *\"?[^\",}]*")) return ""
        at = substr($0, RSTART, RLENGTH); sub("^\"" name "\" *: *\"?", "", at); return at
    }'
# member NAME : that value, of JSON on stdin.
member() { tr -d '\n' | awk -v name="$1" "$value { print value(name) }"; }

command -v curl >/dev/null || install_packages "make demo" curl
for file in "${files[@]}"; do
    [[ -f "$file" ]] || fail "the bundled forcing $file is missing; check the clone out again."
done

# --- build
began="$(now)"
deploy/setup/web.sh || fail "the page could not be built; see the words above."
deploy/setup/toolchain.sh cargo build --package driftline || fail "the build failed; see the compiler's words above."
build_s="$(since "$began")"
target="$(deploy/setup/toolchain.sh cargo metadata --no-deps --format-version 1 --offline |
    sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')"
driftline="$target/debug/driftline"
[[ -x "$driftline" ]] || fail "the build left no program at $driftline."

# --- forcing
mkdir -p "$folder"
chmod 700 "$folder"
began="$(now)"
ingested=0
for i in "${!feeds[@]}"; do
    catalog=""
    if [[ -d "$data" ]]; then
        catalog="$("$driftline" catalog --data-dir "$data" --json 2>>"$log")" ||
            fail "the catalog in $data cannot be read; see $log."
    fi
    if [[ "$catalog" != *"\"${feeds[i]}\""* ]]; then
        "$driftline" ingest file "${files[i]}" --feed "${feeds[i]}" --attribution "$credit" --data-dir "$data" \
            >>"$log" 2>&1 ||
            fail "ingesting ${files[i]} failed; see $log."
        ingested=$((ingested + 1))
    fi
done
ingest_s="$(since "$began")"

# --- the server
port_is_taken() { (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }
listen="${DEMO_LISTEN:-}"
if [[ -z "$listen" ]]; then
    for port in {8080..8179}; do
        listen="127.0.0.1:$port"
        port_is_taken "$listen" || break
        listen=""
    done
    [[ -n "$listen" ]] || fail "the ports 8080 to 8179 of 127.0.0.1 are all taken; name a free address with DEMO_LISTEN."
elif port_is_taken "$listen"; then
    fail "something listens on $listen already; name a free address with DEMO_LISTEN."
fi
base="http://$listen"
"$driftline" serve --data-dir "$data" --listen "$listen" >>"$log" 2>&1 &
server_pid=$!
for ((attempt = 0; ; attempt++)); do
    kill -0 "$server_pid" 2>/dev/null || fail "the server ended at once; see $log."
    ! curl -fsS -o "$folder/answer" "$base/ready" 2>/dev/null || break
    ((attempt < 300)) || fail "the server is not ready after 30 s; see $log."
    sleep 0.1
done

# --- organisation and key
# get PATH : the body of a GET; fails on any other status than 2xx. The key goes by header, which no process list shows.
header="$folder/header"
get() { curl -fsS --header "@$header" "$base$1"; }
use_key() { (umask 077 && printf 'X-API-Key: %s\n' "$key" >"$header"); }
key="$(cat "$key_file" 2>/dev/null || true)"
use_key
if [[ -z "$key" ]] || ! get /v1/missions >/dev/null 2>&1; then
    # The organisation may be there from a run whose key was deleted.
    "$driftline" orgs create demo --data-dir "$data" --json >>"$log" 2>&1 || true
    key="$("$driftline" keys create --org demo --name "make demo" --data-dir "$data" --json 2>>"$log" | member key)"
    [[ -n "$key" ]] || fail "no key could be made; see $log."
    (umask 077 && printf '%s\n' "$key" >"$key_file")
    use_key
    echo "Made the organisation 'demo' and its key $key (kept in $key_file)."
fi

# --- a mission
began="$(now)"
created="$(curl -sS --header "@$header" --header 'Content-Type: application/json' --data "$mission" "$base/v1/missions")" ||
    fail "the mission could not be sent; see $log."
id="$(member id <<<"$created")"
[[ "$id" == mis_* ]] || fail "the mission was refused: $created"
areas="/missions/$id/ogc/collections/search-areas/items?limit=1000"
while true; do
    # The areas of a mission appear all at once, with its run.
    page="$(get "$areas" 2>/dev/null)" || page=""
    [[ "$page" != *'"valid_time"'* ]] || break
    status="$(get "/v1/missions/$id/status" | member status)" || fail "the server answers no more; see $log."
    [[ "$status" != failed && "$status" != cancelled ]] || fail "the mission $id $status: $(get "/v1/missions/$id" | member error)"
    awk -v s="$(since "$began")" 'BEGIN { exit !(s < 120) }' || fail "the mission $id is not done after 120 s; see $log."
    sleep 0.02
done
areas_s="$(since "$began")"
results="$(get "/v1/missions/$id/results")" || fail "the results of $id cannot be read; see $log."
datums="$(get "/missions/$id/ogc/collections/datums/items?limit=1000")" || fail "the datums of $id cannot be read; see $log."
peak_kib="$(awk '/^VmHWM:/ { print $2 }' "/proc/$server_pid/status")"

# --- what came out
# One feature per line, each with the members of its properties.
features() { tr -d '\n' | awk '{ n = split($0, part, /"type" *: *"Feature"/); for (i = 2; i <= n; i++) print part[i] }'; }
echo
echo "A person in the water (PIW-1), 5,000 particles, last seen 2015-11-16 00:00 UTC at 60.150 N 4.100 E within 1 km."
echo "Currents NorKyst-800m, wind AROME-MetCoOp: Data from MET Norway (CC BY 4.0). Position error growth: uncalibrated."
echo
echo "Search areas, the smallest that hold the object with this probability:"
echo "  hour  valid time (UTC)          50 %                    90 %                    95 %"
features <<<"$page" | awk "$value"'
    { time = value("valid_time"); level = value("level") + 0; km2[time, level] = value("area_km2"); nm2[time, level] = value("area_nm2"); times[time] = 1 }
    END {
        n = 0; for (time in times) sorted[n++] = time
        for (i = 1; i < n; i++) for (j = i; j > 0 && sorted[j] < sorted[j-1]; j--) { t = sorted[j]; sorted[j] = sorted[j-1]; sorted[j-1] = t }
        for (i = 0; i < n; i += 6) {
            printf "  %4d  %s", i, substr(sorted[i], 1, 16) "Z"
            for (k = 1; k <= 3; k++) { level = k == 1 ? 0.5 : k == 2 ? 0.9 : 0.95
                printf "  %8.1f km2 %6.1f nm2", km2[sorted[i], level], nm2[sorted[i], level] }
            printf "\n"
        }
    }'
echo
echo "Datum, the mean of the positions:"
features <<<"$datums" | awk "$value"'
    value("datum_kind") == "mean" {
        match($0, /"coordinates" *: *\[[^]]*/); at = substr($0, RSTART, RLENGTH); sub(/^[^[]*\[/, "", at); split(at, c, ",")
        printf "%s %.3f N %.3f E\n", value("valid_time"), c[2], c[1]
    }' | sort -u | awk '(NR - 1) % 6 == 0 { printf "  %4d  %s  %s %s  %s %s\n", NR - 1, substr($1, 1, 16) "Z", $2, $3, $4, $5 }'
echo
echo "Stranded after 24 h: $(member stranded <<<"$results") of $(member particles <<<"$results") particles;" \
    "$(member missing_data <<<"$results") left the forcing."
echo
if ((ingested > 0)); then ingest_note="$ingested files"; else ingest_note="nothing to do, kept from an earlier run"; fi
echo "Timings: build $build_s s; ingest $ingest_s s ($ingest_note); mission sent to areas readable $areas_s s,"
echo "  of which the drift itself $(member kernel_seconds <<<"$results") s. Peak memory of the server: $((peak_kib / 1024)) MiB."
echo
# Prints an address, and notes it to be tried.
printed=()
address() {
    printf '  %-15s %s\n' "$1" "$2"
    printed+=("$2")
}
echo "On the map (the key is in the addresses; docs/credentials.md has other ways, docs/maps.md what can be drawn):"
address "the page" "$base/#key=$key&mission=$id"
address "WMS" "$base/missions/$id/wms?key=$key&SERVICE=WMS&REQUEST=GetCapabilities"
address "WMS, forcing" "$base/wms?key=$key&SERVICE=WMS&REQUEST=GetCapabilities"
address "TileJSON" "$base/missions/$id/tiles/particles.json?key=$key"
address "" "$base/missions/$id/tiles/search-areas.json?key=$key"
address "all tilesets" "$base/missions/$id/tiles?key=$key"
echo
echo "As features and files (in QGIS or GDAL: OAPIF:$base/ogc?key=$key):"
address "landing page" "$base/ogc?key=$key"
address "search areas" "$base/ogc/collections/search-areas/items?key=$key"
address "this mission" "$base/missions/$id/ogc?key=$key"
address "as the API" "$base/v1/missions/$id?key=$key"
echo "  on the shell    curl -H 'X-API-Key: $key' '$base/v1/missions/$id/results'"
for url in "${printed[@]}"; do
    # By standard input: no process list shows the key.
    curl -fsS --globoff --output /dev/null --config - <<<"url = \"$url\"" || fail "this address does not answer: $url"
done

if $once; then
    stop_server
    exit 0
fi
echo
echo "Serving on $base until Ctrl-C; log in $log."
wait "$server_pid"
