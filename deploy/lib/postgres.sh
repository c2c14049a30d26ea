# shellcheck shell=bash
# Functions for a private PostgreSQL cluster in $LOCAL/pg that listens on a Unix socket only. To be
# sourced.

PG_BIN=${PG_BIN:-/usr/lib/postgresql/15/bin}
pg_dir() { printf '%s/pg' "$LOCAL"; }

# Runs a command as the owner of the cluster: PostgreSQL does not run as root.
as_postgres() {
  if ((EUID == 0)); then
    setpriv --reuid=postgres --regid=postgres --clear-groups -- env -i LANG=C.UTF-8 "$@"
  else
    env -i LANG=C.UTF-8 "$@"
  fi
}

pg_sql() { # DATABASE, SQL on stdin
  as_postgres "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$(pg_dir)" -U postgres -d "$1"
}

pg_running() { as_postgres "$PG_BIN/pg_ctl" -D "$(pg_dir)/data" status >/dev/null 2>&1; }

pg_start() {
  local dir
  dir=$(pg_dir)
  # The path of the socket must fit into the 108 bytes of sockaddr_un.
  if ((${#dir} > 85)); then
    printf '%s is too long for the path of a PostgreSQL socket: use a checkout with a shorter path.\n' "$dir"
    return 1
  fi
  if [[ ! -f $dir/data/PG_VERSION ]]; then
    mkdir -p "$dir"
    if ((EUID == 0)); then
      chown postgres:postgres "$dir"
      # shellcheck disable=SC2016  # $0 is for the inner shell
      as_postgres sh -c 'cd "$0"' "$dir" 2>/dev/null || {
        printf 'User postgres cannot enter %s: run chmod o+x on its parent folders, or run as an ordinary user.\n' "$dir"
        return 1
      }
    fi
    as_postgres "$PG_BIN/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-instructions >/dev/null
    as_postgres tee -a "$dir/data/postgresql.conf" <"$LMSMAIL_ROOT/deploy/postgresql.conf" >/dev/null
  fi
  pg_running && return 0
  as_postgres "$PG_BIN/pg_ctl" -w -s -D "$dir/data" -l "$dir/postgresql.log" \
    -o "-c listen_addresses='' -c unix_socket_directories=$dir" start
}

# Creates the database, and for each service a role that can create its own schema.
pg_prepare() {
  local service
  [[ $(pg_sql postgres <<<"SELECT 1 FROM pg_database WHERE datname = 'lmsmail'") == 1 ]] ||
    pg_sql postgres <<<'CREATE DATABASE lmsmail'
  for service in "$@"; do
    pg_sql lmsmail <<SQL
DO \$\$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'lmsmail_$service') THEN
    CREATE ROLE lmsmail_$service LOGIN;
    GRANT CREATE ON DATABASE lmsmail TO lmsmail_$service;
  END IF;
END \$\$;
SQL
  done
}

pg_stop() {
  pg_running || return 0
  as_postgres "$PG_BIN/pg_ctl" -w -s -m fast -D "$(pg_dir)/data" stop
}
