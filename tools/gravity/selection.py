"""Which services a command is about, and in which order they start. Pure."""

from . import checks
from .errors import USAGE, Failure
from .manifest import INFRASTRUCTURE_ORDER, Service

PROFILES = ("core", "shop", "content", "all")


def choose(services: dict[str, Service], named: list[str], profile: str | None, without: list[str]) -> list[Service]:
    """Named services bring what they require and the infrastructure; a profile is what manifests say; default is all."""
    for name in (*named, *without):
        if name not in services:
            import difflib
            near = difflib.get_close_matches(name, services, 1)
            raise Failure(f"There is no service `{name}`.", f"Did you mean `{near[0]}`?" if near else "Known: " + ", ".join(services), USAGE)
    if named and profile:
        raise Failure("Give services or a profile, not both.", code=USAGE)
    if named:
        chosen = set(named) | {s.name for s in services.values() if s.infrastructure}
    else:
        chosen = {s.name for s in services.values() if (profile or "all") in s.profiles}
    pending = list(chosen)
    while pending:
        for needed in services[pending.pop()].requires:
            if needed not in chosen:
                chosen.add(needed)
                pending.append(needed)
    for name in without:
        dependents = sorted(s.name for s in services.values() if s.name in chosen - set(without) and name in s.requires)
        if dependents:
            raise Failure(f"`{name}` cannot be left out: {', '.join(dependents)} {'requires' if len(dependents) == 1 else 'require'} it.",
                          code=USAGE)
    return [service for name, service in services.items() if name in chosen and name not in without]


def levels(services: list[Service]) -> dict[str, int]:
    """Start level of each: the infrastructure's fixed ones, then one above what it requires. Order is for a quiet log and
    speed, never for correctness: every daemon starts with its neighbours absent."""
    by_name = {service.name: service for service in services}
    cycle = checks.find_cycle({name: service.requires for name, service in by_name.items()})
    if cycle:
        raise Failure("The manifests require each other in a circle: " + " -> ".join(cycle))
    result: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in result:
            base = INFRASTRUCTURE_ORDER.get(name, len(INFRASTRUCTURE_ORDER))
            result[name] = max([base, *(level(needed) + 1 for needed in by_name[name].requires if needed in by_name)])
        return result[name]

    for name in by_name:
        level(name)
    return result
