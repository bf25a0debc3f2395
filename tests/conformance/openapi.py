#!/usr/bin/env python3
"""Property-based requests from each service's own /openapi.json (schemathesis): no 5xx, no status and no answer outside what it describes.

Each day of the week has examples of its own, the same ones each time: SEED=1 to SEED=7 says which (1 is Monday), EXAMPLES how many for each operation."""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

RUNNING = os.environ.get("GRAVITY_SERVICES", "").replace(",", " ").split()
TOOL = pathlib.Path(sys.executable).with_name("schemathesis")
if not TOOL.exists():
    TOOL = pathlib.Path(os.environ.get("VIRTUAL_ENV", "/nonexistent")) / "bin/schemathesis"
if not TOOL.exists():
    print("schemathesis is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)



def endless(operation):
    """Events without an end are for the clients that read them."""
    return any("text/event-stream" in answer.get("content", {}) for answer in operation.get("responses", {}).values())


def waits(operation):
    """By a parameter `wait`, up to a minute: each example would."""
    return any(parameter.get("name") == "wait" for parameter in operation.get("parameters", []))


def particulars(url):
    """Which paths are left out, and a configuration for those that wait."""
    with urllib.request.urlopen(f"{url}/openapi.json", timeout=30) as answer:
        operations = [(path, operation) for path, methods in json.load(answer)["paths"].items() for operation in methods.values() if isinstance(operation, dict)]
    waiting = [f'[[operations]]\ninclude-path = "{path}"\nparameters = {{ wait = 0 }}\n' for path, operation in operations if waits(operation)]
    return [word for path, operation in operations if endless(operation) for word in ("--exclude-path", path)], "\n".join(waiting)


seed = os.environ.get("SEED") or str(datetime.datetime.now(datetime.timezone.utc).isoweekday())
checked = 0
for name in RUNNING:
    if name in ("discovery", "gateway"):  # foreign surfaces: their own clients judge them
        continue
    url = os.environ[f"GRAVITY_{name.replace('-', '_').upper()}_URL"]
    left_out, configuration = particulars(url)
    file = tempfile.NamedTemporaryFile("w", suffix=".toml")
    file.write(configuration)
    file.flush()
    command = [str(TOOL), "--config-file", file.name, "run", f"{url}/openapi.json", "--url", url, "-H", f"Authorization: Bearer {os.environ['GRAVITY_TOKEN']}",
               "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance",
               "--max-examples", os.environ.get("EXAMPLES", "20"), "--seed", seed, "--no-color", *left_out]
    print(name, *left_out, flush=True)
    if subprocess.run(command).returncode != 0:
        sys.exit(f"{name}: schemathesis found a difference between what it says and what it does")
    checked += 1
sys.exit(0 if checked else 77)
