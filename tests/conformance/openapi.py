#!/usr/bin/env python3
"""Property-based requests from each service's own /openapi.json (schemathesis): no 5xx, no status and no answer outside what it describes.

Each day of the week has examples of its own, the same ones each time: SEED=1 to SEED=7 says which (1 is Monday), EXAMPLES how many for each operation."""

import datetime
import os
import pathlib
import subprocess
import sys

RUNNING = os.environ.get("GRAVITY_SERVICES", "").replace(",", " ").split()
TOOL = pathlib.Path(sys.executable).with_name("schemathesis")
if not TOOL.exists():
    TOOL = pathlib.Path(os.environ.get("VIRTUAL_ENV", "/nonexistent")) / "bin/schemathesis"
if not TOOL.exists():
    print("schemathesis is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)

seed = os.environ.get("SEED") or str(datetime.datetime.now(datetime.timezone.utc).isoweekday())
checked = 0
for name in RUNNING:
    if name in ("discovery", "gateway"):  # foreign surfaces: their own clients judge them
        continue
    url = os.environ[f"GRAVITY_{name.replace('-', '_').upper()}_URL"]
    command = [str(TOOL), "run", f"{url}/openapi.json", "--url", url, "-H", f"Authorization: Bearer {os.environ['GRAVITY_TOKEN']}",
               "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance",
               "--max-examples", os.environ.get("EXAMPLES", "20"), "--seed", seed, "--no-color"]
    print(" ".join(command[:3]), flush=True)
    if subprocess.run(command).returncode != 0:
        sys.exit(f"{name}: schemathesis found a difference between what it says and what it does")
    checked += 1
sys.exit(0 if checked else 77)
