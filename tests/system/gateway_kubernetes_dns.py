#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The gateway and a service with the settings of the Kubernetes folders, found by a pod's DNS alone: short names, the search list of a pod, no registration.
When the name of the Service leads elsewhere, requests go there, and none fails while the old instance ends.

In network and mount namespaces of its own, so that the ports and /etc/resolv.conf are those of a pod; the name server is dnsmasq."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from neighbourhood import PRESET, asked, gateway, get, manifest_of, until  # noqa: E402
from scripts import same  # noqa: E402
from throwaway import Daemon, Workshop, wait_for  # noqa: E402

NAMESPACE = "gravity"
RESOLV_CONF = f"nameserver 127.0.0.1\nsearch {NAMESPACE}.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
OLD, NEW = "127.0.0.1", "127.0.0.3"


def settings_of(service):
    """What its ConfigMap gives a pod, but for whose tokens count, and the files in it."""
    data = manifest_of(service)
    return {name: value for name, value in data.items() if name.isupper() and not name.startswith("AUTH_")}, {name: value for name, value in data.items() if not name.isupper()}


class NameServer:
    """Answers for cluster.local, and that nobody has any other name."""

    def __init__(self, folder):
        self.hosts = folder / "hosts"
        self.hosts.touch()
        self.process = subprocess.Popen([shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                                         "--no-hosts", f"--addn-hosts={self.hosts}", "--listen-address=127.0.0.1", "--bind-interfaces", "--local=/cluster.local/",
                                         "--local-ttl=1", "--user=root", f"--pid-file={folder}/dnsmasq.pid"])
        wait_for(53, self.process)

    def lead(self, service, address):
        self.hosts.write_text(f"{address} {service}.{NAMESPACE}.svc.cluster.local\n")
        self.process.send_signal(signal.SIGHUP)


@contextlib.contextmanager
def name_server(folder):
    one = NameServer(folder)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()


def follow(names, folder):
    service, _ = settings_of("product-catalog")
    door, files = settings_of("gateway")
    (folder / "routes.json").write_text(files["routes.json"])
    names.lead("product-catalog", OLD)
    with Workshop(PRESET, settings={**service, "PORT": "8102", "LISTEN_ADDRESS": OLD}) as shop:
        same("how it is found", door["DISCOVERY_MODE"], "dns")
        with gateway(shop.daemon, {**door, "GATEWAY_ROUTES_FILE": str(folder / "routes.json"), "PORT": "8000"}, folder) as url:
            until("a request through the gateway", lambda: asked(url, shop) == 200)
            same("a Service that has no name", get(f"{url}/.well-known/openid-configuration")[0], 502)

            environment = {**shop.daemon.environment, "LISTEN_ADDRESS": NEW, "ADMIN_PORT": "0"}
            second = Daemon(shop.program, shop.cluster, folder, environment)
            try:
                until("the second instance is ready", lambda: get(f"http://{NEW}:8102/health/ready")[0] == 200)
                names.lead("product-catalog", NEW)
                until("the name leads there", lambda: resolved() == NEW)
                shop.daemon.process.terminate()
                seen = []
                while shop.daemon.process.poll() is None or len(seen) < 200:
                    seen.append(asked(url, shop))
                same("requests while the old one ended, and after", set(seen), {200})
                same("how it ended", shop.daemon.process.returncode, 0)
            finally:
                second.kill()


def resolved():
    return socket.getaddrinfo("product-catalog", 8102, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]


def main():
    for program, package in (("dnsmasq", "dnsmasq-base"), ("unshare", "util-linux"), ("ip", "iproute2")):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            print(f"there is no {program} (Debian: {package})")
            sys.exit(77)
    if "--inside" not in sys.argv:
        space = ["unshare", "--net", "--mount", "--propagation", "private", "--fork", "--kill-child"]
        tried = subprocess.run([*space, "true"], stderr=subprocess.PIPE, text=True)
        if os.geteuid() != 0 or tried.returncode != 0:
            print(f"no namespaces of a pod can be had here: {tried.stderr.strip() or 'not root'}")
            sys.exit(77)
        os.execvp("unshare", [*space, sys.executable, __file__, "--inside"])
    with tempfile.TemporaryDirectory(prefix="gravity-pod-") as name:
        folder = pathlib.Path(name)
        (folder / "resolv.conf").write_text(RESOLV_CONF)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf"], check=True)
        with name_server(folder) as names:
            follow(names, folder)
        subprocess.run(["umount", "/etc/resolv.conf"], check=True)
    print("a service is found by a pod's DNS")


main()
