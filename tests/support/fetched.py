"""Clients that others wrote: fetched once, at one version, and kept below var."""

import hashlib
import os
import re
import shutil
import subprocess
import sys

from throwaway import ROOT


def skip(why):
    print(why)
    sys.exit(77)


def run(command, folder, what, **more):
    ran = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if ran.returncode != 0:
        print(ran.stdout[-20000:])
        sys.exit(f"{what} failed")
    return ran.stdout


def node(least):
    """Node.js, of this major version or a later one."""
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        skip("there is no Node.js with npm (Debian: nodejs, npm) to run the client with")
    major = int(re.match(r"v(\d+)", run([program, "--version"], None, "asking Node.js for its version"))[1])
    if major < least:
        skip(f"the client needs Node.js {least}: this is {major}")
    return program


def npm_modules(name, *modules):
    """The folder that has these modules ("module@version") in its node_modules."""
    folder = ROOT / "var" / f"test-{name}" / "+".join(re.sub("[^a-z0-9.@-]", "_", module) for module in modules)
    if not (folder / "done").is_file():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true}\n')
        run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", *modules], folder, f"fetching {', '.join(modules)}")
        (folder / "done").touch()
    return folder


def node_tests(program, script, environment, limit):
    """Runs a script of node:test; how many of its tests passed. Ends this one if any did not."""
    try:
        ran = subprocess.run([program, "--test", "--test-reporter=tap", str(script)], env={**os.environ, **environment}, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=limit)
    except subprocess.TimeoutExpired as late:
        sys.exit(f"no end within {limit} s:\n{(late.stdout or b'').decode(errors='replace')[-8000:]}")
    passed = re.search(r"^# pass (\d+)$", ran.stdout, re.MULTILINE)
    if ran.returncode != 0 or passed is None or int(passed[1]) == 0:
        print(ran.stdout[-20000:])
        sys.exit("the client is not served as it should be")
    return int(passed[1])


def python_with(name, *packages):
    """A Python that has these packages ("package==version"), for those that cannot live beside what requirements.txt names."""
    folder = ROOT / "var" / f"test-{name}" / "+".join(packages)
    program = folder / "bin" / "python"
    if not (folder / "done").is_file():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.parent.mkdir(parents=True)
        run([sys.executable, "-m", "venv", "--system-site-packages", str(folder)], None, "making a Python of its own")
        run([str(program), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], None, f"fetching {', '.join(packages)}")
        (folder / "done").touch()
    return program


def go():
    program = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if program is None:
        skip("there is no Go (Debian: golang-go) to compile the client with")
    return program


def go_environment():
    return {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}


def made_once(name, *of):
    """A folder for a program that is made of these texts, and whether it has yet to be made."""
    said = run([go(), "version"], None, "asking Go for its version")
    folder = ROOT / "var" / f"test-{name}" / hashlib.sha256("\n".join((said, *of)).encode()).hexdigest()[:16]
    if not folder.is_dir():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
    return folder


def go_program(name, source, *modules):
    """A program of one file with these modules ("example.org/module@v1.2.3"). Made once: fetching and compiling takes longer than the test."""
    folder = made_once(name, source, *modules)
    if not (folder / name).is_file():
        (folder / "go.mod").write_text(f"module gravity.invalid/{name}\n\ngo 1.19\n")
        (folder / "main.go").write_text(source)
        run([go(), "get", *modules], folder, f"fetching {', '.join(modules)}", env=go_environment())
        run([go(), "build", "-o", "making", "."], folder, f"compiling {name}", env=go_environment())
        (folder / "making").rename(folder / name)
    return folder / name


def go_installed(name, package):
    """A program as its authors have it, by `go install`."""
    folder = made_once(name, package)
    if not (folder / "done").is_file():
        run([go(), "install", package], folder, f"installing {package}", env={**go_environment(), "GOBIN": str(folder)})
        (folder / "done").touch()
    return folder / name
