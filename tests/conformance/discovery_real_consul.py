#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""A service of Gravity and the gateway against a server of Consul's own, access rules on, where another daemon of Gravity's knows nothing: the service
registers, is found, comes back when it was struck out or the server died, leaves when it ends, and is left when it was killed.

    tests/conformance/discovery_real_consul.py [--make]

The server is `consul` of the PATH or of $GRAVITY_CONSUL; without one the script is skipped. --make compiles the last release line under the Mozilla Public
Licence from its Go module once (half a gigabyte of modules, some minutes), kept below var/."""

import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import real_consul  # noqa: E402
from neighbourhood import PRESET, Registry, asked, gateway, get, until  # noqa: E402
from scripts import same  # noqa: E402
from throwaway import Daemon, Workshop, free_port  # noqa: E402

ROOT_TOKEN = "5f1a4a53-3b0e-4d0c-9b7c-0d5a3c1f7e22"  # of the server that this script starts
LONG = 180  # seconds: Consul drops who does not answer no sooner than after one minute, and looks for such each half minute


class Server:
    """`consul agent -server`, alone, on ports of its own."""

    def __init__(self, program, folder):
        self.port, self.log = free_port(), folder / "consul.log"
        configuration = {
            "server": True, "bootstrap_expect": 1, "node_name": "n1", "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "data_dir": str(folder / "consul"),
            "ports": {"http": self.port, "dns": -1, "grpc": -1, "grpc_tls": -1, "server": free_port(), "serf_lan": free_port(), "serf_wan": -1},
            "acl": {"enabled": True, "default_policy": "deny", "tokens": {"initial_management": ROOT_TOKEN, "agent": ROOT_TOKEN}},
            "performance": {"raft_multiplier": 1}, "disable_update_check": True,
        }
        (folder / "consul.json").write_text(json.dumps(configuration))
        self.command = [program, "agent", "-config-file", str(folder / "consul.json")]
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        until("Consul has a leader", self.has_leader)

    def has_leader(self):
        if self.process.poll() is not None:
            sys.exit("Consul ended:\n" + self.log.read_text(errors="replace")[-4000:])
        status, leader = get(f"http://127.0.0.1:{self.port}/v1/status/leader")
        return status == 200 and leader.strip() not in (b"", b'""')

    def kill(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def server(program, folder):
    one = Server(program, folder)
    try:
        yield one
    finally:
        one.kill()


def follow(consul, registry, folder):
    own, reading = registry.own_token(), registry.reading_token()
    with Workshop(PRESET, settings=registry.settings(own)) as shop:
        first = shop.daemon.port
        until("registered with the token of its name", lambda: registry.instances(reading) == [first])
        same("what an anonymous caller finds", get(f"{registry.url}/v1/health/service/product-catalog?passing")[1].strip(), b"[]")
        with gateway(shop.daemon, registry.settings(reading), folder) as url:
            until("a request through the gateway", lambda: asked(url, shop) == 200)
            second = Daemon(shop.program, shop.cluster, folder, {name: value for name, value in shop.daemon.environment.items() if name != "PORT"})
            try:
                until("a second instance", lambda: sorted(registry.instances(reading)) == sorted([first, second.port]))
                services = json.loads(get(f"{registry.url}/v1/agent/services", **{"X-Consul-Token": ROOT_TOKEN})[1])
                identity = next(name for name, service in services.items() if service["Port"] == first)
                registry.put(f"agent/service/deregister/{identity}", None)
                until("back after somebody struck it out", lambda: first in registry.instances(reading))
            finally:
                second.kill()
            same("the statuses of thirty requests right after one was killed", {asked(url, shop) for _ in range(30)}, {200})
            until("the killed one is not passing", lambda: registry.instances(reading) == [first], LONG)
            until("nor is it known any more", lambda: len(json.loads(get(f"{registry.url}/v1/health/service/product-catalog", **{"X-Consul-Token": reading})[1])) == 1, LONG)

            consul.kill()
            same("requests without Consul", {asked(url, shop) for _ in range(30)}, {200})
            consul.start()
            until("found again after Consul was killed", lambda: registry.instances(reading) == [first])
            same("requests afterwards", {asked(url, shop) for _ in range(30)}, {200})

            shop.daemon.process.terminate()
            same("how it ended", shop.daemon.process.wait(60), 0)
            same("who is registered at the end", registry.instances(reading), [])
            until("the gateway knows nobody any more", lambda: asked(url, shop) in (404, 503))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", action="store_true", help="compile Consul first, if it is not there")
    arguments = parser.parse_args()
    program = real_consul.or_skip(arguments.make)
    with tempfile.TemporaryDirectory(prefix="gravity-consul-") as name:
        folder = pathlib.Path(name)
        with server(program, folder) as consul:
            follow(consul, Registry(consul.port, ROOT_TOKEN), folder)
    print(f"a service and the gateway work with {real_consul.version(program)}")


main()
