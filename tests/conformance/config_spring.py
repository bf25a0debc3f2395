#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The npm client `cloud-config-client`, unchanged, against config; and what config writes read by PyYAML (YAML 1.1). On a config and a PostgreSQL of its own."""

import base64
import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import config_service  # noqa: E402
import fetched  # noqa: E402
import throwaway  # noqa: E402

try:
    import yaml
except ImportError:
    fetched.skip("there is no PyYAML")

HERE = pathlib.Path(__file__).resolve()
TRAPS = ["no", "Yes", "ON", "null", "~", "0123", "1e3", "12:30:45", "2026-01-01", "", " a", "a: b", "a #b", "- x", "*x", "{a}", "1_000", "0x1f", "<<", "=", "\u2028 \u0085 \x1b",
         "é日😀", "line\nbreak\n", "tab\t", 'quote"\\', "a.b/c-d"]


def settle(config):
    config_service.settle(config)
    cipher = config.ask_for("hunter2", "/spring/encrypt")
    if config.ask_for(cipher, "/spring/decrypt") != "hunter2" or json.loads(config.ask("GET", "/spring/encrypt/status")) != {"status": "OK"}:
        sys.exit("what was encrypted is not decrypted")
    config.publish("vault", "default", {"db": {"user": "sa", "password": f"{{cipher}}{cipher}"}})
    config.publish("traps", "default", {"texts": TRAPS, "numbers": [1, -5, 1.5, 1e300, 1.5e-07], "names": {"no": 1, "1": 2, "0123": 3, "~": 4}, "none": []})


def read_as_yaml(config):
    """Every text is read as the text it is, every number as that number."""
    for label in ("", "main/"):
        read = yaml.safe_load(config.ask("GET", f"/spring/{label}traps-default.yml"))
        expected = json.loads(config.ask("GET", f"/spring/{label}traps-default.json"))
        if read != expected or read["texts"] != TRAPS:
            sys.exit(f"YAML is not read as it is written: {read} instead of {expected}")


def main():
    node = fetched.node(18)
    program = throwaway.binary("config", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        fetched.skip(f"{program} is not built")
    modules = fetched.npm_modules("cloud-config-client", "cloud-config-client@1.6.2")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-config-"))
    settings = {"CONFIG_MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
    with config_service.running(program, folder, settings=settings, more=["configs:secrets"]) as config:
        settle(config)
        read_as_yaml(config)
        key = json.loads(config.ask("POST", "/api/v1/config/access-keys", {"name": "shop", "kind": "secret", "scopes": ["configs:read"]}))["key"]
        passed = fetched.node_tests(node, HERE.with_suffix(".mjs"), {"GRAVITY_NODE_MODULES": str(modules), "GRAVITY_CONFIG_URL": config.url,
                                                                     "GRAVITY_TOKEN": config.token, "GRAVITY_KEY": key}, 120)
    print(f"{passed} tests of the npm client passed")


main()
