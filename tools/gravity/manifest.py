"""The manifests: one `service.yaml` per daemon, read into plain values. What they may say is in schemas/service.schema.json."""

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from . import paths
from .errors import Failure

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DATA = Path(__file__).resolve().parent / "data"
# Two connections beside the pool: the outbox relay's lock and the migrator's.
CONNECTIONS_BESIDE_POOL = 2


@dataclass(frozen=True)
class ExtraPort:
    name: str
    port: int
    protocols: tuple[str, ...] = ("tcp",)
    env: str = ""
    optional: bool = False  # off unless its setting is given (a TLS port without a certificate)


@dataclass(frozen=True)
class Store:
    postgres: bool = False
    extensions: tuple[str, ...] = ()
    pool: int = 8
    redis: bool = False
    redis_durable: bool = False  # keeps there what it could not rebuild
    disk: str = ""  # the setting that names its folder; empty: keeps no files


@dataclass(frozen=True)
class Setting:
    name: str
    type: str = "string"  # as the executable reports it; an enumeration is its values with | between
    default: str | None = None
    required: bool | str = False  # the name of a store: with that store
    secret: bool = False
    doc: str = ""
    when: str = "always"


@dataclass(frozen=True)
class Service:
    name: str
    folder: Path
    title: str
    port: int
    summary: str
    priority: str = "P2"
    ports: tuple[ExtraPort, ...] = ()
    collections: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()
    store: Store = Store()
    requires: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    build_packages: tuple[str, ...] = ()
    run_packages: tuple[str, ...] = ()
    test_packages: tuple[str, ...] = ()
    external: tuple[dict, ...] = ()
    env: tuple[Setting, ...] = ()
    resources: dict = field(default_factory=dict)
    scale: dict = field(default_factory=dict)
    egress: tuple[dict, ...] = ()
    first_call: dict | None = None
    infrastructure: bool = False

    @property
    def id(self) -> str:
        return self.name.replace("-", "_")

    @property
    def database(self) -> str:
        return f"{self.id}_db"

    @property
    def owner(self) -> str:
        return f"{self.id}_owner"

    @property
    def executable(self) -> str:
        return f"gravity-{self.name}"

    @property
    def folder_name(self) -> str:
        return self.folder.relative_to(paths.ROOT).as_posix()

    @property
    def singleton(self) -> bool:
        return bool(self.scale.get("singleton"))

    @property
    def shared_form(self) -> "Service | None":
        """A singleton as it is where several of it run over a store outside; None where that is not possible."""
        shared = self.scale.get("shared")
        if shared is None:
            return None
        values = shared.get("settings") or {}
        env = [replace(item, required=True) if item.name == shared["url"] else item for item in self.env if item.name not in values]
        env += [replace(item, default=values[item.name], required=False) for item in self.env if item.name in values]
        return replace(self, env=tuple(env), store=replace(self.store, disk=""),
                       scale={"min": shared["min"], "max": shared["max"], "cpu_percent": self.scale["cpu_percent"], "singleton": False},
                       egress=(*self.egress, {"what": shared["url"], "port": shared["port"]}))

    @property
    def has_events(self) -> bool:
        return bool(self.publishes or self.consumes)

    @property
    def collection_paths(self) -> tuple[str, ...]:
        return tuple(f"/api/v1/{name}" for name in self.collections)

    @property
    def route_prefixes(self) -> tuple[str, ...]:
        """What the gateway sends here: its collections, then root prefixes of a standard, as paths."""
        return self.collection_paths + self.prefixes

    @property
    def own_ports(self) -> tuple[int, ...]:
        return (self.port, *(extra.port for extra in self.ports))


# Where all else waits: the registry, and beside it auth, whose keys it needs to be ready; then what others read their settings from, then the door.
INFRASTRUCTURE_ORDER = {"discovery": 0, "auth": 0, "config": 1, "gateway": 2}


