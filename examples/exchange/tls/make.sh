#!/bin/sh
# Makes the TEST certificates of the embedded exchange. They protect nothing: the private key is public, it lies here.
# Never trust ca.pem outside of tests and demos. The CA's own key is thrown away, so that nobody can sign with it.
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
  -subj "/O=TEST ONLY - DO NOT TRUST/CN=nexus-async-net test CA" \
  -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
  -keyout "$scratch/ca-key.pem" -out ca.pem

openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
  -subj "/O=TEST ONLY - DO NOT TRUST/CN=localhost" -keyout server-key.pem -out "$scratch/server.csr"

cat > "$scratch/server.ext" <<'EXT'
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
EXT
openssl x509 -req -in "$scratch/server.csr" -CA ca.pem -CAkey "$scratch/ca-key.pem" -days 36500 \
  -extfile "$scratch/server.ext" -out server.pem
chmod 644 server-key.pem
