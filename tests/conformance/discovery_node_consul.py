#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The npm client `consul`, unchanged, against a daemon that was started as `consul agent`: what its acceptance tests ask, and the rest of the client's calls.

The package has no tests in it, so discovery_node_consul.mjs asks what they ask. What they want of a second agent that joins is left out (docs/discovery.md)."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from discovery import as_consul, own_daemon  # noqa: E402

VERSION = "2.0.1"
LIMIT = 240  # seconds for all of it
HERE = pathlib.Path(__file__).resolve()


def skip(why):
    print(why)
    sys.exit(77)


def client(npm):
    """The folder that has the client in its node_modules. Fetched once."""
    folder = pathlib.Path(os.environ["GRAVITY_ROOT"]) / "var" / "test-node-consul" / VERSION
    if (folder / "done").is_file():
        return folder
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    fetched = subprocess.run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", f"consul@{VERSION}"], cwd=folder,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if fetched.returncode != 0:
        print(fetched.stdout[-4000:])
        sys.exit("fetching the client failed")
    (folder / "done").touch()
    return folder


def main():
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        skip("there is no Node.js with npm (Debian: nodejs, npm) to run the client with")
    major = int(re.match(r"v(\d+)", subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout)[1])
    if major < 18:
        skip(f"this Node.js has no test runner: {major} instead of 18 or later")
    rules = {"primary_datacenter": "dc1", "acl": {"enabled": False}, "enable_script_checks": True}
    words = ["-bootstrap", "-server", "-node", "node1", "-datacenter", "dc1", "-bind", "127.0.0.1", "-client", "127.0.0.1"]
    with as_consul(rules, *words) as port, own_daemon("--discovery-acl-enabled=true") as guarded:
        environment = {**os.environ, "GRAVITY_NODE_MODULES": str(client(npm)), "GRAVITY_CONSUL_PORT": str(port), "GRAVITY_GUARDED_PORT": str(guarded)}
        try:
            ran = subprocess.run([node, "--test", "--test-reporter=tap", str(HERE.with_suffix(".mjs"))], env=environment, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired as late:
            sys.exit(f"no end within {LIMIT} s:\n{(late.stdout or b'').decode(errors='replace')[-8000:]}")
    passed = re.search(r"^# pass (\d+)$", ran.stdout, re.MULTILINE)
    if ran.returncode != 0 or passed is None or int(passed[1]) == 0:
        print(ran.stdout[-20000:])
        sys.exit("the client is not served as it should be")
    print(f"{passed[1]} tests of the npm client passed")


main()
