#!/bin/sh
# Makes the database's roles: for each service one that works with its tables, and one that owns them
# and migrates them. Runs in compose.yaml's container of the database, each time that it starts.
set -eu
PGPASSWORD=$(cat /secrets/superuser)
export PGPASSWORD
for service in template preference dispatch scheduler report; do
  for role in "lmsmail_$service" "lmsmail_${service}_migrator"; do
    psql -X -q -v ON_ERROR_STOP=1 -h postgres -U postgres -d lmsmail \
      -v role="$role" -v password="$(cat "/secrets/$role")" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" PASSWORD :'password';
SQL
  done
  psql -X -q -v ON_ERROR_STOP=1 -h postgres -U postgres -d lmsmail \
    -c "GRANT CREATE ON DATABASE lmsmail TO lmsmail_${service}_migrator"
done
