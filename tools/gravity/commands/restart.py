"""Restart services one at a time without a gap: a second process takes over on a free port, then the first restarts.

Daemons that are single by nature (discovery, and what its manifest calls a singleton) and the gateway, which owns its port,
are stopped and started; --fast does so with all."""

import time

from .. import errors, lock, manifest, output, paths, processes, programs, selection
from ..errors import Failure
from ..manifest import Service
from ..platform_run import Platform
from . import up

# The gateway takes up a new instance, and drops one that left, within a second of discovery knowing; no fact that can be
# asked says when it has, so this much is waited.
ROUTER_SECONDS = 1.0


def add_arguments(parser):
    parser.add_argument("services", nargs="*", metavar="service")
    parser.add_argument("--fast", action="store_true", help="stop and start, without a second process in between")
    parser.add_argument("--timeout", type=float, default=60, metavar="S", help="seconds for each to be ready (%(default)s)")


def run(arguments) -> int:
    instance = paths.main_instance()
    with lock.exclusive(instance.directory, "restart"):
        platform = Platform(instance)
        running = platform.running()
        known = platform.known_services()
        for name in arguments.services:
            if manifest.get(name).name not in running:
                raise Failure(f"{name} does not run.", f"`./gravity up {name}`")
        chosen = [s for s in known if s.name in (arguments.services or running)]
        if not chosen:
            raise Failure("Nothing runs.", "`./gravity up`")
        level = selection.levels(chosen)
        for service in sorted(chosen, key=lambda s: level[s.name]):
            begun = time.monotonic()
            gapless = not arguments.fast and not service.infrastructure and not service.singleton
            (with_successor if gapless else stop_and_start)(platform, service, arguments.timeout)
            output.say(f"{output.mark('ok')} {service.name:<22} restarted  {time.monotonic() - begun:.1f} s")
    return errors.OK


def stop_and_start(platform: Platform, service: Service, seconds: float) -> None:
    platform.supervisor.stop_program(service.name)
    outcomes = platform.start_services([service], seconds, lambda outcome: None)
    if not outcomes[0].verdict.ready:
        up.explain(platform, outcomes)
        raise Failure(f"{service.name} is not ready after its restart: {outcomes[0].verdict.reason}.", code=errors.NOT_READY)


def with_successor(platform: Platform, service: Service, seconds: float) -> None:
    """If the successor does not become ready, the running process is left alone: a bad build or setting breaks nothing."""
    instance, name = platform.instance, service.name + programs.SUCCESSOR
    taken = {instance.port(port) for other in manifest.load_all().values() for port in other.own_ports}
    port = processes.next_free_port(instance.port(9000), taken)
    known = platform.known_services()
    with_discovery = any(s.name == "discovery" for s in known)
    stores = platform.needs(known)
    programs.write_script(instance, service, with_discovery, name, port)
    platform.configure(known, stores, successor=service)
    try:
        platform.supervisor.start_program(name)
        reason = await_ready(platform, service, name, port, seconds)
        if reason:
            raise Failure(f"A new {service.name} does not become ready ({reason}); the running one was left as it is.",
                          f"`./gravity logs {service.name}` shows both.", errors.NOT_READY)
        routed = platform.prober().with_gateway
        time.sleep(ROUTER_SECONDS if routed else 0)
        stop_and_start(platform, service, seconds)
        time.sleep(ROUTER_SECONDS if routed else 0)
    finally:
        platform.supervisor.stop_program(name)
        platform.configure(known, stores)
        programs.script_path(instance, name).unlink(missing_ok=True)
        programs.forget_starts(instance, name)


def await_ready(platform: Platform, service: Service, program: str, port: int, seconds: float) -> str:
    """Empty when ready, else why not."""
    deadline = time.monotonic() + seconds
    prober = platform.prober()
    while True:
        verdict = prober.verdict(service, platform.supervisor.info()[program]["statename"], port)
        if verdict.ready:
            return ""
        if verdict.hopeless or time.monotonic() > deadline:
            return verdict.reason
        time.sleep(0.05)
