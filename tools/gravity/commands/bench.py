"""Measure services against a peer in the same run, on throw-away stores: ratios with their spread and the bars they are held against.

A service has a bench if tests/load/<service>.py exists; all that have one without names. Builds the release preset first. Exit code 0 whatever the
figures are, unless --check is given: a busy machine is no failure."""

import os
import subprocess
import sys

from .. import build, errors, manifest, output, paths
from ..errors import Failure


def add_arguments(parser):
    parser.add_argument("services", nargs="*", metavar="service")
    parser.add_argument("--seconds", type=float, default=5, metavar="S", help="length of each measurement (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="how often each is made, in turns (%(default)s)")
    parser.add_argument("--check", action="store_true", help="fail if a bar is missed")
    parser.add_argument("--json", action="store_true", help="the results as JSON")


def script_of(service):
    return paths.ROOT / "tests" / "load" / f"{service.name}.py"


def run(arguments) -> int:
    services = [manifest.get(name) for name in arguments.services] or [s for s in manifest.load_all().values() if script_of(s).is_file()]
    without = [service.name for service in services if not script_of(service).is_file()]
    if without:
        raise Failure(f"There is no bench for {', '.join(without)}.", f"It would be tests/load/{without[0]}.py.", errors.USAGE)
    beside = [manifest.get(name) for name in ("discovery", "gateway")]  # an idle daemon shares its libraries with others
    build.compile_targets("release", sorted({service.executable for service in [*services, *beside]}))
    worst = errors.OK
    for service in services:
        output.say(f"{service.name}")
        command = [sys.executable, str(script_of(service)), "--seconds", str(arguments.seconds), "--runs", str(arguments.runs)]
        command += ["--check"] * arguments.check + ["--json"] * arguments.json
        code = subprocess.run(command, env={**os.environ, "GRAVITY_PRESET": "release"}).returncode
        if code != 0:
            worst = errors.FAILED
    return worst
