"""Consul's own executable, for the scripts that look at it and us together."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from throwaway import ROOT

VERSION = "v1.15.3"  # of the last release lines under the Mozilla Public Licence
KEPT = ROOT / "var" / "test-consul"


def found():
    """`consul` of $GRAVITY_CONSUL or the PATH, or what `make` has made; none: None."""
    kept = KEPT / f"consul-{VERSION}"
    return os.environ.get("GRAVITY_CONSUL") or shutil.which("consul") or (str(kept) if kept.is_file() else None)


def or_skip(make_it=False):
    if make_it and not found():
        make()
    program = found()
    if program is None:
        print("there is no Consul: tests/conformance/discovery_real_consul.py --make compiles one")
        sys.exit(77)
    return program


def make():
    """Compiles it from its module, which names versions to leave out and so cannot be installed by name."""
    go = shutil.which("go")
    if go is None:
        sys.exit("there is no Go (Debian: golang-go)")
    module = json.loads(subprocess.run([go, "mod", "download", "-json", f"github.com/hashicorp/consul@{VERSION}"], cwd="/", stdout=subprocess.PIPE, check=True).stdout)
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        source = pathlib.Path(folder) / "source"
        shutil.copytree(module["Dir"], source)
        subprocess.run(["chmod", "-R", "u+w", str(source)], check=True)  # the module cache is read-only
        environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
        subprocess.run([go, "build", "-ldflags", "-s -w", "-o", str(KEPT / "making"), "."], cwd=source, env=environment, check=True)
    (KEPT / "making").rename(KEPT / f"consul-{VERSION}")


def version(program):
    return subprocess.run([program, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[0]
