#!/bin/sh
# Puts the foreign programs that test_deployments.py asks into var/tools: Debian's kubectl (unpacked, not installed: a newer one may be in its
# place), promtool, a current kustomize, `docker compose` v2, and kubernetes-validate in a virtual environment. docker-compose 1.29 is Debian's
# package of that name. What cannot be had is said and left out; its tests then skip. Done once; remove var/tools to do it again.
set -u
cd "$(dirname "$0")/../.." || exit 1
tools=$PWD/var/tools
mkdir -p "$tools/bin"
missing=0

without() {
    echo "fetch_tools: no $1; its tests will be skipped" >&2
    missing=1
}

# Builds one program of a Go module, as a dependency of an empty module, so that the module's own exclude lines do not matter.
from_go() { # name module@version package
    command -v go >/dev/null || return 1
    work=$(mktemp -d) || return 1
    (cd "$work" && go mod init fetched && go get "$2" && go build -p 2 -o "$tools/bin/$1" "$3") >"$tools/$1.log" 2>&1
    code=$?
    rm -rf "$work"
    return $code
}

# One program out of a Debian package, which is unpacked and not installed.
from_debian() { # name package path-in-package
    work=$(mktemp -d) || return 1
    chmod 755 "$work" # apt downloads as a user of its own
    (cd "$work" && apt-get download -qq "$2" && dpkg -x "$2"_*.deb out && cp "out/$3" "$tools/bin/$1") >"$tools/$1.log" 2>&1
    code=$?
    rm -rf "$work"
    return $code
}

[ -x "$tools/bin/kubectl-debian" ] || from_debian kubectl-debian kubernetes-client usr/bin/kubectl || without "Debian's kubectl"
[ -x "$tools/bin/promtool" ] || from_debian promtool prometheus usr/bin/promtool || without promtool
[ -x "$tools/bin/kustomize" ] || from_go kustomize sigs.k8s.io/kustomize/kustomize/v5@v5.7.1 sigs.k8s.io/kustomize/kustomize/v5 || without kustomize
[ -x "$tools/bin/compose-v2" ] || from_go compose-v2 github.com/docker/compose/v2/cmd@v2.39.4 github.com/docker/compose/v2/cmd || without 'docker compose v2'
if [ ! -x "$tools/venv/bin/kubernetes-validate" ]; then
    { /usr/bin/python3 -m venv --system-site-packages "$tools/venv" && "$tools/venv/bin/pip" install -q --disable-pip-version-check kubernetes-validate==1.37.0; } \
        || without kubernetes-validate
fi
exit $missing
