#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The response cache against `http-cache-tests`, the suite of the HTTP working group's chair: every test that is required passes, and of the optional ones exactly
those fail that stand below with the reason.

Run by hand with the name of one test, it shows the messages of that."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from throwaway import ROOT, binary, free_port, wait_for  # noqa: E402

VERSION = "0.4.5"
LIMIT = 300  # seconds for all of it
HERE = pathlib.Path(__file__).resolve()
GATEWAY = os.environ.get("GRAVITY_GATEWAY_BIN", str(binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))))

# What is required but cannot be tried: (what becomes of it, reason).
ON_CLOSE = "dependency_fail", "asks what a cache does that uses stale answers without the service's leave when it closes the connection; this one does not"
REQUIRED = {
    "headers-store-Transfer-Encoding": ("setup_fail", "the server sends a coding that is none; such an answer is refused, for its end cannot be known (RFC 9112 section 6.1)"),
    **{f"stale-close-{directive}": ON_CLOSE for directive in ("must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=2")},
}
GUESSED = "a lifetime is never guessed"
LANGUAGES = "fields that Vary names are compared as they are, their meaning is not known here"
PARTS = "parts are not kept"
# Optional ones that fail: reason. gateway/README.md says the same.
OPTIONAL = {
    **{f"heuristic-{status}-cached": GUESSED for status in (200, 203, 204, 404, 405, 410, 414, 501, 599)},
    "method-POST": "answers to POST are not kept",
    **{f"vary-normalise-{what}": LANGUAGES for what in ("lang-order", "lang-case", "lang-space", "lang-select", "space")},
    **{f"partial-store-partial-{what}": PARTS for what in ("reuse-partial", "reuse-partial-byterange", "reuse-partial-absent", "reuse-partial-suffix", "complete")},
    "conditional-lm-fresh-no-lm": "wants a 304 for a client whose copy is older than what is kept",
    "other-authorization-must-revalidate": "such an answer is kept for the same credentials alone (decision 37)",
}


def skip(why):
    print(why)
    sys.exit(77)


def suite(npm):
    """The folder of the package. Fetched once."""
    folder = ROOT / "var" / "test-http-cache" / VERSION
    if not (folder / "done").is_file():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true}\n')
        fetched = subprocess.run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", f"http-cache-tests@{VERSION}"], cwd=folder,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if fetched.returncode != 0:
            print(fetched.stdout[-4000:])
            sys.exit("fetching the suite failed")
        (folder / "done").touch()
    return folder / "node_modules" / "http-cache-tests"


def main():
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        skip("there is no Node.js with npm (Debian: nodejs, npm) to run the suite with")
    if not pathlib.Path(GATEWAY).is_file():
        skip(f"{GATEWAY} has not been built")
    root = suite(npm)
    upstream, port, admin = free_port(), free_port(), free_port()
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        routes = pathlib.Path(folder) / "routes.json"
        # The suite has its server fail, at many places at once. A breaker of one instance would open, and another instance would be asked instead: here the server
        # is so many instances that no breaker does, and each request is tried once.
        addresses = [f"127.0.0.{number}:{upstream}" for number in range(1, 65)]
        routes.write_text(json.dumps({"routes": [{"name": "suite", "prefixes": ["/"], "auth": "public", "cache": "shared-with-cookies", "upstreams": addresses}]}))
        try:
            environment = {**os.environ, "npm_config_protocol": "http", "npm_config_port": str(upstream), "npm_config_pidfile": f"{folder}/pid"}
            processes.append(subprocess.Popen([node, "server/server.mjs"], cwd=root, env=environment, stdout=subprocess.DEVNULL))
            wait_for(upstream, processes[-1])
            kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "AUTH_", "DISCOVERY_"))}
            settings = {"PORT": str(port), "ADMIN_PORT": str(admin), "GATEWAY_ROUTES_FILE": str(routes), "GATEWAY_MAX_ATTEMPTS": "1", "GATEWAY_RATE_PER_SECOND": "0", "LOG_LEVEL": "error"}
            processes.append(subprocess.Popen([GATEWAY], env={**kept, **settings}))
            wait_for(port, processes[-1])
            told = run(node, root, port)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)
    judge(told)


def run(node, root, port):
    environment = {**os.environ, "GRAVITY_CACHE_TESTS": str(root), "GRAVITY_CACHE_URL": f"http://127.0.0.1:{port}"}
    try:
        ran = subprocess.run([node, str(HERE.with_suffix(".mjs")), *sys.argv[1:2]], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired as late:
        sys.exit(f"no end within {LIMIT} s:\n{(late.stdout or b'').decode(errors='replace')[-4000:]}")
    found = re.search(r"^RESULTS (.*)$", ran.stdout, re.MULTILINE)
    if found is None:
        sys.exit(f"the suite did not end:\n{ran.stdout[-4000:]}")
    told = json.loads(found[1])
    if sys.argv[1:]:
        print(ran.stdout.replace(found[0], ""), json.dumps({name: result for name, result in told.items() if result["result"] != "untested"}, indent=1))
        sys.exit(0)
    return told


def judge(told):
    failures = []
    counts = collections.Counter()
    for name, test in told.items():
        kind, result = test["kind"], test["result"]
        counts[kind, result] += 1
        if kind == "required" and result != "pass" and REQUIRED.get(name, ("",))[0] != result:
            failures.append(f"required: {name}: {result}: {test['why']}")
        elif kind == "optimal" and result != "pass" and name not in OPTIONAL:
            failures.append(f"optional, and not among those told: {name}: {result}: {test['why']}")
        elif kind == "check" and result not in ("yes", "no", "dependency_fail", "setup_fail"):
            failures.append(f"{name}: {result}: {test['why']}")
    failures += [f"{name} is told to fail, but passes" for name in (*REQUIRED, *OPTIONAL) if told.get(name, {}).get("result") == "pass"]
    failures += [f"{name} is told, but there is no such test" for name in (*REQUIRED, *OPTIONAL) if name not in told]
    for (kind, result), count in sorted(counts.items()):
        print(f"{kind}: {count} {result}")
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
