# shellcheck shell=bash
# A private PostgreSQL cluster in $LOCAL/pg, on a unix socket and nothing else.

PG_BIN=${PG_BIN:-/usr/lib/postgresql/15/bin}
pg_dir() { printf '%s/pg' "$LOCAL"; }

# As the user that the cluster belongs to: PostgreSQL refuses to run as root.
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
  # The socket's path has to fit into sockaddr_un's 108 bytes.
  if ((${#dir} > 85)); then
    printf '%s is too long a path for a PostgreSQL socket: use a checkout nearer to /.\n' "$dir"
    return 1
  fi
  if [[ ! -f $dir/data/PG_VERSION ]]; then
    mkdir -p "$dir"
    if ((EUID == 0)); then
      chown postgres:postgres "$dir"
      # shellcheck disable=SC2016  # $0 is for the inner shell
      as_postgres sh -c 'cd "$0"' "$dir" 2>/dev/null || {
        printf 'User postgres cannot enter %s: open the folders above it (chmod o+x) or run as an ordinary user.\n' "$dir"
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

# The database, and for each service a role of its own that can make its own schema.
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
