#!/bin/bash
# What the entry point of the published image of PostgreSQL does with the variables and the folder that the
# chart gives it. The arguments are those of postgres.
set -euo pipefail
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  initdb -U postgres -A trust --auth-host=scram-sha-256 --pwfile="$POSTGRES_PASSWORD_FILE" -E UTF8 >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  pg_ctl -w start -o '-c listen_addresses=' >/dev/null
  createdb -U postgres "$POSTGRES_DB"
  for script in /docker-entrypoint-initdb.d/*.sh; do
    # shellcheck source=/dev/null
    source "$script"
  done
  pg_ctl -w -m fast stop >/dev/null
fi
exec postgres "$@"
