#!/bin/sh
# Makes the certificates of the tests, which are good for a hundred years and for nothing else.
set -eu
cd "$(dirname "$0")"
DAYS=36500
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
authority() { # NAME SUBJECT
  key "$1-key.pem"
  openssl req -x509 -new -key "$1-key.pem" -days $DAYS -subj "/CN=$2" -out "$1.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}
signed() { # NAME SUBJECT AUTHORITY EXTENSIONS
  [ -e "$1-key.pem" ] || key "$1-key.pem"
  openssl req -new -key "$1-key.pem" -subj "/CN=$2" -out request.tmp
  printf 'basicConstraints=CA:FALSE\n%s\n' "$4" >extensions.tmp
  openssl x509 -req -in request.tmp -CA "$3.pem" -CAkey "$3-key.pem" -days $DAYS \
    -set_serial "0x$(openssl rand -hex 8)" -extfile extensions.tmp -out "$1.pem" 2>/dev/null
}
LOCAL='subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
extendedKeyUsage=serverAuth'
rm -f ./*.pem
authority authority "tests of servers"
authority client-authority "tests of clients"
signed localhost localhost authority "$LOCAL"
signed renewed localhost authority "$LOCAL"
signed example example.org authority 'subjectAltName=DNS:example.org,DNS:*.example.org
extendedKeyUsage=serverAuth'
signed client someone client-authority 'extendedKeyUsage=clientAuth'
signed stranger stranger authority 'extendedKeyUsage=clientAuth'
openssl pkcs8 -topk8 -in localhost-key.pem -passout pass:secret -out encrypted-key.pem
openssl ecparam -name secp256k1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out odd-key.pem
rm -f ./*.tmp authority-key.pem client-authority-key.pem
