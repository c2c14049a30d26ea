#!/bin/sh
# Makes the database's roles: one for each service, which works with its rows, and one that owns the
# schemas and migrates them. Runs each time that compose.yaml is brought up.
set -eu
PGPASSWORD=$(cat /secrets/superuser)
export PGPASSWORD
sql() { psql -X -q -v ON_ERROR_STOP=1 -h postgres -U postgres -d lmsmail "$@"; }

for name in migrator template preference dispatch scheduler report; do
  role=lmsmail_$name
  sql -v role="$role" -v password="$(cat "/secrets/$role")" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" PASSWORD :'password';
SQL
done
sql -c 'REVOKE TEMPORARY ON DATABASE lmsmail FROM PUBLIC' -c 'GRANT CREATE ON DATABASE lmsmail TO lmsmail_migrator'
