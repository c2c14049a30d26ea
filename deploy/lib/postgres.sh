# shellcheck shell=bash
# Functions for a private PostgreSQL cluster in $LOCAL/pg that listens on a Unix socket only. The user
# who runs it may use all of its roles, and no other user of the machine any. To be sourced.

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

# pg_authenticate ROLE...: lets the user who runs this use these roles.
pg_authenticate() {
  local dir user role
  dir=$(pg_dir)
  printf 'local all all peer map=owner\n' | as_postgres tee "$dir/pg_hba.conf" >/dev/null
  for user in "$(id -un)" "$(as_postgres id -un)"; do
    for role in postgres "$@"; do printf 'owner %s %s\n' "$user" "$role"; done
  done | sort -u | as_postgres tee "$dir/pg_ident.conf" >/dev/null
}

# pg_start ROLE...
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
    as_postgres "$PG_BIN/initdb" -D "$dir/data" -U postgres -A peer -E UTF8 --no-instructions >/dev/null
    as_postgres tee -a "$dir/data/postgresql.conf" <"$LMSMAIL_ROOT/deploy/postgresql.conf" >/dev/null
  fi
  chmod 0700 "$dir"
  pg_running && return 0
  pg_authenticate "$@"
  as_postgres "$PG_BIN/pg_ctl" -w -s -D "$dir/data" -l "$dir/postgresql.log" \
    -o "-c listen_addresses='' -c unix_socket_directories=$dir -c unix_socket_permissions=0700 \
        -c hba_file=$dir/pg_hba.conf -c ident_file=$dir/pg_ident.conf" start
}

# pg_prepare MIGRATOR ROLE...: creates the database, the role that owns the schemas, and those of the
# services, which may only use them.
pg_prepare() {
  local role migrator=$1
  [[ $(pg_sql postgres <<<"SELECT 1 FROM pg_database WHERE datname = 'lmsmail'") == 1 ]] ||
    pg_sql postgres <<<'CREATE DATABASE lmsmail'
  for role in "$@"; do
    [[ $(pg_sql postgres <<<"SELECT 1 FROM pg_roles WHERE rolname = '$role'") == 1 ]] ||
      pg_sql postgres <<<"CREATE ROLE $role LOGIN"
  done
  pg_sql lmsmail <<<"REVOKE TEMPORARY ON DATABASE lmsmail FROM PUBLIC;
    GRANT CREATE ON DATABASE lmsmail TO $migrator"
}

pg_stop() {
  pg_running || return 0
  as_postgres "$PG_BIN/pg_ctl" -w -s -m fast -D "$(pg_dir)/data" stop
}
