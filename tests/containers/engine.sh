# Sourced by the scripts here. A Docker engine of their own (Debian's docker.io, 20.10) with its data below one folder, and the base image made
# by debootstrap, so that no registry is asked. As root. What they start, they stop; an engine of the machine is not touched.
#
#   GRAVITY_ENGINE            folder of engine, images and logs (default /var/tmp/gravity-engine); kept, so that a second run is quick
#   GRAVITY_ENGINE_OPTIONS    further words for dockerd

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

# debian:12-slim as debootstrap makes it: the smallest Debian 12, without what its packages put in /usr/share/doc.
base_image() {
    docker image inspect debian:12-slim >/dev/null 2>&1 && return
    rm -rf "$ENGINE/rootfs"
    debootstrap --variant=minbase bookworm "$ENGINE/rootfs" >"$ENGINE/debootstrap.log" 2>&1 || die "debootstrap: see $ENGINE/debootstrap.log"
    tar -C "$ENGINE/rootfs" -c . | docker import - debian:12-slim >/dev/null
    rm -rf "$ENGINE/rootfs"
}

# The committed checkout, as a clone has it.
clone() {
    rm -rf "$1"
    git clone --quiet --no-hardlinks "$ROOT" "$1"
}
