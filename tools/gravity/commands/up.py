"""Check the machine, install packages, build, start stores and services, and wait until all are ready.

Without names everything starts; with names those services, what they require, and the infrastructure. A second `up`
restarts only what changed. A developer's own settings for a service go into var/env/<service>.env."""

import dataclasses
import json
import shlex
import time

from .. import build, docs_assets, errors, lock, machine, manifest, output, packages, paths, remedies, selection, sign_in, tokens
from ..errors import Failure
from ..platform_run import Outcome, Platform, tail

READY_SECONDS = 180


def add_arguments(parser):
    parser.add_argument("services", nargs="*", metavar="service")
    parser.add_argument("--profile", choices=selection.PROFILES, help="a set of services instead of names")
    parser.add_argument("--without", default="", metavar="x,y", help="services to leave out")
    parser.add_argument("--yes", action="store_true", help="install packages without asking")
    parser.add_argument("--no-build", action="store_true", help="use the executables that are there; installs no build packages")
    parser.add_argument("--preset", default="release", choices=build.PRESETS)
    parser.add_argument("--port-base", type=int, metavar="N", help=f"moves all ports by N - {paths.DEFAULT_BASE}")
    parser.add_argument("--timeout", type=float, default=READY_SECONDS, metavar="S", help="seconds until all must be ready (%(default)s)")
    parser.add_argument("--reverse", action="store_true", help="start in reverse order: nothing may depend on the order")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")


def run(arguments) -> int:
    begun = time.monotonic()
    instance = paths.main_instance(arguments.preset)
    chosen = selection.choose(manifest.load_all(), arguments.services, arguments.profile, [x for x in arguments.without.split(",") if x])
    if not chosen:
        raise Failure("Nothing is chosen.", "`./gravity up` starts everything.", errors.USAGE)
    with lock.exclusive(instance.directory, "up"):
        platform = Platform(instance)
        set_ports(platform, arguments.port_base)
        ended = platform.take_over()
        if ended:
            output.say(f"{output.mark('warn')} an earlier platform had crashed; ended {len(ended)} of its processes")
        check(platform, chosen, build_too=not arguments.no_build)
        ensure_packages(chosen, not arguments.no_build, arguments.yes)
        chosen = with_executables(instance, chosen, arguments)
        instance.make_folders()
        first = tokens.Identity(instance).ensure()
        known = {service.name for service in (*platform.known_services(), *chosen)}
        services = [service for service in manifest.load_all().values() if service.name in known]
        instance.save_state(services=[service.name for service in services], preset=arguments.preset)
        sign_in.decide(instance, services)
        if sign_in.by_auth(instance):
            first = sign_in.ensure(instance) or first
        platform.start_stores(services, platform.needs(services))
        outcomes = platform.start_services(chosen, arguments.timeout, report, arguments.reverse)
    failed = [outcome for outcome in outcomes if not outcome.verdict.ready]
    if arguments.json:
        print(json.dumps(facts(instance, outcomes, first), indent=2))
    explain(platform, failed)
    if not failed:
        farewell(instance, [outcome.service for outcome in outcomes], first, time.monotonic() - begun)
    return errors.NOT_READY if failed else errors.OK


def set_ports(platform: Platform, wanted: int | None) -> None:
    """--port-base holds until it is given anew; a running platform cannot move."""
    instance = platform.instance
    instance.directory.mkdir(parents=True, exist_ok=True)
    current = instance.offset + paths.DEFAULT_BASE
    if wanted is None or wanted == current:
        return
    if not 1024 <= wanted <= 40000:
        raise Failure("--port-base must be between 1024 and 40000.", code=errors.USAGE)
    if platform.running():
        raise Failure(f"The platform runs with --port-base {current}.", "`./gravity down` first.")
    instance.save_state(port_base=wanted)


def check(platform: Platform, chosen, build_too: bool) -> None:
    ours = set(platform.running())
    problems = machine.system_problems() + machine.ownership_problems(platform.instance)
    problems += [p for p in (None if ours else machine.memory_problem(chosen), machine.disk_problem(build_too)) if p]
    problems += machine.port_problems(platform.instance, chosen, ours)
    for problem in problems:
        output.say(f"{output.mark('bad' if problem.fatal else 'warn')} {problem.what}\n      {problem.remedy}")
    fatal = [problem for problem in problems if problem.fatal]
    if fatal:
        raise Failure("This machine is not ready for it: " + "; ".join(problem.what for problem in fatal) + ".", code=errors.UNFIT)


