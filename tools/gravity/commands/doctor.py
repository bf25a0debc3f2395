"""Look for everything that keeps the platform from running here: each problem with its remedy. Changes nothing."""

import json
import os

from .. import build, checks, errors, machine, manifest, output, packages, paths, processes
from ..machine import Problem
from ..platform_run import Platform


def add_arguments(parser):
    parser.add_argument("--json", action="store_true", help="print the problems as JSON")


def problems(platform: Platform) -> list[Problem]:
    instance = platform.instance
    services = list(manifest.load_all().values())
    found = machine.system_problems() + machine.ownership_problems(instance)
    try:
        missing = packages.missing(packages.wanted(services, build=True, tests=True))
    except errors.Failure as failure:
        found.append(Problem(failure.message, failure.remedy or ""))
    else:
        if missing:
            found.append(Problem(f"packages are missing: {' '.join(missing)}", "`./gravity up` installs them."))
    alive = platform.supervisor.alive()
    running = set(platform.running())
    if not running:
        found += [p for p in (machine.memory_problem(services),) if p]
    found += [p for p in (machine.disk_problem(build=True),) if p]
    found += machine.port_problems(instance, services, running)
    if not alive and (left := processes.of_instance(instance)):
        found.append(Problem(f"{len(left)} processes of a crashed platform still run: {left}", "`./gravity up` ends them and starts anew."))
    found += [Problem(f"manifests: {text}", "Correct the manifest; `./gravity generate --check`.") for text in checks.cross_errors(manifest.load_all(), checks.planned_names())]
    if build.jobs() < len(os.sched_getaffinity(0)):
        found.append(Problem(f"memory allows only {build.jobs()} compilers at a time", "The build takes longer; nothing to do.", False))
    if paths.running_as_root() and not str(instance.store_dir).startswith(str(instance.directory)):
        found.append(Problem(f"the stores' user cannot reach {instance.directory}; their data is in {instance.store_dir}", "Nothing to do.", False))
    return found


def run(arguments) -> int:
    found = problems(Platform(paths.main_instance()))
    if arguments.json:
        print(json.dumps([problem.__dict__ for problem in found], indent=2))
    for problem in found:
        output.say(f"{output.mark('bad' if problem.fatal else 'warn')} {problem.what}\n      {problem.remedy}")
    if not found:
        output.say(f"{output.mark('ok')} nothing is in the way.")
    return errors.UNFIT if any(problem.fatal for problem in found) else errors.OK
