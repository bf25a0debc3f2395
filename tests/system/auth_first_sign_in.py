#!/usr/bin/env python3
"""A platform whose services believe auth alone, as `./gravity up` starts it: its first client gets tokens that work everywhere, its first person signs in,
the development key opens nothing, and neither a new signing key nor auth's end takes a token away that is still good.
# Runs beside other scripts"""

import base64
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(os.environ.get("GRAVITY_ROOT", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT / "tools"))
from gravity import manifest, paths, selection, sign_in, testing, tokens  # noqa: E402
from gravity.platform_run import Platform, tail  # noqa: E402

CHOSEN = ["product-catalog", "project", "auth", "gateway", "discovery"]


def call(port, method, path, token, body=None):
    return send(port, method, path, {"Authorization": f"Bearer {token}"}, body)


def send(port, method, path, headers, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", None if body is None else json.dumps(body).encode(), method=method,
                                     headers={**headers, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read() or b"null")


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r} instead of {wanted!r}")
    print(f"{what}: {got!r}")


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def started(instance):
    services = selection.choose(manifest.load_all(), CHOSEN, None, [])
    instance.save_state(services=[service.name for service in services], preset=instance.preset)
    sign_in.decide(instance, services)
    sign_in.ensure(instance)
    platform = Platform(instance)
    platform.start_stores(services, (True, True))
    failed = [outcome for outcome in platform.start_services(services, 120, lambda outcome: None) if not outcome.verdict.ready]
    if failed:
        sys.exit("\n".join([f"{it.service.name}: {it.verdict.reason}\n" + "\n".join(tail(instance, it.service.name, 10)) for it in failed]))
    return platform


def use_an_api_key(gateway, token):
    """Of a project that is made now: what it opens, that it opens no other, and that it is dead within two seconds."""
    made = {}
    for what, path, body in (("organisation", "/api/v1/organizations", {"slug": "acme", "name": "Acme"}),
                             ("project", "/api/v1/projects", {"slug": "shop", "name": "Shop"}),
                             ("key", "/api/v1/api-keys", {"env": "production", "name": "Back end", "scopes": ["products:write"]})):
        if what == "project":
            body["organization_id"] = made["organisation"]["id"]
        if what == "key":
            body["project_id"] = made["project"]["id"]
        status, made[what] = call(gateway, "POST", path, token, body)
        expect(f"the {what} through the gateway", status, 201)
    key = {"X-Api-Key": made["key"]["key"]}
    status, product = send(gateway, "POST", "/api/v1/products", key, {"name": "Cup", "slug": "cup"})
    expect("a product made with the key", status, 201)
    expect("the same for those of another project", call(gateway, "GET", f"/api/v1/products/{product['id']}", token)[0], 404)
    expect("what the key is not for", send(gateway, "GET", "/api/v1/api-keys", key)[0], 403)
    expect("revoking it", call(gateway, "DELETE", f"/api/v1/api-keys/{made['key']['id']}", token)[0], 204)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        send(gateway, "GET", "/api/v1/products", key)
        time.sleep(0.1)
    expect("two seconds later", send(gateway, "GET", "/api/v1/products", key)[0], 401)


def tell(instance, platform):
    gateway, auth = instance.port(8000), instance.port(sign_in.AUTH_PORT)
    token = sign_in.token(instance, None)
    expect("issuer of the token", claims(token)["iss"], f"http://127.0.0.1:{auth}")
    expect("its project", claims(token)["project"], tokens.Identity(instance).facts()["project"])
    expect("a product through the gateway", call(gateway, "POST", "/api/v1/products", token, {"name": "Mug", "slug": "mug"})[0], 201)
    use_an_api_key(gateway, token)

    narrow = sign_in.token(instance, ["products:read"])
    expect("what a narrower token says", claims(narrow)["scope"], "products:read")
    expect("reading with it", call(gateway, "GET", "/api/v1/products", narrow)[0], 200)
    expect("writing with it", call(gateway, "POST", "/api/v1/products", narrow, {"name": "Cup", "slug": "cup"})[0], 403)

    development = tokens.Identity(instance).token()
    for name, port in (("gateway", gateway), ("product-catalog", instance.port(manifest.load_all()["product-catalog"].port)), ("auth", auth)):
        path = "/api/v1/clients" if name == "auth" else "/api/v1/products"
        expect(f"the development key at {name}", call(port, "GET", path, development)[0], 401)

    account = sign_in.account(instance)
    question = {"login_name": account["username"], "password": account["password"], "address": "203.0.113.7"}
    checker = sign_in.token(instance, ["credentials:check"])
    expect("the first person", call(gateway, "POST", "/api/v1/credentials/check", checker, question)[1]["verified"], True)
    expect("with another password", call(gateway, "POST", "/api/v1/credentials/check", checker, {**question, "password": "x" * 20})[1]["verified"], False)

    expect("another signing key", call(gateway, "POST", "/api/v1/signing-keys/rotate", token, {"alg": "es256"})[0] // 100, 2)
    expect("the token before it", call(gateway, "GET", "/api/v1/products", token)[0], 200)
    platform.supervisor.stop_program("auth")
    expect("while auth is away, at the gateway", call(gateway, "GET", "/api/v1/products", token)[0], 200)


def main():
    instance = testing.throw_away("sign-in")
    instance = paths.Instance(instance.directory, os.environ.get("GRAVITY_PRESET", "dev"), test=True)
    try:
        tell(instance, started(instance))
    finally:
        testing.discard(instance)


main()
