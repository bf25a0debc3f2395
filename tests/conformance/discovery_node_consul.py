#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The npm client `consul`, unchanged, against a daemon that was started as `consul agent`: what its acceptance tests ask, and the rest of the client's calls.

The package has no tests in it, so discovery_node_consul.mjs asks what they ask. What they want of a second agent that joins is left out (docs/discovery.md)."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from discovery import as_consul, own_daemon  # noqa: E402
from fetched import node, node_tests, npm_modules  # noqa: E402

VERSION = "2.0.1"
LIMIT = 240  # seconds for all of it


def main():
    program, modules = node(18), npm_modules("node-consul", f"consul@{VERSION}")
    rules = {"primary_datacenter": "dc1", "acl": {"enabled": False}, "enable_script_checks": True}
    words = ["-bootstrap", "-server", "-node", "node1", "-datacenter", "dc1", "-bind", "127.0.0.1", "-client", "127.0.0.1"]
    with as_consul(rules, *words) as port, own_daemon("--discovery-acl-enabled=true") as guarded:
        environment = {"GRAVITY_NODE_MODULES": str(modules), "GRAVITY_CONSUL_PORT": str(port), "GRAVITY_GUARDED_PORT": str(guarded)}
        passed = node_tests(program, pathlib.Path(__file__).resolve().with_suffix(".mjs"), environment, LIMIT)
    print(f"{passed} tests of the npm client passed")


main()
