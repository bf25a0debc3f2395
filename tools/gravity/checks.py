"""What must hold over all manifests together, beyond each one's schema."""

import difflib
import fnmatch
import json

from . import manifest, paths
from .errors import Failure
from .manifest import Service

# The services of the plan that have no folder yet may be named as optional neighbours; the list is schemas/fleet.yaml,
# so that a misspelled neighbour is still found.
FLEET = paths.ROOT / "schemas" / "fleet.yaml"
# What no service that is built publishes, though those are ready that hear it of all.
AWAITED_EVENTS = ("gravity.*.usage.recorded",)


def schema_errors() -> list[str]:
    """Each manifest against schemas/service.schema.json."""
    try:
        import jsonschema
    except ImportError:
        raise Failure("Checking manifests needs the package python3-jsonschema.", "apt-get install python3-jsonschema", 3) from None
    validator = jsonschema.Draft202012Validator(json.loads((paths.ROOT / "schemas" / "service.schema.json").read_text()))
    errors = []
    for path in manifest.manifest_files():
        shown = path.relative_to(paths.ROOT).as_posix()
        raw = manifest.read_yaml(path)
        for error in sorted(validator.iter_errors(raw), key=lambda e: [str(p) for p in e.absolute_path]):
            place = "/".join(str(part) for part in error.absolute_path) or "(root)"
            errors.append(f"{shown}: {place}: {error.message}")
        if isinstance(raw, dict) and raw.get("name") != path.parent.name:
            errors.append(f"{shown}: name is {raw.get('name')!r}, the folder is {path.parent.name!r}")
    return errors


def cross_errors(services: dict[str, Service], planned: set[str]) -> list[str]:
    """Unique ports, collections, prefixes; known neighbours and events; no cycle. Pure, so tests feed it what they like."""
    errors = []
    errors += _duplicates(services, "port", lambda s: s.own_ports)
    errors += _duplicates(services, "collection", lambda s: s.collections)
    errors += _duplicates(services, "prefix", lambda s: s.prefixes)
    errors += _duplicates(services, "database", lambda s: (s.database,))
    known = planned | set(services)
    for service in services.values():
        for neighbour in (*service.requires, *service.optional):
            if neighbour not in known:
                near = difflib.get_close_matches(neighbour, known, 1)
                errors.append(f"{service.name}: neighbour `{neighbour}` does not exist" + (f"; `{near[0]}`?" if near else ""))
            elif neighbour in service.requires and neighbour not in services:
                errors.append(f"{service.name}: requires `{neighbour}`, which has no manifest")
        for both in set(service.requires) & set(service.optional):
            errors.append(f"{service.name}: `{both}` is both required and optional")
        for published in service.publishes:
            if published.split(".")[1] != service.id:
                errors.append(f"{service.name}: publishes `{published}`, which is another service's name space")
        for consumed in service.consumes:
            errors += _unpublished(service, consumed, services, known)
        names = [item.name for item in service.env]
        errors += [f"{service.name}: setting {name} is listed twice" for name in sorted({n for n in names if names.count(n) > 1})]
        for extra in service.ports:
            if extra.env not in names:
                errors.append(f"{service.name}: port `{extra.name}` is moved by {extra.env}, which is not in env")
        if service.store.disk and service.store.disk not in names:
            errors.append(f"{service.name}: store.disk is set by {service.store.disk}, which is not in env")
        if service.scale.get("min", 1) > service.scale.get("max", 1):
            errors.append(f"{service.name}: scale.min is above scale.max")
        call = service.first_call
        if call and not call["path"].startswith(service.route_prefixes):
            errors.append(f"{service.name}: first_call {call['path']} is none of its own paths")
    cycle = find_cycle({s.name: s.requires for s in services.values()})
    if cycle:
        errors.append("requires has a cycle: " + " -> ".join(cycle))
    return errors


def _duplicates(services: dict[str, Service], what: str, values) -> list[str]:
    owners: dict = {}
    errors = []
    for service in services.values():
        for value in values(service):
            if value in owners:
                errors.append(f"{what} {value} belongs to {owners[value]} and to {service.name}")
            owners.setdefault(value, service.name)
    return errors


def _unpublished(service: Service, consumed: str, services: dict[str, Service], known: set[str]) -> list[str]:
    if consumed.split(".")[1] == "*":
        some = any(fnmatch.fnmatchcase(published, consumed) for other in services.values() for published in other.publishes)
        awaited = consumed in AWAITED_EVENTS and bool(known - set(services))  # by a service that is planned but not built
        return [] if some or awaited else [f"{service.name}: consumes `{consumed}`, which no service publishes"]
    producer = {name.replace("-", "_"): name for name in known}.get(consumed.split(".")[1])
    if producer is None:
        return [f"{service.name}: consumes `{consumed}`, whose producer does not exist"]
    if producer not in services or consumed in services[producer].publishes:
        return []  # a producer that is planned but not built has no list yet
    near = difflib.get_close_matches(consumed, services[producer].publishes, 1)
    return [f"{service.name}: consumes `{consumed}`, which {producer} does not publish" + (f"; `{near[0]}`?" if near else "")]


def find_cycle(edges: dict[str, tuple[str, ...]]) -> list[str] | None:
    """One cycle as a path that ends where it began, or None."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        stack = [(start, iter(edges.get(start, ())))]
        if start in done:
            continue
        path.append(start)
        while stack:
            node, following = stack[-1]
            step = next(following, None)
            if step is None:
                stack.pop()
                done.add(path.pop())
            elif step in path:
                return path[path.index(step):] + [step]
            elif step not in done and step in edges:
                path.append(step)
                stack.append((step, iter(edges[step])))
    return None


def planned_names() -> set[str]:
    return set(manifest.read_yaml(FLEET)) if FLEET.is_file() else set()


def everything() -> list[str]:
    errors = schema_errors()
    return errors or cross_errors(manifest.load_all(), planned_names())
