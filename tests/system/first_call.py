#!/usr/bin/env python3
"""The first call of every service's manifest, through the gateway, as the README shows it, in a project that nobody else has used; then what must not work."""

import json
import os
import pathlib
import sys
import urllib.error
import urllib.request

import yaml

ROOT = pathlib.Path(os.environ.get("GRAVITY_ROOT", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT / "tools"))
from gravity import paths, tokens  # noqa: E402

URL = os.environ["GRAVITY_URL"]
TOKEN = tokens.Identity(paths.Instance(pathlib.Path(os.environ["GRAVITY_INSTANCE_DIR"]), test=True)).token(project=tokens.uuid7())
RUNNING = set(os.environ.get("GRAVITY_SERVICES", "").replace(",", " ").split())


def call(method, path, body=None, token=TOKEN, headers=()):
    request = urllib.request.Request(URL + path, method=method, data=None if body is None else json.dumps(body).encode())
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    for name, value in headers:
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), refused.read()


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r} instead of {wanted!r}")
    print(f"{what}: {got!r}")


calls = 0
for path in sorted(ROOT.glob("services/*/service.yaml")):
    manifest = yaml.safe_load(path.read_text())
    first = manifest.get("first_call")
    if not first or (RUNNING and manifest["name"] not in RUNNING):
        continue
    calls += 1
    where = f"{first['method']} {first['path']}"
    key = [("Idempotency-Key", "first-call")]
    status, headers, body = call(first["method"], first["path"], first.get("body"), headers=key)
    expect(where, status, first["status"])
    expect(where + " again with its key", call(first["method"], first["path"], first.get("body"), headers=key)[2], body)
    if location := headers.get("Location"):
        status, _, read = call("GET", location)
        expect(f"GET {location}", status, 200)
        expect("what was created", json.loads(read)["id"], json.loads(body)["id"])
    expect(where + " without a token", call(first["method"], first["path"], first.get("body"), token=None)[0], 401)
    expect(where + " with a damaged token", call(first["method"], first["path"], first.get("body"), token=TOKEN[:-8] + "AAAAAAAA")[0], 401)

expect("a path nobody routes", call("GET", "/api/v1/nothing-here")[0], 404)
if calls == 0:
    sys.exit("no manifest of a running service has a first_call")