def read_yaml(path: Path):
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.load(file, Loader=_Loader)  # noqa: S506 - a safe loader, in C where libyaml is there
    except FileNotFoundError:
        raise Failure(f"{path} is missing.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Failure(f"{_shown(path)} is not valid YAML: {error}") from None


def _shown(path: Path) -> str:
    return path.relative_to(paths.ROOT).as_posix() if path.is_relative_to(paths.ROOT) else str(path)


def manifest_files() -> list[Path]:
    """Every manifest of the checkout: the two daemons at the top, then the services by name."""
    top = [paths.ROOT / name / "service.yaml" for name in ("discovery", "gateway")]
    return [path for path in top if path.is_file()] + sorted((paths.ROOT / "services").glob("*/service.yaml"))


def setting(raw: dict) -> Setting:
    default = raw.get("default")
    if isinstance(default, bool):
        default = "true" if default else "false"
    kind = raw.get("type", "string")
    return Setting(name=raw["name"], type="|".join(raw["values"]) if kind == "enum" else kind, default=None if default is None else str(default),
                   required=raw.get("required", False), secret=raw.get("secret", kind == "secret"), doc=raw.get("doc", ""),
                   when=raw.get("when", "always"))


def parse(raw: dict, folder: Path) -> Service:
    """Builds the value from a manifest. A missing or mistyped key is named; the schema check says more."""
    try:
        store = raw.get("store") or {}
        postgres, redis = store.get("postgres", False), store.get("redis", False)
        details = postgres if isinstance(postgres, dict) else {}
        events, packages = raw.get("events") or {}, raw.get("packages") or {}
        return Service(
            name=raw["name"], folder=folder, title=raw["title"], port=raw["port"], summary=raw["summary"], priority=raw["priority"],
            ports=tuple(ExtraPort(p["name"], p["port"], tuple(p.get("protocols", ["tcp"])), p.get("env", ""), p.get("optional", False))
                        for p in raw.get("ports") or []),
            collections=tuple(raw.get("collections") or ()), prefixes=tuple(raw.get("prefixes") or ()),
            standards=tuple(raw.get("standards") or ()),
            store=Store(postgres=bool(postgres) or isinstance(postgres, dict), extensions=tuple(details.get("extensions") or ()),
                        pool=details.get("pool", 8), redis=bool(redis) or isinstance(redis, dict),
                        redis_durable=isinstance(redis, dict) and bool(redis.get("durable")),
                        disk=(store.get("disk") or {}).get("env", "")),
            requires=tuple(raw.get("requires") or ()), optional=tuple(raw.get("optional") or ()),
            publishes=tuple(events.get("publishes") or ()), consumes=tuple(events.get("consumes") or ()),
            profiles=tuple(raw.get("profiles") or ()),
            build_packages=tuple(packages.get("build") or ()), run_packages=tuple(packages.get("run") or ()),
            test_packages=tuple(packages.get("test") or ()),
            external=tuple(raw.get("external") or ()), env=tuple(setting(item) for item in raw.get("env") or []),
            resources=raw.get("resources") or {}, scale=raw.get("scale") or {}, egress=tuple(raw.get("egress") or ()),
            first_call=raw.get("first_call"), infrastructure=folder.parent == paths.ROOT)
    except (KeyError, TypeError, AttributeError) as error:
        what = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise Failure(f"{_shown(folder / 'service.yaml')}: {what}.", "`./gravity generate --check` says everything that is wrong.") from None


@functools.cache
def load_all() -> dict[str, Service]:
    """All services by name, in the order of their ports' owners: infrastructure first, then by port."""
    services = {}
    for path in manifest_files():
        raw = read_yaml(path)
        if not isinstance(raw, dict):
            raise Failure(f"{_shown(path)} is not a mapping.")
        service = parse(raw, path.parent)
        if service.name in services:
            raise Failure(f"Two manifests are named {service.name}: {services[service.name].folder} and {path.parent}.")
        services[service.name] = service
    return dict(sorted(services.items(), key=lambda item: (not item[1].infrastructure, item[1].port)))


def get(name: str) -> Service:
    services = load_all()
    if name not in services:
        import difflib
        near = difflib.get_close_matches(name, services, 1)
        raise Failure(f"There is no service `{name}`.", f"Did you mean `{near[0]}`?" if near else
                      "Known: " + ", ".join(services), code=2)
    return services[name]


@functools.cache
def common_settings() -> tuple[Setting, ...]:
    """The settings that `common` gives every daemon."""
    return tuple(setting(item) for item in read_yaml(DATA / "settings.yaml"))


def applies(service: Service, item: Setting) -> bool:
    """Whether this daemon has the store that the setting is about."""
    return {"always": True, "postgres": service.store.postgres, "redis": service.store.redis,
            "events": service.has_events}[item.when]


def settings_of(service: Service) -> list[Setting]:
    """Every setting this daemon knows: those of common, then its own, which may override one."""
    own = {item.name: item for item in service.env}
    common = [replace(item, required=item.required if isinstance(item.required, bool) else applies(service, item))
              for item in common_settings()]
    return [own.pop(item.name, item) for item in common] + list(own.values())


@functools.cache
def common_packages() -> dict[str, list[str]]:
    return read_yaml(DATA / "packages.yaml")


def connection_budget() -> int:
    """What PostgreSQL's max_connections must be for all services at once, with 20 to spare for people and restarts."""
    return sum(s.store.pool + CONNECTIONS_BESIDE_POOL for s in load_all().values() if s.store.postgres) + 20
