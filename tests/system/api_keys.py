#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The life of an API key through the gateway's port: an organisation, a project and its keys are made; a key makes a product in its project and none elsewhere; it is
rotated while it is used, without a refusal; one that is bound to networks is good from there alone, and from nowhere else within two seconds once that is changed; it is
revoked, and dead at every gateway within two seconds, with a Redis that carries events and without.

PostgreSQL, Redis, auth, project, product-catalog and two gateways are this script's own (tests/support/key_platform.py)."""

import base64
import json
import pathlib
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import key_platform  # noqa: E402
from key_platform import BOUND, Using, ask, basic, expect, expect_dead, statuses, until_used  # noqa: E402
from scripts import same  # noqa: E402


def story(platform):
    first, second = platform.gateways
    token = expect("a token", ask(first, "POST", "/oauth2/token", "grant_type=client_credentials", Authorization=basic(platform.people)), 200)["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    organization = expect("an organisation", ask(first, "POST", "/api/v1/organizations", {"slug": "acme", "name": "Acme"}, **bearer), 201)
    shop, blog = (expect("a project", ask(first, "POST", "/api/v1/projects", {"organization_id": organization["id"], "slug": slug, "name": slug}, **bearer), 201)
                  for slug in ("shop", "blog"))

    def new_key(project, scope="products:write", **more):
        body = {"project_id": project["id"], "env": "staging", "name": "Back end", "scopes": [scope], **more}
        return expect("a key", ask(first, "POST", "/api/v1/api-keys", body, **bearer), 201)

    def revoke(key):
        expect("revoking", ask(first, "DELETE", f"/api/v1/api-keys/{key['id']}", **bearer), 204)
        return time.monotonic()

    key, elsewhere, reader = new_key(shop), new_key(blog), new_key(shop, "products:read")
    end = time.monotonic() + 30
    while ask(first, "GET", "/api/v1/products", X_Api_Key=key["key"])[0] == 503 and time.monotonic() < end:
        time.sleep(0.2)  # auth has only just begun, and may not have heard yet where project is
    product = expect("a product made with a key", ask(first, "POST", "/api/v1/products", {"name": "Mug", "slug": "mug"}, X_Api_Key=key["key"]), 201)
    same("seen with another key of the project", ask(second, "GET", f"/api/v1/products/{product['id']}", X_Api_Key=reader["key"])[0], 200)
    same("seen with a key of another project", ask(second, "GET", f"/api/v1/products/{product['id']}", X_Api_Key=elsewhere["key"])[0], 404)
    same("made with a key that may only read", ask(first, "POST", "/api/v1/products", {"name": "Cup", "slug": "cup"}, X_Api_Key=reader["key"])[0], 403)
    same("with a key that never was", ask(first, "GET", "/api/v1/products", X_Api_Key=key["key"][:-1] + "!")[0], 401)
    same("with the key past the gateway", ask(platform.daemons[2].port, "GET", "/api/v1/products", X_Api_Key=key["key"])[0], 401)

    form = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type=urn:gravity:params:oauth:token-type:api-key&subject_token="
    exchanged = ask(first, "POST", "/oauth2/token", form + urllib.parse.quote(key["key"]), Authorization=basic(platform.door))
    payload = expect("an exchange", exchanged, 200)["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    told = {name: claims[name] for name in ("sub", "project", "env", "scope")}
    same("what services are told", told, {"sub": f"api_key:{key['id']}", "project": shop["id"], "env": "staging", "scope": "products:write"})

    inside, outside = new_key(shop, cidrs=["127.0.0.0/8", "::1"]), new_key(shop, cidrs=["203.0.113.0/24"])
    same("a key that is bound to where it is shown", ask(first, "GET", "/api/v1/products", X_Api_Key=inside["key"])[0], 200)
    same("a key that is bound to elsewhere", ask(first, "GET", "/api/v1/products", X_Api_Key=outside["key"])[0], 401)
    same("the same, forged", ask(first, "GET", "/api/v1/products", X_Api_Key=outside["key"], X_Forwarded_For="203.0.113.7")[0], 401)
    for shown, status in (("&network=203.0.113.7", 200), ("&network=127.0.0.1", 400), ("", 400)):
        same(f"an exchange of it, {shown}", ask(first, "POST", "/oauth2/token", form + outside["key"] + shown, Authorization=basic(platform.door))[0], status)
    users = [Using(port, inside["key"]) for port in (first, second)]
    until_used(users)
    expect("binding it to elsewhere", ask(first, "PATCH", f"/api/v1/api-keys/{inside['id']}", {"cidrs": ["203.0.113.0/24"]}, **bearer), 200)
    expect_dead("bound to elsewhere", users, time.monotonic())

    users = [Using(port, key["key"]) for port in (first, second)]
    until_used(users)
    successor = expect("rotating", ask(first, "POST", f"/api/v1/api-keys/{key['id']}/rotate", {"grace_seconds": 3600}, **bearer), 201)
    users += [Using(port, successor["key"]) for port in (first, second)]
    until_used(users)
    time.sleep(3)  # the rotation has been heard, and all has been exchanged anew
    same("statuses while a key is rotated", [statuses(user.end()) for user in users], [[200]] * 4)

    users = [Using(port, successor["key"]) for port in (first, second)]
    until_used(users)
    expect_dead("revoked while events are heard", users, revoke(successor))
    same("the key before it, in its grace", ask(second, "GET", "/api/v1/products", X_Api_Key=key["key"])[0], 200)
    same("a token of the revoked key that somebody else had", ask(first, "POST", "/oauth2/token", form + successor["key"], Authorization=basic(platform.door))[0], 400)
    stolen = exchanged[1]["access_token"]
    same("a token of a key that is good", ask(first, "GET", "/api/v1/products", Authorization=f"Bearer {stolen}")[0], 200)
    revoke(key)
    time.sleep(BOUND)
    same("the same when the key has been revoked", ask(first, "GET", "/api/v1/products", Authorization=f"Bearer {stolen}")[0], 401)

    users = [Using(port, reader["key"]) for port in (first, second)]
    until_used(users)
    platform.redis.kill()
    expect_dead("revoked in the moment in which Redis is gone", users, revoke(reader))
    same("a key that is good, without Redis", ask(first, "GET", "/api/v1/products", X_Api_Key=elsewhere["key"])[0], 200)
    users = [Using(port, elsewhere["key"]) for port in (first, second)]
    until_used(users)
    ended = expect("giving a key back", ask(first, "POST", "/api/v1/api-keys/revoke", f"token={elsewhere['key']}", **bearer), 200)
    expect_dead("given back without Redis", users, time.monotonic())
    same("the answer to giving a key back", ended, {})


with key_platform.running() as made:
    story(made)
