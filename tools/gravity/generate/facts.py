"""What every deployment says alike: image names, ports, the environment of a container, and which service talks to which."""

import re
from functools import cache

from .. import paths
from ..errors import Failure
from ..manifest import Service, Setting

USER = 10001  # of every daemon in a container
DISK = "/var/lib/gravity"  # where a service that keeps files has its volume
GRACE = 40  # seconds from SIGTERM to SIGKILL: DEREGISTER_DELAY_SECONDS and SHUTDOWN_GRACE_SECONDS with some to spare
STORE_PORTS = {"postgres": 5432, "redis": 6379}
# Whom everybody may call, named in a manifest or not: the registry, and whose keys tokens are verified with.
SHARED = ("discovery", "auth")


@cache
def version() -> str:
    """The platform's, from the project() line of the root CMakeLists.txt; 0.0.0 where there is none to build."""
    lists = paths.ROOT / "CMakeLists.txt"
    found = re.search(r"project\(\s*\w+\s+VERSION\s+([0-9.]+)", lists.read_text(encoding="utf-8")) if lists.is_file() else None
    return found[1] if found else "0.0.0"


def image(name: str) -> str:
    return f"gravity/{name}"


def binary(service: Service) -> str:
    return f"/usr/bin/{service.executable}"


def needs_redis(service: Service) -> bool:
    return service.store.redis or (service.has_events and service.store.postgres)


def stores_of(service: Service) -> list[str]:
    return ["postgres"] * service.store.postgres + ["redis"] * needs_redis(service)


def stores_reached(service: Service) -> list[str]:
    """The same, and the Redis of the others where events are told and heard without an outbox: by the gateway, which starts and serves without it."""
    return ["postgres"] * service.store.postgres + ["redis"] * (needs_redis(service) or service.has_events)


def metrics_port(service: Service) -> int:
    """Where /metrics is: a service with an admin port answers it there only."""
    return next((extra.port for extra in service.ports if extra.name == "admin"), service.port)


def open_ports(service: Service) -> list[tuple[str, int, str]]:
    """(name, port, protocol) of what it listens on without further settings."""
    result = [("http", service.port, "tcp")]
    for extra in service.ports:
        if not extra.optional:
            result += [(extra.name if len(extra.protocols) == 1 else f"{extra.name}-{protocol}", extra.port, protocol)
                       for protocol in extra.protocols]
    return result


def own_settings(service: Service) -> list[Setting]:
    """Its own settings that a person may want to change: not where its ports and files are, which a container decides."""
    fixed = {extra.env for extra in service.ports} | set(_addresses(service)) | {service.store.disk}
    return [item for item in service.env if item.name not in fixed]


def _addresses(service: Service) -> list[str]:
    """The settings that bind its ports beside the main one: ADMIN_ADDRESS beside ADMIN_PORT."""
    names = {extra.env.removesuffix("_PORT") + "_ADDRESS" for extra in service.ports}
    return [item.name for item in service.env if item.name in names]


def keepers(services: dict[str, Service]) -> list[str]:
    """Services that keep data of people: they announce that it was erased (common's keeps_personal_data)."""
    return sorted(service.name for service in services.values() if f"gravity.{service.id}.erasure.completed" in service.publishes)


def callees(service: Service, services: dict[str, Service]) -> list[str]:
    """Whom it calls, as far as there is such a service: the door everybody, the others their neighbours; user whoever keeps data of people, project all of whom
    a project's rows have to be deleted."""
    if service.name in ("gateway", "project"):
        named = [name for name, other in services.items() if service.name == "gateway" or other.store.postgres or name in SHARED]
    else:
        named = dict.fromkeys((*service.requires, *service.optional, *SHARED, *(keepers(services) if service.name == "user" else ())))
    return sorted(name for name in named if name in services and name != service.name)


def callers(service: Service, services: dict[str, Service]) -> list[str]:
    return sorted(other.name for other in services.values() if service.name in callees(other, services))


def routes(services: dict[str, Service]) -> dict:
    """Routes of a gateway without discovery, by the names of a network (gateway/src/route_file.hpp)."""
    return {"routes": [{"name": service.name, "prefixes": list(service.collection_paths), "roots": list(service.prefixes), "upstreams": [f"{service.name}:{service.port}"],
                        "standard_surface": bool(service.standards)}
                       for service in services.values() if service.name != "gateway" and service.route_prefixes]}


def environment(service: Service, discovery: str) -> dict[str, str]:
    """Settings without secrets of a container; `discovery` is the mode that services find one another by."""
    values = {"LISTEN_ADDRESS": "0.0.0.0"} | dict.fromkeys(_addresses(service), "0.0.0.0")
    if service.store.disk:
        values[service.store.disk] = DISK
    if service.name == "discovery" or discovery == "off":
        values["DISCOVERY_MODE"] = "off"
    else:
        values["DISCOVERY_MODE"] = discovery
        if discovery == "consul":
            values |= {"DISCOVERY_URL": "http://discovery:8500", "ADVERTISE_ADDRESS": service.name}
    return values


def secrets(service: Service, password: dict[str, str], postgres: str = "postgres", redis: str = "redis") -> dict[str, str]:
    """Settings that hold passwords. `password` maps what is meant (database, owner, redis, events, master_key) to its text."""
    values = {}
    if service.store.postgres:
        values["DATABASE_URL"] = f"postgres://{service.database}:{password['database']}@{postgres}:5432/{service.database}"
        values["MIGRATION_DATABASE_URL"] = f"postgres://{service.owner}:{password['owner']}@{postgres}:5432/{service.database}"
    if service.store.redis:
        values["REDIS_URL"] = f"redis://{service.name}:{password['redis']}@{redis}:6379/0"
    if service.has_events:
        values["EVENTS_URL"] = f"redis://events:{password['events']}@{redis}:6379/0"
    return values | {"MASTER_KEY": password["master_key"]}


def mebibytes(text: str) -> int:
    found = re.fullmatch(r"(\d+)(Mi|Gi)", text)
    if not found:
        raise Failure(f"{text!r} is no amount of memory.")
    return int(found[1]) * (1024 if found[2] == "Gi" else 1)


def millicores(text: str) -> int:
    return int(text.removesuffix("m"))
