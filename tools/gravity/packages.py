"""Debian packages: which are missing, and installing them without starting or changing anything else on the machine."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from . import manifest, output, paths
from .errors import UNFIT, Failure
from .manifest import Service

POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTER_POLICY = Path("/etc/postgresql-common/createcluster.d/gravity.conf")


def wanted(services: list[Service], build: bool, tests: bool = False) -> list[str]:
    """The union over common and the chosen manifests, in a stable order."""
    common = manifest.common_packages()
    names = list(common["run"])
    for service in services:
        names += service.run_packages
    if build:
        names += common["build"]
        for service in services:
            names += service.build_packages
    if tests:
        names += common["test"]
        for service in services:
            names += service.test_packages
    return list(dict.fromkeys(names))


def missing(names: list[str]) -> list[str]:
    """Those that dpkg does not know as installed."""
    if shutil.which("dpkg-query") is None:
        raise Failure("This machine has no dpkg; packages cannot be checked.", "Use Debian 12, or docker-compose.", UNFIT)
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"], capture_output=True, text=True, check=True)
    installed = {line.split()[0] for line in shown.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def install(names: list[str], yes: bool) -> None:
    """Shows the list, asks, and installs as root or by sudo; otherwise prints the exact line and ends with exit code 3."""
    line = "apt-get install --no-install-recommends " + " ".join(names)
    output.say(f"{len(names)} packages are missing:\n    {' '.join(names)}")
    root = paths.running_as_root()
    if not root and (shutil.which("sudo") is None or not yes and not os.isatty(0)):
        raise Failure("Installing them needs root. Run this, then `./gravity up` again:", f"  {line}", UNFIT)
    if not yes and not output.confirm("Install them?"):
        raise Failure("Nothing was installed.", f"Give --yes, or run as root: {line}", UNFIT)
    with nothing_starts(sudo=not root):
        prefix = [] if root else ["sudo"]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _apt([*prefix, "apt-get", "update", "-q"], environment)
        _apt([*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-q", "-y", "--no-install-recommends", *names], environment)


def _apt(command: list[str], environment: dict) -> None:
    ran = subprocess.run(command, env=environment)
    if ran.returncode != 0:
        raise Failure(f"`{' '.join(command[:3])} ...` ended with {ran.returncode}.", "Its own lines above say why.", UNFIT)


@contextlib.contextmanager
def nothing_starts(sudo: bool = False, policy: Path = POLICY, cluster_policy: Path = CLUSTER_POLICY):
    """While packages install: no daemon is started by them, and PostgreSQL makes no cluster of its own. Only what was not
    there before is added, and exactly that is removed again: an administrator's own policy stays in force."""
    added = []
    try:
        if not policy.exists():
            _put(policy, "#!/bin/sh\n# Put here by ./gravity for the time of an installation.\nexit 101\n", 0o755, sudo)
            added.append(policy)
        if not Path("/usr/share/postgresql-common").exists() and not cluster_policy.exists():
            _put(cluster_policy, "create_main_cluster = false\n", 0o644, sudo)
            added.append(cluster_policy)
        yield
    finally:
        for path in added:
            subprocess.run([*(["sudo"] if sudo else []), "rm", "-f", str(path)], check=True)


def _put(path: Path, text: str, mode: int, sudo: bool) -> None:
    if sudo:
        subprocess.run(["sudo", "install", "-D", "-m", f"{mode:o}", "/dev/stdin", str(path)], input=text, text=True, check=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
