#!/bin/bash
# The platform in containers, for real: the images built, `docker-compose up`, everything healthy, the README's first call answered, nobody root and
# nothing writable that need not be. On demand: without GRAVITY_CCACHE it compiles everything and takes a quarter of an hour on two cores.
set -euo pipefail
. "$(dirname "$0")/engine.sh"

start_engine
say 'base image'
base_image
work=$ENGINE/compose
clone "$work"
cd "$work"
export COMPOSE_PROJECT_NAME=gravitytest COMPOSE_PROFILES=all DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
GATEWAY_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export GATEWAY_PORT AUTH_ISSUER=http://127.0.0.1:$GATEWAY_PORT
./gravity generate --secrets >/dev/null
sed -i '/^COMPOSE_PROJECT_NAME=/d' .env
docker-compose config --quiet
finish() {
    docker-compose logs --no-color >"$ENGINE/compose.log" 2>&1 || true
    docker-compose down --volumes --timeout 60 >/dev/null 2>&1 || true
    stop_sharing
    stop_engine
}
trap finish EXIT

if [ -n "${GRAVITY_CCACHE:-}" ]; then
    say 'compilations that are there already'
    start_sharing
    docker build --quiet --file deploy/docker/Dockerfile --target toolchain --tag gravitytest/toolchain . >/dev/null
    targets=$(docker-compose config --services | sed '/^postgres$/d; /^redis$/d; s/^/gravity-/')
    # shellcheck disable=SC2086
    docker run --rm --volume "$work:/src" --workdir /src --volume "$GRAVITY_CCACHE:/root/.cache/ccache" --env CCACHE_REMOTE_STORAGE --env CCACHE_RESHARE \
        gravitytest/toolchain sh -c "cmake --preset release && cmake --build build/release --target $(echo $targets)" >"$ENGINE/shared.log" 2>&1 ||
        die "$(tail -n 40 "$ENGINE/shared.log")"
    rm -rf build
fi

say 'images'
docker-compose build >"$ENGINE/build.log" 2>&1 || die "$(tail -n 40 "$ENGINE/build.log")"
docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep '^gravity/'

say 'up'
docker-compose up -d
services=$(docker-compose config --services | sort)
for _ in $(seq 180); do
    waiting=
    for service in $services; do
        id=$(docker-compose ps -q "$service")
        state=$(docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$id")
        [ "$state" = healthy ] || waiting="$waiting $service($state)"
    done
    [ -z "$waiting" ] && break
    sleep 1
done
docker-compose ps
[ -z "$waiting" ] || die "not healthy:$waiting"

say 'first call'
# As the README has it, but for the port.
call=$(sed -n '/^curl -s http/,/^```/{/^```/d;p}' README.md | head -n 2 | sed "s/127.0.0.1:8000/127.0.0.1:$GATEWAY_PORT/; s/curl -s/curl -s -o answer.json -w %{http_code}/")
echo "$call"
for _ in $(seq 30); do # the gateway learns of an instance within seconds of its being healthy
    status=$(eval "$call") || status=000
    [ "$status" = 404 ] || [ "$status" = 503 ] || [ "$status" = 000 ] || break
    sleep 1
done
printf '%s ' "$status"
cat answer.json
echo
[ "$status" = 201 ] || die 'the first call is not answered by 201'

say 'nobody is root, nothing is writable'
for service in $services; do
    id=$(docker-compose ps -q "$service")
    docker inspect --format '{{.Config.User}} read-only={{.HostConfig.ReadonlyRootfs}} dropped={{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}' "$id" | sed "s/^/$service: /"
    user=$(docker exec "$id" id -u)
    [ "$user" -ge 10001 ] || die "$service runs as $user"
    if docker exec "$id" sh -c 'echo x >/usr/bin/x' 2>/dev/null; then die "$service can write to its image"; fi
    if docker exec --user 0 "$id" sh -c 'echo x >/etc/x' 2>/dev/null; then die "$service's image is writable"; fi
done

say 'data outlives the containers'
docker-compose down --timeout 60 >/dev/null
[ -z "$(docker ps -aq --filter label=com.docker.compose.project=$COMPOSE_PROJECT_NAME)" ] || die 'down left containers'
docker-compose up -d
found=
for _ in $(seq 120); do
    found=$(curl -s "http://127.0.0.1:$GATEWAY_PORT/api/v1/products/$(sed 's/.*"id":"\([^"]*\)".*/\1/' answer.json)" -H "Authorization: Bearer $(./gravity token 2>token.err)" || true)
    case $found in *'"name":"Mug"'*) break ;; esac
    sleep 1
done
case $found in *'"name":"Mug"'*) ;; *) die "the product is gone: $found $(cat token.err)" ;; esac
echo "$found"
say 'done'
echo 'containers: passed'
