#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""nginx before a gateway, as many have one: API keys come through it in X-Api-Key, and as bearer tokens, which it hands on as keys; one that is bound to an address is good from there
alone, and a revoked one is dead behind it too. PostgreSQL, Redis, auth, project, product-catalog and two gateways are this script's own (tests/support/key_platform.py). Needs nginx (Debian:
nginx-light)."""

import contextlib
import http.client
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import key_platform  # noqa: E402
import throwaway  # noqa: E402
from key_platform import BOUND, ask, basic, expect  # noqa: E402
from scripts import same  # noqa: E402

PROGRAM = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
SETTINGS = """daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;{user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  map $http_authorization $shown_key {{ "~^Bearer (?<bearer_key>grv_[^ ]+)$" $bearer_key; default $http_x_api_key; }}
  map $http_authorization $shown_token {{ "~^Bearer grv_" ""; default $http_authorization; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{gateway}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Api-Key $shown_key; proxy_set_header Authorization $shown_token; proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""


@contextlib.contextmanager
def nginx_before(gateway, folder):
    """The port of an nginx before a gateway."""
    port, settings = throwaway.free_port(), folder / "nginx.conf"
    settings.write_text(SETTINGS.format(folder=folder, port=port, gateway=gateway, user=" user root;" if os.geteuid() == 0 else ""))
    process = subprocess.Popen([PROGRAM, "-c", str(settings), "-e", str(folder / "nginx.log")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        throwaway.wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def status_from(address, port, path, **fields):
    """The status of a GET that comes from this address of the loopback network."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(address, 0))
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in fields.items()})
        return connection.getresponse().status
    finally:
        connection.close()


def story(platform):
    gateway = platform.gateways[0]
    token = expect("a token", ask(gateway, "POST", "/oauth2/token", "grant_type=client_credentials", Authorization=basic(platform.people)), 200)["access_token"]
    people = {"Authorization": f"Bearer {token}"}
    organization = expect("an organisation", ask(gateway, "POST", "/api/v1/organizations", {"slug": "acme", "name": "Acme"}, **people), 201)

    def new_key(slug, **more):
        project = expect("a project", ask(gateway, "POST", "/api/v1/projects", {"organization_id": organization["id"], "slug": slug, "name": slug}, **people), 201)
        body = {"project_id": project["id"], "env": "production", "name": "Back end", "scopes": ["products:write"], **more}
        return expect("a key", ask(gateway, "POST", "/api/v1/api-keys", body, **people), 201)

    key, elsewhere = new_key("shop"), new_key("blog")
    end = time.monotonic() + 30
    while ask(gateway, "GET", "/api/v1/products", X_Api_Key=key["key"])[0] == 503 and time.monotonic() < end:
        time.sleep(0.2)  # auth has only just begun, and may not have heard yet where project is
    with nginx_before(gateway, platform.folder) as proxy:
        def bearer(text):
            return {"Authorization": f"Bearer {text}"}

        product = expect("a product made with a key", ask(proxy, "POST", "/api/v1/products", {"name": "Mug", "slug": "mug"}, X_Api_Key=key["key"]), 201)
        path = f"/api/v1/products/{product['id']}"
        same("with the key", ask(proxy, "GET", path, X_Api_Key=key["key"])[0], 200)
        same("with the key as a bearer token", ask(proxy, "GET", path, **bearer(key["key"]))[0], 200)
        same("with a key of another project", ask(proxy, "GET", path, **bearer(elsewhere["key"]))[0], 404)
        same("with a key that never was", ask(proxy, "GET", path, **bearer(key["key"][:-1] + "!"))[0], 401)
        same("without any", ask(proxy, "GET", path)[0], 401)
        same("people's tokens are left as they are", ask(proxy, "GET", f"/api/v1/api-keys/{key['id']}", **people)[0], 200)
        bound = new_key("bound", cidrs=["127.0.0.2"])
        for address, shown, status in (("127.0.0.2", {}, 200), ("127.0.0.1", {}, 401), ("127.0.0.3", {"X_Forwarded_For": "127.0.0.2"}, 401), ("127.0.0.2", {}, 200)):
            same(f"with a key that is bound to 127.0.0.2, from {address}, {shown}", status_from(address, proxy, "/api/v1/products", X_Api_Key=bound["key"], **shown), status)
        same("the same past nginx", status_from("127.0.0.3", gateway, "/api/v1/products", X_Api_Key=bound["key"], X_Forwarded_For="127.0.0.2"), 401)
        expect("revoking", ask(proxy, "DELETE", f"/api/v1/api-keys/{key['id']}", **people), 204)
        time.sleep(BOUND)
        same("with the key when it has been revoked", ask(proxy, "GET", path, X_Api_Key=key["key"])[0], 401)
        same("the same as a bearer token", ask(proxy, "GET", path, **bearer(key["key"]))[0], 401)
        same("another one", ask(proxy, "GET", "/api/v1/products", **bearer(elsewhere["key"]))[0], 200)


if PROGRAM is None:
    print("nginx is not installed")
    sys.exit(77)
with key_platform.running(gateway_settings={"GATEWAY_TRUSTED_PROXIES": "127.0.0.1/32"}) as made:
    story(made)
print("nginx hands on keys in both ways, and where they were shown")
