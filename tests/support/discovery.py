"""The discovery daemon under test, as the scripts of tests/conformance fill it: its HTTP API at $GRAVITY_DISCOVERY_URL."""

import json
import os
import urllib.error
import urllib.request

BASE = os.environ["GRAVITY_DISCOVERY_URL"]


def put(path, body):
    request = urllib.request.Request(f"{BASE}/v1/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="PUT")
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def deregister_service(identity):
    """Whether it is there or not."""
    try:
        put(f"agent/service/deregister/{identity}", None)
    except urllib.error.HTTPError as refusal:
        if refusal.code != 404:
            raise
