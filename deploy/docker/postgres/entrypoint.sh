#!/bin/sh
# Starts PostgreSQL in a container. The cluster is made at the first start; the databases and roles in GRAVITY_DATABASES are made or
# brought up to date at every start, so that a service added later finds its own on a volume that is already there.
#
#   POSTGRES_PASSWORD           of the superuser `postgres`
#   GRAVITY_DATABASES           e.g. "order:btree_gist cart:" - ids of services, each with the extensions it needs
#   <ID>_DATABASE_PASSWORD      of the run-time role <id>_db, for each id
#   <ID>_OWNER_PASSWORD         of the role <id>_owner, which migrates
# Arguments go to the server.
set -eu
: "${POSTGRES_PASSWORD:?}" "${GRAVITY_DATABASES:?}"

bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
volume=/var/lib/postgresql/data
cluster=$volume/cluster # not the volume itself, which may hold a lost+found

if [ ! -e "$cluster/PG_VERSION" ]; then
    # Made beside and moved: a container killed half-way leaves no half cluster.
    rm -rf "$cluster.new"
    password_file=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$password_file"
    "$bin/initdb" -D "$cluster.new" --data-checksums --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
        --username=postgres --pwfile="$password_file"
    rm "$password_file"
    echo 'host all all all scram-sha-256' >>"$cluster.new/pg_hba.conf"
    mv "$cluster.new" "$cluster"
fi

export PGPASSWORD="$POSTGRES_PASSWORD" PGUSER=postgres PGHOST=/run/postgresql
# Reached by nobody but this script until all is in place: the health check asks by TCP.
"$bin/pg_ctl" -D "$cluster" -o "-c listen_addresses='' -c unix_socket_directories=$PGHOST" --wait --silent start
for entry in $GRAVITY_DATABASES; do
    id=${entry%%:*}
    case $id in '' | *[!a-z0-9_]*) echo "entrypoint: bad entry '$entry' in GRAVITY_DATABASES" >&2 && exit 2 ;; esac
    prefix=$(printf '%s' "$id" | tr a-z A-Z)
    eval "password=\${${prefix}_DATABASE_PASSWORD:?} owner_password=\${${prefix}_OWNER_PASSWORD:?}"
    for secret in "$password" "$owner_password"; do
        case $secret in *["\\'"]*) echo "entrypoint: a password of $id holds a quote or backslash" >&2 && exit 2 ;; esac
    done
    {
        printf "\\\\set %s '%s'\n" database "${id}_db" owner "${id}_owner" password "$password" \
            owner_password "$owner_password" extensions "${entry#*:}"
        cat /usr/share/gravity/database.sql
    } | psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres -f - >/dev/null
done
"$bin/pg_ctl" -D "$cluster" --wait --silent --mode=fast stop
unset PGPASSWORD PGUSER PGHOST POSTGRES_PASSWORD

exec "$bin/postgres" -D "$cluster" -c listen_addresses='*' -c unix_socket_directories=/run/postgresql "$@"