def ensure_packages(chosen, build_too: bool, yes: bool) -> None:
    missing = packages.missing(packages.wanted(chosen, build_too))
    if missing:
        packages.install(missing, yes)


def with_executables(instance, chosen, arguments):
    """Builds what has sources. A manifest without sources (planned, not written yet) is said and left out."""
    if not arguments.no_build:
        buildable = [service for service in chosen if build.has_build(service)]
        if buildable:
            seconds = build.compile_targets(arguments.preset, [service.executable for service in buildable])
            output.say(f"{output.mark('ok')} built {len(buildable)} services  {seconds:.1f} s")
        docs_assets.ensure()
    there = [service for service in chosen if instance.binary(service.name).is_file()]
    absent = [service.name for service in chosen if service not in there]
    if absent and (arguments.services and set(absent) & set(arguments.services) or not there):
        raise Failure(f"There is no executable of {', '.join(absent)} in build/{arguments.preset}/bin.", "Run without --no-build.")
    if absent:
        output.say(f"{output.mark('warn')} left out, because there is no executable: {', '.join(absent)}")
    return there


def report(outcome: Outcome) -> None:
    service, verdict = outcome.service, outcome.verdict
    port = paths.main_instance().port(service.port)
    word = {"kept": "runs, unchanged"}.get(outcome.action, "ready" if outcome.action == "started" else outcome.action)
    if verdict.ready:
        output.say(f"{output.mark('ok')} {service.name:<22} {port}  {word}  {outcome.seconds:.1f} s")
    else:
        output.say(f"{output.mark('bad')} {service.name:<22} {port}  not ready: {verdict.reason}")


def explain(platform: Platform, failed: list[Outcome]) -> None:
    """For each that failed: its own reason, its last lines, a known remedy. The rest stays up."""
    for outcome in failed:
        lines = tail(platform.instance, outcome.service.name, 15)
        output.warn(f"{outcome.service.name} is not ready: {outcome.verdict.reason}")
        for line in lines:
            output.warn(f"    {line}")
        known = remedies.remedy("\n".join([outcome.verdict.reason, *lines]))
        output.warn(f"    -> {known}" if known else f"    -> `./gravity logs {outcome.service.name}` shows more; the rest stays up.")


def first_call(instance, services) -> str | None:
    """A request that creates something real, from the manifest of a service that has one: of those that no other works with, which are what a platform is
    for, before the others; of what is in most profiles; by port."""
    helpers = {name for service in manifest.load_all().values() for name in (*service.requires, *service.optional)}
    for service in sorted(services, key=lambda service: (service.name in helpers, -len(service.profiles), service.port)):
        if service.first_call:
            call = service.first_call
            gateway = any(s.name == "gateway" for s in services)
            url = f"http://127.0.0.1:{instance.port(8000 if gateway else service.port)}{call['path']}"
            words = ["curl", "-s", url, "-H", '"Authorization: Bearer $(./gravity token)"']
            if "body" in call:
                body = json.dumps(call["body"], ensure_ascii=False, separators=(",", ":"))
                words += ["-H", "'Content-Type: application/json'", "-d", shlex.quote(body)]
            if call["method"] not in ("GET", "POST"):
                words += ["-X", call["method"]]
            return " ".join(words)
    return None


def facts(instance, outcomes, first) -> dict:
    services = [outcome.service for outcome in outcomes]
    return {"url": f"http://127.0.0.1:{instance.port(8000)}", "ready": all(o.verdict.ready for o in outcomes), "first_run": first,
            "project": tokens.Identity(instance).facts()["project"], "first_call": first_call(instance, services),
            "services": [{"name": o.service.name, "port": instance.port(o.service.port), "action": o.action, "seconds": round(o.seconds, 3),
                          **dataclasses.asdict(o.verdict)} for o in outcomes]}


def described_account(instance) -> str:
    identity = tokens.Identity(instance).facts()
    project = f"project `{identity['project_name']}` {identity['project']}"
    if not sign_in.by_auth(instance):
        return f"{identity['sub']}, {project} (a development key stands for it; kept in var/secrets)"
    account = sign_in.account(instance)
    return f"{account['username']}, password {account['password']}, {project} (kept in var/secrets/first-run.env)"


def farewell(instance, services, first: bool, seconds: float) -> None:
    output.say(f"\nGravity is up: {len(services)} services ready in {seconds:.1f} s.")
    output.say(f"  URL      http://127.0.0.1:{instance.port(8000)}")
    if first:
        output.say(f"  Account  {described_account(instance)}")
    output.say("  Token    ./gravity token")
    call = first_call(instance, services)
    if call:
        output.say(f"  Try      {call}")
