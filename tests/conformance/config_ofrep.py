#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""OpenFeature's SDKs for Node.js and for browsers with their OFREP providers, unchanged, against config's feature flags. On a config and a PostgreSQL of its
own."""

import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import config_service  # noqa: E402
import fetched  # noqa: E402
import throwaway  # noqa: E402

HERE = pathlib.Path(__file__).resolve()
CLIENTS = ["@openfeature/ofrep-provider@0.1.3", "@openfeature/server-sdk@1.23.0", "@openfeature/ofrep-web-provider@0.4.3", "@openfeature/web-sdk@1.10.0"]


def settle(config):
    def flag(key, kind, variants, default, **more):
        config.ask("POST", "/api/v1/feature-flags", {"key": key, "type": kind, "variants": variants, "default_variant": default, **more})

    switch = {"on": True, "off": False}
    flag("on", "boolean", switch, "on")
    flag("colour", "string", {"blue": "blue", "red": "red"}, "blue")
    flag("limit", "number", {"low": 1.5, "whole": 2}, "low")
    flag("layout", "object", {"wide": {"columns": 3, "names": ["a"]}}, "wide")
    flag("beta", "boolean", switch, "off", rules=[{"when": {"attribute": "plan", "op": "eq", "value": "pro"}, "variant": "on"}])
    flag("ended", "boolean", switch, "off", enabled=False)
    flag("half", "boolean", switch, "off", rules=[{"split": [{"variant": "on", "share": 50_000}]}])


def main():
    node = fetched.node(18)
    program = throwaway.binary("config", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        fetched.skip(f"{program} is not built")
    modules = fetched.npm_modules("openfeature-ofrep", *CLIENTS)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-config-"))
    with config_service.running(program, folder, collections=("feature-flags",)) as config:
        settle(config)
        passed = fetched.node_tests(node, HERE.with_suffix(".mjs"), {"GRAVITY_NODE_MODULES": str(modules), "GRAVITY_CONFIG_URL": config.url,
                                                                     "GRAVITY_TOKEN": config.token}, 120)
    print(f"{passed} tests of OpenFeature's SDK passed")


main()
