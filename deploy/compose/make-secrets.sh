#!/bin/sh
# Makes the keys and passwords in /secrets that are not there yet. Runs in compose.yaml's first container.
set -eu
umask 077
cd /secrets

random() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

[ -s superuser ] || random >superuser
for name in keys bounce-keys tracking-keys; do
  [ -s "$name" ] || printf 'k1:%s\n' "$(random)" >"$name"
done
for name in migrator template preference dispatch scheduler report; do
  role=lmsmail_$name
  [ -s "$role" ] || random >"$role"
  printf 'host=postgres dbname=lmsmail user=%s password=%s\n' "$role" "$(cat "$role")" >"$role.dsn"
done
# The services run as this user.
chown 65532:65532 ./*
