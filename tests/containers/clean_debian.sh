#!/bin/bash
# What a newcomer does, in a Debian 12 that has nothing: clone, `./gravity up`, the printed call, a second `up`, `down`, `./gravity test`.
#
#     tests/containers/clean_debian.sh [--without-test]
#
#   GRAVITY_CCACHE               a folder of ccache to use inside (default: none; everything is then compiled, which takes half an hour on two cores)
#   GRAVITY_CONTAINER_OPTIONS    further words for `docker run`, e.g. how packages of Python are reached
set -euo pipefail
. "$(dirname "$0")/engine.sh"

start_engine
say 'base image'
base_image
clone "$ENGINE/clean.git"
# shellcheck disable=SC2206
options=(--env LANG --shm-size=256m --volume "$ENGINE/clean.git:/source:ro" ${GRAVITY_CONTAINER_OPTIONS:-})
if [ -n "${GRAVITY_CCACHE:-}" ]; then options+=(--volume "$GRAVITY_CCACHE:/root/.cache/ccache"); fi
id=$(docker run --detach --init "${options[@]}" debian:12-slim sleep infinity)
finish() {
    docker rm --force "$id" >/dev/null
    stop_engine
}
trap finish EXIT
inside() { docker exec --workdir "${WHERE:-/home/gravity}" "$id" bash -c "$1"; }

say 'clone'
WHERE=/ inside 'apt-get update -qq && apt-get install -y -qq --no-install-recommends git ca-certificates curl procps >/dev/null 2>&1
    git config --global --add safe.directory "*" && git -c advice.detachedHead=false clone --quiet /source /home/gravity'
# A PostgreSQL and a Redis of the machine's own that must not be disturbed: strangers on the usual ports.
inside 'apt-get install -y -qq --no-install-recommends python3 >/dev/null 2>&1
    for port in 5432 6379; do setsid python3 -m http.server --bind 127.0.0.1 $port >/dev/null 2>&1 & done'

say './gravity up'
inside './gravity up --yes 2>&1 | tee /tmp/up.log | tail -n 25; exit "${PIPESTATUS[0]}"'
call=$(inside "sed -n 's/^  Try  *//p' /tmp/up.log")
[ -n "$call" ] || die 'up printed no first call'

say "$call"
answer=$(inside "${call/curl -s/curl -s -i}")
echo "$answer"
case $answer in 'HTTP/1.1 201'*) ;; *) die 'the first call is not answered by 201' ;; esac

say 'a second up'
begun=$(date +%s%N)
inside './gravity up --yes' | tail -n 4
took=$((($(date +%s%N) - begun) / 1000000))
echo "$took ms"
[ "$took" -lt 2000 ] || die 'the second up took 2 s or more'

say 'status'
inside './gravity status'

if [ "${1:-}" != --without-test ]; then
    say './gravity test, beside the running platform'
    before=$(inside "./gravity status --json | python3 -c 'import json, sys; print(sorted((s[\"name\"], s[\"pid\"]) for s in json.load(sys.stdin)[\"services\"]))'")
    inside './gravity test --yes 2>&1 | tee /tmp/test.log | tail -n 40; exit "${PIPESTATUS[0]}"'
    after=$(inside "./gravity status --json | python3 -c 'import json, sys; print(sorted((s[\"name\"], s[\"pid\"]) for s in json.load(sys.stdin)[\"services\"]))'")
    [ "$before" = "$after" ] || die "the running platform was disturbed: $before, $after"
fi

say 'down'
inside './gravity down'
left=$(inside "ps -eo args | grep -E 'gravity-|postgres|redis-server|supervisord' | grep -v grep || true")
[ -z "$left" ] || die "down left: $left"
strangers=$(inside "pgrep -fc 'http.server --bind 127.0.0.1'")
[ "$strangers" = 2 ] || die "the strangers on 5432 and 6379 were disturbed"
inside 'ls /var/lib/postgresql /etc/postgresql 2>&1 | head'
say 'done'
echo 'clean Debian: passed'
