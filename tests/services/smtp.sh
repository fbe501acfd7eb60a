#!/usr/bin/env bash
# An SMTP server for tests that keeps what it is given as files: smtp.sh FOLDER [--starttls] [--user NAME --password SECRET]
# (tests/services/smtp_sink.py says what they do). Prints one line, "ready smtp://…", and runs until its standard input
# closes; FOLDER stays. With --starttls its certificate, for localhost, is FOLDER/certificate.pem.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=tests/services/guard.sh
source "$here/guard.sh"

python="$(tool bin/python)"
mails="${1:?a folder for the mails}"
shift
mkdir -p "$mails"
open_folder smtp
tls=()
if [[ " $* " == *" --starttls "* ]]; then
    # Not an authority: a client that trusts exactly this certificate accepts it, as the server's own.
    cat >"$folder/certificate.cnf" <<'END'
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
END
    openssl req -x509 -days 2 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -config "$folder/certificate.cnf" \
        -keyout "$folder/key.pem" -out "$mails/certificate.pem" 2>"$folder/log" || { last_words; fail "openssl made no certificate"; }
    tls=(--certificate "$mails/certificate.pem" --key "$folder/key.pem")
fi
arguments=("$@")
launch() { guard TERM "$python" "$here/smtp_sink.py" --port "$1" --folder "$mails" "${tls[@]}" "${arguments[@]}"; }
answers() { listens "$1"; }
address() { echo "smtp://127.0.0.1:$1"; }
serve
