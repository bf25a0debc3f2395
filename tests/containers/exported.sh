#!/bin/bash
# A service that leaves: exported, its folder put into a Debian 12 that has nothing else, and there what its README says under "Start", word for word:
# packages, tests, `./run up`, the printed call, a stop. Then its images, built from that folder alone, and the same call through Compose.
#
#     tests/containers/exported.sh [service] [--without-images]
#
#   GRAVITY_CONTAINER_OPTIONS    further words for `docker run`
set -euo pipefail
. "$(dirname "$0")/engine.sh"
service=product-catalog images=yes
for word in "$@"; do
    case $word in
    --without-images) images= ;;
    *) service=$word ;;
    esac
done

start_engine
say 'base image'
base_image
say "export $service"
clone "$ENGINE/export.git"
rm -rf "$ENGINE/exported"
"$ENGINE/export.git/gravity" export "$service" "$ENGINE/exported"
rm -rf "$ENGINE/export.git"

# shellcheck disable=SC2206
options=(--env LANG --env DEBIAN_FRONTEND=noninteractive ${GRAVITY_CONTAINER_OPTIONS:-})
if [ -n "${GRAVITY_CCACHE:-}" ]; then
    start_sharing
    options+=(--volume "$GRAVITY_CCACHE:/root/.cache/ccache" --env CCACHE_REMOTE_STORAGE --env CCACHE_RESHARE)
fi
id=$(docker run --detach --init "${options[@]}" debian:12-slim sleep infinity)
finish() {
    docker rm --force "$id" >/dev/null
    [ ! -f "$ENGINE/exported/.env" ] || (cd "$ENGINE/exported" && docker-compose down --volumes --timeout 60 >/dev/null 2>&1) || true
    stop_sharing
    stop_engine
}
trap finish EXIT
docker cp "$ENGINE/exported" "$id:/repository"
inside() { docker exec --workdir /repository "$id" bash -c "$1"; }

# The first block of the README's "Start".
commands=$(sed -n '/^## Start/,$p' "$ENGINE/exported/README.md" | sed -n '/^```sh/,/^```/{/^```/d;p}' | sed '/^\.\/run secrets/,$d')
[ "$(sed -n 2,9p <<<"$commands")" = "$(printf './run test\n./run up')" ] || die "the README says other commands: $commands"
while IFS= read -r command; do
    say "$command"
    inside "{ $command
    } >/tmp/said 2>&1 || { grep -A 15 -E '(: Failure|: error:|\[  FAILED  \])' /tmp/said | head -n 120; tail -n 30 /tmp/said; exit 1; }; tail -n 5 /tmp/said" </dev/null
    if [ "$command" = ./run\ test ]; then inside "grep '100% tests passed' /tmp/said" </dev/null || die 'a test failed'; fi
done <<<"$commands"

call=$(inside "sed -n 's/^Try: *//p' /tmp/said")
say "$call"
answer=$(inside "${call/curl -s/curl -s -i}")
echo "$answer"
case $answer in 'HTTP/1.1 201'*) ;; *) die 'the first call is not answered by 201' ;; esac
inside './run down'
running=$(docker top "$id" -eo pid,args)
left=$(grep -E 'gravity-|/repository/var' <<<"$running" || true) # nothing found is what is hoped for
[ -z "$left" ] || die "down left: $left"

if [ -n "$images" ]; then
    cd "$ENGINE/exported"
    export COMPOSE_PROJECT_NAME=gravityexported DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
    PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export PORT
    say './run secrets; docker-compose up -d --build'
    ./run secrets
    docker-compose build >"$ENGINE/exported.log" 2>&1 || die "$(tail -n 40 "$ENGINE/exported.log")"
    docker-compose up -d
    call=${call/:[0-9]*\/api/:$PORT\/api}
    for _ in $(seq 120); do
        answer=$(eval "${call/curl -s/curl -s -i}") || answer=
        case $answer in 'HTTP/1.1 201'*) break ;; esac
        sleep 1
    done
    docker-compose ps
    echo "$answer"
    case $answer in 'HTTP/1.1 201'*) ;; *) die 'the first call is not answered by 201' ;; esac
fi
say 'done'
echo "exported $service: passed"
