# Sourced by the scripts here. A Docker engine of their own (Debian's docker.io, 20.10) with its data below one folder, and the base image made
# by debootstrap, so that no registry is asked. As root. What they start, they stop; an engine of the machine is not touched.
#
#   GRAVITY_ENGINE            folder of engine, images and logs (default /var/tmp/gravity-engine); kept, so that a second run is quick
#   GRAVITY_ENGINE_OPTIONS    further words for dockerd, e.g. --cgroup-parent
#   GRAVITY_CCACHE            a folder of ccache whose compilations are used and added to; without it everything is compiled

export LANG=C.UTF-8 # also what is compiled inside is looked up by it
ENGINE=${GRAVITY_ENGINE:-/var/tmp/gravity-engine}
export DOCKER_HOST=unix://$ENGINE/docker.sock
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
docker() { /usr/bin/docker "$@"; } # not another client that comes first in the PATH

say() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
die() {
    echo "$1" >&2
    exit 1
}

start_engine() {
    [ "$(id -u)" = 0 ] || die 'this needs root'
    for program in dockerd docker-compose debootstrap; do
        command -v "$program" >/dev/null || die "$program is missing: apt-get install docker.io docker-compose debootstrap iptables"
    done
    mkdir -p "$ENGINE"
    docker info >/dev/null 2>&1 && return
    # shellcheck disable=SC2086
    setsid dockerd ${GRAVITY_ENGINE_OPTIONS:-} --data-root "$ENGINE/data" --exec-root "$ENGINE/exec" --pidfile "$ENGINE/pid" --host "$DOCKER_HOST" >"$ENGINE/log" 2>&1 </dev/null &
    for _ in $(seq 100); do
        docker info >/dev/null 2>&1 && return
        sleep 0.2
    done
    tail -n 20 "$ENGINE/log" >&2
    die 'dockerd does not start'
}

stop_engine() {
    if [ -f "$ENGINE/pid" ]; then
        kill "$(cat "$ENGINE/pid")"
        while [ -f "$ENGINE/pid" ]; do sleep 0.2; done
    fi
}

# debian:12-slim as debootstrap makes it: the smallest Debian 12, with its updates.
base_image() {
    docker image inspect debian:12-slim >/dev/null 2>&1 && return
    rm -rf "$ENGINE/rootfs"
    debootstrap --variant=minbase bookworm "$ENGINE/rootfs" >"$ENGINE/debootstrap.log" 2>&1 || die "debootstrap: see $ENGINE/debootstrap.log"
    local mirror # where debootstrap took it from has the updates too
    read -r _ mirror _ <"$ENGINE/rootfs/etc/apt/sources.list"
    printf 'deb %s main\n' "$mirror bookworm" "$mirror bookworm-updates" "${mirror%/}-security bookworm-security" >"$ENGINE/rootfs/etc/apt/sources.list"
    tar -C "$ENGINE/rootfs" -c . | docker import - debian:12-slim >/dev/null
    rm -rf "$ENGINE/rootfs"
}

# A place that builds of images reach, where ccache finds and leaves compilations: a Redis that listens on the engine's bridge alone and keeps its data with
# the engine's. Who compiles elsewhere with CCACHE_REMOTE_STORAGE and CCACHE_RESHARE fills it from GRAVITY_CCACHE.
start_sharing() {
    local address port=16400 said=
    address=$(ip -4 -o address show docker0 | awk '{ sub("/.*", "", $4); print $4 }') # an engine's first start doesn't tell it by `network inspect`
    mkdir -p "$ENGINE/ccache"
    redis-server --bind "$address" --port "$port" --protected-mode no --dir "$ENGINE/ccache" --save 3600 1 --logfile redis.log &
    SHARED=$!
    for _ in $(seq 100); do
        said=$(redis-cli -h "$address" -p "$port" ping 2>/dev/null) || true
        [ "$said" != PONG ] || break
        sleep 0.2
    done
    [ "$said" = PONG ] || die "the store of compilations does not start: see $ENGINE/ccache/redis.log"
    export CCACHE_REMOTE_STORAGE=redis://$address:$port CCACHE_RESHARE=1
}

stop_sharing() {
    [ -n "${SHARED:-}" ] || return 0
    kill "$SHARED" && wait "$SHARED" || true
}

# The committed checkout, as a clone has it.
clone() {
    rm -rf "$1"
    git -c advice.detachedHead=false clone --quiet --no-hardlinks "$ROOT" "$1"
}
