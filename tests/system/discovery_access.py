#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""A service of Gravity and the gateway against a discovery daemon with access rules: with a token for its own name the service registers, with one that may
read the gateway finds it and sends requests there; with somebody else's token it is not taken in, and says why."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from discovery import PATIENCE, own_daemon, put  # noqa: E402
from scripts import contains, same  # noqa: E402
from throwaway import Daemon, Workshop, binary, free_port  # noqa: E402

PRESET = os.environ.get("GRAVITY_PRESET", "dev")
ROOT_TOKEN = "2f9b6f0a-7d4e-4b9b-8f0e-6f5f3f1f7a11"  # of the daemon that this script starts
NAME = "product-catalog"


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {PATIENCE} s")
        time.sleep(0.1)
    return found


def get(url, **headers):
    """Status and body; nothing if nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
    except OSError:
        return 0, b""


class Registry:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def token(self, grants):
        return json.loads(put("acl/token", grants, self.url, ROOT_TOKEN))["SecretID"]

    def instances(self, token):
        status, body = get(f"{self.url}/v1/health/service/{NAME}?passing", **({"X-Consul-Token": token} if token else {}))
        same("status of the look-up", status, 200)
        return [entry["Service"]["Port"] for entry in json.loads(body)]

    def settings(self, token):
        return {"DISCOVERY_MODE": "consul", "DISCOVERY_URL": self.url, "DISCOVERY_TOKEN": token, "DEREGISTER_DELAY_SECONDS": "0"}


def through_the_gateway(registry, shop, token, folder):
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "PORT": str(port), "ADMIN_PORT": str(free_port()), "LISTEN_ADDRESS": "127.0.0.1",
                   **{name: value for name, value in shop.daemon.environment.items() if name.startswith("AUTH_")}, **registry.settings(token)}
    with open(folder / "gateway.log", "wb") as log:
        gateway = subprocess.Popen([str(binary("gateway", PRESET))], env=environment, stdout=log, stderr=log)
    try:
        until("a request through the gateway",
              lambda: get(f"http://127.0.0.1:{port}/api/v1/products", Authorization=f"Bearer {shop.token}")[0] == 200)
    finally:
        gateway.terminate()
        gateway.wait(60)


def main():
    if not binary("gateway", PRESET).exists():
        print("the gateway is not built")
        sys.exit(77)
    flags = ("--discovery-acl-enabled=true", f"--discovery-acl-initial-management={ROOT_TOKEN}")
    with own_daemon(*flags) as port, tempfile.TemporaryDirectory(prefix="gravity-access-") as name:
        registry, folder = Registry(port), pathlib.Path(name)
        put("acl/policy", {"Name": "reads", "Rules": 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }'}, registry.url, ROOT_TOKEN)
        own, reading = registry.token({"ServiceIdentities": [{"ServiceName": NAME}]}), registry.token({"Policies": [{"Name": "reads"}]})
        foreign = registry.token({"ServiceIdentities": [{"ServiceName": "other"}]})
        with Workshop(PRESET, settings=registry.settings(own)) as shop:
            until("registered with the token of its name", lambda: registry.instances(reading) == [shop.daemon.port])
            same("what an anonymous caller finds", registry.instances(None), [])
            through_the_gateway(registry, shop, reading, folder)

            environment = {name: value for name, value in shop.daemon.environment.items() if name != "PORT"}
            second = Daemon(shop.program, shop.cluster, folder, {**environment, **registry.settings(foreign)})
            try:
                second.wait_ready()  # it serves all the same
                log = folder / "catalog.log"
                until("its log says that it was refused", lambda: b"not registered" in log.read_bytes())
                contains("why", log.read_text(), "discovery answered 403")
                same("who is registered", registry.instances(reading), [shop.daemon.port])
            finally:
                second.kill()

            shop.daemon.process.terminate()
            same("how it ended", shop.daemon.process.wait(60), 0)
            same("who is registered at the end", registry.instances(reading), [])
    print("a service and the gateway work with access rules")


main()
