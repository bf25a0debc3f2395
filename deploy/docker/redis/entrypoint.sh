#!/bin/sh
# Starts Redis in a container with one user per service, each confined to the keys of its own name.
#
#   REDIS_PASSWORD              of the administrator `default`
#   EVENTS_PASSWORD             of `events`: the bus, whose streams all relays and consumers share
#   GRAVITY_REDIS_USERS         e.g. "cart rate-limiting" - names of services; may be empty
#   <ID>_REDIS_PASSWORD         for each of them
# Arguments go to the server.
set -eu
: "${REDIS_PASSWORD:?}" "${EVENTS_PASSWORD:?}"

digest() { printf '%s' "$1" | sha256sum | cut -d ' ' -f 1; }

users=/run/redis/users.acl
umask 077
{
    echo "user default on #$(digest "$REDIS_PASSWORD") ~* &* +@all"
    echo "user events on #$(digest "$EVENTS_PASSWORD") ~* &* +@all -@admin -@dangerous"
    echo 'user health on nopass -@all +ping'
    for name in ${GRAVITY_REDIS_USERS:-}; do
        case $name in *[!a-z0-9-]*) echo "entrypoint: bad name '$name' in GRAVITY_REDIS_USERS" >&2 && exit 2 ;; esac
        eval "password=\${$(printf '%s' "$name" | tr a-z- A-Z_)_REDIS_PASSWORD:?}"
        echo "user $name on #$(digest "$password") ~$name:* &* +@all -@admin -@dangerous +info +role"
    done
} >"$users"

exec redis-server --dir /var/lib/redis --appendonly yes --save '' --maxmemory-policy noeviction --aclfile "$users" --daemonize no "$@"
