"""A service, the gateway and whoever tells where services are, started by the scripts that look at all three at once."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml

from scripts import same
from throwaway import ROOT, binary, free_port

PRESET = os.environ.get("GRAVITY_PRESET", "dev")
NAME = "product-catalog"
PATIENCE = 60
TRUST = ("AUTH_JWKS_URL", "AUTH_ISSUER", "AUTH_AUDIENCE")


def until(what, condition, patience=PATIENCE):
    end = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {patience} s")
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
    """An agent with Consul's API and access rules, ours or Consul's own, as one who may everything (`root`) sees it."""

    def __init__(self, port, root):
        self.url, self.root = f"http://127.0.0.1:{port}", root

    def put(self, path, body):
        headers = {"Content-Type": "application/json", "X-Consul-Token": self.root}
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/v1/{path}", json.dumps(body).encode(), headers, method="PUT")) as answer:
            return json.loads(answer.read() or b"null")

    def token(self, grants):
        return self.put("acl/token", grants)["SecretID"]

    def own_token(self, service=NAME):
        """For who registers under this name."""
        return self.token({"ServiceIdentities": [{"ServiceName": service}]})

    def reading_token(self):
        """For who looks services up."""
        self.put("acl/policy", {"Name": "reads", "Rules": 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }'})
        return self.token({"Policies": [{"Name": "reads"}]})

    def instances(self, token):
        """Ports of the instances that pass, as the owner of the token finds them."""
        status, body = get(f"{self.url}/v1/health/service/{NAME}?passing", **({"X-Consul-Token": token} if token else {}))
        same("status of the look-up", status, 200)
        return [entry["Service"]["Port"] for entry in json.loads(body)]

    def settings(self, token):
        """Of a service that registers there and looks others up there."""
        return {"DISCOVERY_MODE": "consul", "DISCOVERY_URL": self.url, "DISCOVERY_TOKEN": token, "DEREGISTER_DELAY_SECONDS": "0"}


@contextlib.contextmanager
def gateway(daemon, settings, folder):
    """A gateway that trusts whom the daemon trusts, as long as the block runs; its URL."""
    program = binary("gateway", PRESET)
    if not program.exists():
        print("the gateway is not built")
        sys.exit(77)
    environment = {"PATH": os.environ["PATH"], "PORT": str(free_port()), "ADMIN_PORT": str(free_port()), "LISTEN_ADDRESS": "127.0.0.1",
                   **{name: value for name, value in daemon.environment.items() if name in TRUST}, **settings}
    with open(folder / "gateway.log", "ab") as log:
        process = subprocess.Popen([str(program)], env=environment, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{environment['PORT']}"
    finally:
        if process.poll() is not None:
            sys.exit(f"the gateway ended by itself:\n{(folder / 'gateway.log').read_text(errors='replace')[-2000:]}")
        process.terminate()
        same("how the gateway ended", process.wait(60), 0)


def manifest_of(service):
    """The data of its ConfigMap in the folders for Kubernetes."""
    return yaml.safe_load((ROOT / "deploy/kubernetes/services" / service / "configmap.yaml").read_text().split("---\n")[0])["data"]


def manifest_route(service, upstream):
    """The gateway's route to it without discovery, but to this address."""
    (route,) = [route for route in json.loads(manifest_of("gateway")["routes.json"])["routes"] if route["name"] == service]
    return {**route, "upstreams": [upstream]}


def asked(url, shop):
    """Status of the shop's list by this URL."""
    return get(f"{url}/api/v1/products", Authorization=f"Bearer {shop.token}")[0]
