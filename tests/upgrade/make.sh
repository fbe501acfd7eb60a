#!/usr/bin/env bash
# Makes the data directory of this version that later versions must open: tests/data/upgrade/<version>/. Run once per
# release; what is there already is never made again. A window of the bundled forcing (MET Norway, CC BY 4.0) and waves
# from a formula, one organisation with a secret and a publishable key, people, a plan, credit, a quota and a share link, one
# completed mission, some metered answers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() {
    echo "upgrade: $1" >&2
    exit 1
}

version="$(sed -n '/^\[workspace.package\]/,/^\[/s/^version *= *"\(.*\)"/\1/p' Cargo.toml)"
folder="tests/data/upgrade/$version"
[[ ! -e "$folder" ]] || fail "$folder is there already and stays as it is."
deploy/setup/test-clients.sh
if [[ -z "${DRIFTLINE_BIN:-}" ]]; then
    deploy/setup/toolchain.sh cargo build --package driftline
    target="$(deploy/setup/toolchain.sh cargo metadata --no-deps --format-version 1 --offline |
        sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')"
    DRIFTLINE_BIN="$target/debug/driftline"
fi
driftline="$DRIFTLINE_BIN"
# The fixture server beside it: `cargo build --package driftline-provider`.
DRIFTLINE_PROVIDER="${DRIFTLINE_PROVIDER:-$(dirname "$driftline")/driftline-provider}"
[[ -x "$DRIFTLINE_PROVIDER" ]] || fail "$DRIFTLINE_PROVIDER is not there; cargo build --package driftline-provider makes it."

scratch="$(mktemp -d)"
server_pid=""
cleanup() {
    [[ -z "$server_pid" ]] || kill -TERM "$server_pid" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

python=.test-env/bin/python
credit="Data from MET Norway"
$python tests/upgrade/cut.py tests/data/forcing/norkyst800_subset_16Nov2015.nc "$scratch/current.nc" 40 60 100 60 8
$python tests/upgrade/cut.py tests/data/forcing/arome_subset_16Nov2015.nc "$scratch/wind.nc" 0 30 40 36 8
data="$scratch/data"
"$driftline" ingest file "$scratch/current.nc" --feed current --attribution "$credit" --data-dir "$data"
"$driftline" ingest file "$scratch/wind.nc" --feed wind --attribution "$credit" --data-dir "$data"
$python tests/clients/waves_file.py formula "$scratch/all-waves.nc" >/dev/null
$python tests/upgrade/cut.py "$scratch/all-waves.nc" "$scratch/waves.nc" 30 36 24 20 3
"$driftline" ingest file "$scratch/waves.nc" --feed waves --data-dir "$data"
# A grid of positions, a GRIB file, a feed with lineage and horizon, buoys, a hold: new with 0.4.
"$driftline" ingest file tests/data/forcing/nordic4km_surface_02Feb2016.nc --feed positions --attribution "$credit" --data-dir "$data"
"$driftline" ingest file tests/data/grib/packing_complex.grib2 --feed grib --attribution "$credit" --data-dir "$data"
printf '[ingest]\nfeeds = ["gfs-wind"]\ncut = ["gfs-wind"]\nmirror = "http://127.0.0.1:8799"\nforecast_h = 3\nhindcast_h = 1\n' \
    >"$scratch/feeds.toml"
"$DRIFTLINE_PROVIDER" --listen 127.0.0.1:8799 >/dev/null 2>&1 &
provider_pid=$!
sleep 1
"$driftline" ingest run --once --config "$scratch/feeds.toml" --data-dir "$data"
kill -TERM "$provider_pid"
printf 'id,time,lat,lon\n' >"$scratch/buoy.csv"
for minute in 00 10 20 30 40 50; do
    printf 'b1,2015-11-16T00:%s:00Z,60.1%s,3.8%s\n' "$minute" "$minute" "$minute" >>"$scratch/buoy.csv"
done
"$driftline" ingest buoys "$scratch/buoy.csv" --dataset kept --data-dir "$data"
"$driftline" catalog hold positions --why "kept by make.sh" --data-dir "$data"
rm -rf "$data/spool"
"$driftline" orgs create upgrade --data-dir "$data" --json >/dev/null
"$driftline" keys create --org upgrade --name "made by make.sh" --data-dir "$data" --json >"$scratch/key.json"
"$driftline" keys create --org upgrade --name "a web page's" --publishable --origin https://map.example.org \
    --data-dir "$data" --json >/dev/null
# People, a plan with credit, a quota: new with 0.6. The master key lies in the directory, as without a setting.
printf 'lantern puffin gneiss' | "$driftline" users create --org upgrade --email ada@example.org --role org_admin \
    --name Ada --password-stdin --data-dir "$data" --json >/dev/null
printf 'title = "Kept"\ncurrency = "EUR"\nmonthly_minor = 1000\nprepaid = true\n[meters.tile]\nincluded = 10\nminor = 5\nper = 1\n' >"$scratch/plan.toml"
"$driftline" billing plan kept --file "$scratch/plan.toml" --data-dir "$data"
"$driftline" billing assign --org upgrade --plan kept --data-dir "$data"
printf 'name = "Kept Rescue"\naddress = ["Quay 1"]\ncountry = "NO"\nemail = "payer@example.org"\n' >"$scratch/account.toml"
"$driftline" billing account --org upgrade --file "$scratch/account.toml" --data-dir "$data"
"$driftline" billing grant --org upgrade --units 100000 --reference "kept by make.sh" --data-dir "$data"
"$driftline" quotas set --org upgrade --meter tile --per month --soft 800 --hard 100000 --data-dir "$data"
"$driftline" serve --data-dir "$data" --listen 127.0.0.1:0 2>"$scratch/log" &
server_pid=$!
$python tests/upgrade/fill.py "$scratch/key.json" "$scratch/log" "$scratch/expected.json" ||
    { cat "$scratch/log" >&2; fail "the mission could not be made."; }
kill -TERM "$server_pid"
wait "$server_pid" || fail "the server did not stop cleanly."
server_pid=""
"$driftline" catalog --data-dir "$data" --json >"$scratch/catalog.json"
"$driftline" keys list --org upgrade --data-dir "$data" --json >"$scratch/keys.json"
# What is kept is taken before anything else opens the database.
cp -r "$data" "$scratch/kept"
$python tests/clients/ledger.py "$data/driftline.sqlite" >"$scratch/ledger.json"
$python - "$scratch" <<'PYTHON'
import json, pathlib, sys

scratch = pathlib.Path(sys.argv[1])
expected = json.loads((scratch / "expected.json").read_text())
cycles = json.loads((scratch / "catalog.json").read_text())["cycles"]
expected["cycles"] = [{name: cycle[name] for name in ("feed", "run", "checksum")} for cycle in cycles]
keys = json.loads((scratch / "keys.json").read_text())["keys"]
expected["keys"] = [{name: key[name] for name in ("id", "kind", "scopes", "origins")} for key in keys]
ledger = json.loads((scratch / "ledger.json").read_text())
expected["ledger"] = ledger["records"]
expected["signing"] = ledger["signing"]
(scratch / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
PYTHON
mkdir -p "$folder"
cp -r "$scratch/kept" "$folder/data"
cp "$scratch/expected.json" "$folder/expected.json"
du -sh "$folder"
