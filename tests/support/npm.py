"""npm packages for tests: clients that others wrote."""

import os
import re
import shutil
import subprocess
import sys

import throwaway


def skip(why):
    print(why)
    sys.exit(77)


def tools(least):
    """Node.js and npm; skips without them, or if this Node.js is older."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        skip("there is no Node.js with npm (Debian: nodejs, npm) to run the client with")
    major = int(re.match(r"v(\d+)", subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout)[1])
    if major < least:
        skip(f"the client needs Node.js {least}: this is {major}")
    return node, npm


def modules(npm, name, packages):
    """The folder that has the packages ("name@version") in its node_modules. Fetched once."""
    folder = throwaway.ROOT / "var" / f"test-{name}" / "+".join(re.sub("[^a-z0-9.@-]", "_", package) for package in packages)
    if (folder / "done").is_file():
        return folder
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    fetched = subprocess.run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", *packages], cwd=folder,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if fetched.returncode != 0:
        print(fetched.stdout[-4000:])
        sys.exit("fetching the client failed")
    (folder / "done").touch()
    return folder


def run_tests(node, script, settings, limit=120):
    """Runs a script of node:test; how many of its tests passed. Ends the script if one did not."""
    try:
        ran = subprocess.run([node, "--test", "--test-reporter=tap", str(script)], env={**os.environ, **settings}, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=limit)
    except subprocess.TimeoutExpired as late:
        sys.exit(f"no end within {limit} s:\n{(late.stdout or b'').decode(errors='replace')[-8000:]}")
    passed = re.search(r"^# pass (\d+)$", ran.stdout, re.MULTILINE)
    if ran.returncode != 0 or passed is None or int(passed[1]) == 0:
        print(ran.stdout[-20000:])
        sys.exit("the client is not served as it should be")
    return int(passed[1])
