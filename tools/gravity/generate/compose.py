"""docker-compose.yml and docker-compose.isolated.yml, in what docker-compose 1.29.2 and `docker compose` v2 both read: no top-level `name`, no
`include`, no `!reset`; limits by `mem_limit` instead of `deploy`; `version` for the old one, which the new one ignores with a notice."""

import re

from .. import manifest, sign_in
from ..derive_secrets import variable
from ..manifest import Service
from . import facts
from .text import generated_from, to_yaml

VERSION = "3.8"
HINT = "run ./gravity generate --secrets"
# Who tokens are from: auth, as whoever uses the gateway's port knows it. With another GATEWAY_PORT, or another name, it is to be said.
ISSUER = "${AUTH_ISSUER:-http://127.0.0.1:8000}"
COMPILATIONS = {"CCACHE_REMOTE_STORAGE": "${CCACHE_REMOTE_STORAGE:-}"}  # ccache's, so that an image need not be compiled from nothing


def files(services: dict[str, Service]) -> dict[str, str]:
    return {"docker-compose.yml": platform(services), "docker-compose.isolated.yml": isolated(services)}


def needed(name: str) -> str:
    return f"${{{name}:?{HINT}}}"


def with_anchors(text: str, names: tuple[str, ...]) -> str:
    """Turns `x-name:` into an anchor and `<<: '@name'` into its use: YAML merge keys, which the dumper cannot write."""
    for name in names:
        text = text.replace(f"x-{name}:\n", f"x-{name}: &{name}\n")
    return re.sub(r"""(?m)^( *)["']?<<["']?: ["']@(\w+)["']$""", r"\1<<: *\2", text)


def platform(services: dict[str, Service]) -> str:
    document = {
        "version": VERSION,
        "x-service": common(),
        "x-environment": shared_environment(),
        "services": stores(services) | {service.name: daemon(service) for service in services.values()},
        # The stores can be reached by the services that have one, and reach nothing themselves.
        "networks": {"platform": {}, "stores": {"internal": True}},
        "volumes": {name: {} for name in volumes(services)},
    }
    return generated_from("the manifests") + (
        "#\n#     ./gravity generate --secrets      # once: passwords in .env, and the first client's\n"
        "#     docker-compose up -d --build      # or docker compose up; COMPOSE_PROFILES=core (or shop, content) for less than all\n"
        "#     curl -s http://127.0.0.1:8000/api/v1/products -H \"Authorization: Bearer $(./gravity token)\"\n"
        "#\n# Order is left to the services: each starts without its neighbours and is ready when they are.\n"
    ) + with_anchors(to_yaml(document), ("service", "environment"))


def common() -> dict:
    return {"restart": "unless-stopped", "init": True, "read_only": True, "tmpfs": ["/tmp"], "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"], "user": f"{facts.USER}:{facts.USER}", "stop_grace_period": f"{facts.GRACE}s",
            "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}}


def shared_environment() -> dict[str, str]:
    return {"AUTH_JWKS_URL": "${AUTH_JWKS_URL:-http://auth:8081/oauth2/jwks}", "AUTH_ISSUER": ISSUER,
            "AUTH_AUDIENCE": "${AUTH_AUDIENCE:-gravity}", "LOG_LEVEL": "${LOG_LEVEL:-info}", "OTLP_ENDPOINT": "${OTLP_ENDPOINT:-}"}


def _build(dockerfile: str, arguments: dict | None = None) -> dict:
    return {"context": ".", "dockerfile": dockerfile, "args": {"BASE_IMAGE": "${BASE_IMAGE:-debian:12-slim}", **(arguments or {})}}


def _image(name: str) -> str:
    return f"{facts.image(name)}:${{GRAVITY_VERSION:-{facts.version()}}}"


def daemon(service: Service) -> dict:
    # Auth knows its own keys, and could not become ready by asking itself for them.
    shared = {name: value for name, value in shared_environment().items() if name != "AUTH_JWKS_URL"} if service.name == "auth" else {"<<": "@environment"}
    environment = {**shared, **facts.environment(service, "consul"), **_own(service)}
    password = {"database": needed(variable(service, "DATABASE_PASSWORD")), "owner": needed(variable(service, "OWNER_PASSWORD")),
                "redis": needed(variable(service, "REDIS_PASSWORD")), "events": needed("EVENTS_PASSWORD"),
                "master_key": needed(variable(service, "MASTER_KEY"))}
    environment |= facts.secrets(service, password)
    own_stores = facts.stores_of(service)
    build = _build("deploy/docker/Dockerfile", {"SERVICE": service.name, **COMPILATIONS})
    result: dict = {"<<": "@service", "profiles": list(service.profiles), "build": build, "image": _image(service.name),
                    "environment": environment}
    if service.store.disk:
        result["volumes"] = [{"type": "volume", "source": service.name, "target": facts.DISK}]
    if service.name in ("gateway", "console"):
        result["ports"] = [f"127.0.0.1:${{{service.id.upper()}_PORT:-{service.port}}}:{service.port}"]
    if own_stores:
        result["depends_on"] = {store: {"condition": "service_healthy"} for store in own_stores}
    return result | {
        "healthcheck": {"test": ["CMD", facts.binary(service), "--health"], "interval": "10s", "timeout": "6s", "retries": 3, "start_period": "60s"},
        "networks": ["platform"] + (["stores"] if facts.stores_reached(service) else []),
        "cpu_shares": max(2, facts.millicores(service.resources["cpu"]) * 1024 // 1000),  # a weight: idle cores are for all
        "mem_limit": f"{facts.mebibytes(service.resources['memory_limit'])}m",
        "mem_reservation": f"{facts.mebibytes(service.resources['memory'])}m"}


def _own(service: Service) -> dict[str, str | None]:
    """Its own settings, which .env or the shell may set by their name; a name without a value is passed on only if it is set there."""
    return {item.name: needed(item.name).replace(HINT, f"see {service.folder_name}/.env.example") if item.required else None
            for item in facts.own_settings(service)} | begin(service)


def begin(service: Service) -> dict[str, str]:
    """As `./gravity up` has it (sign_in.environment): auth is told who may begin, the gateway how API keys are exchanged, project whose project may do more."""
    project = needed("AUTH_BOOTSTRAP_PROJECT")
    if service.name == "auth":
        scopes = " ".join(sign_in.scopes())
        return {"AUTH_PUBLIC_URL": ISSUER, "AUTH_OPERATOR_PROJECT": project, "AUTH_BOOTSTRAP_PROJECT": project,
                "AUTH_BOOTSTRAP_SCOPES": f"${{AUTH_BOOTSTRAP_SCOPES:-{scopes}}}", **{name: needed(name) for name in sign_in.MADE_ONCE}}
    client = sign_in.CLIENTS.get(service.name)
    told = {"PROJECT_OPERATOR_PROJECT": project} if service.name == "project" else {}
    if client:
        told |= {"AUTH_TOKEN_URL": "${AUTH_TOKEN_URL:-http://auth:8081/oauth2/token}", "AUTH_CLIENT_ID": needed(f"{client}_ID"),
                 "AUTH_CLIENT_SECRET": needed(f"{client}_SECRET")}
    return told


def postgres(services: list[Service], volume: str) -> dict:
    environment = {"POSTGRES_PASSWORD": needed("POSTGRES_PASSWORD"),
                   "GRAVITY_DATABASES": " ".join(f"{s.id}:{','.join(s.store.extensions)}" for s in services)}
    for service in services:
        for what in ("DATABASE_PASSWORD", "OWNER_PASSWORD"):
            environment[variable(service, what)] = needed(variable(service, what))
    connections = max(100, sum(s.store.pool + manifest.CONNECTIONS_BESIDE_POOL for s in services) + 20)
    return {"<<": "@service", "build": _build("deploy/docker/postgres/Dockerfile"), "image": _image("postgres"),
            "command": ["-c", f"max_connections={connections}", "-c", "jit=off", "-c", "timezone=UTC"],
            "environment": environment, "user": f"{facts.USER + 1}:{facts.USER + 1}", "tmpfs": ["/tmp", _tmpfs("/run/postgresql", facts.USER + 1)],
            "shm_size": "256m", "stop_signal": "SIGINT", "stop_grace_period": "90s", "networks": ["stores"],
            "volumes": [{"type": "volume", "source": volume, "target": "/var/lib/postgresql/data"}]}


def _tmpfs(path: str, user: int) -> str:
    return f"{path}:mode=0755,uid={user},gid={user}"


def stores(services: dict[str, Service]) -> dict:
    result = {}
    with_postgres = [s for s in services.values() if s.store.postgres]
    with_redis = [s for s in services.values() if s.store.redis]
    if with_postgres:
        result["postgres"] = postgres(with_postgres, "postgres")
    if any(facts.needs_redis(s) for s in services.values()):
        environment = {"REDIS_PASSWORD": needed("REDIS_PASSWORD"), "EVENTS_PASSWORD": needed("EVENTS_PASSWORD"),
                       "GRAVITY_REDIS_USERS": " ".join(s.name for s in with_redis)}
        environment |= {variable(s, "REDIS_PASSWORD"): needed(variable(s, "REDIS_PASSWORD")) for s in with_redis}
        durable = any(s.store.redis_durable for s in with_redis)
        result["redis"] = {"<<": "@service", "build": _build("deploy/docker/redis/Dockerfile"), "image": _image("redis"),
                           "command": ["--appendfsync", "always" if durable else "everysec"], "environment": environment,
                           "user": f"{facts.USER + 2}:{facts.USER + 2}", "tmpfs": ["/tmp", _tmpfs("/run/redis", facts.USER + 2)],
                           "stop_grace_period": "60s", "networks": ["stores"],
                           "volumes": [{"type": "volume", "source": "redis", "target": "/var/lib/redis"}]}
    return result


def volumes(services: dict[str, Service]) -> list[str]:
    return list(stores(services)) + [s.name for s in services.values() if s.store.disk]


def isolated(services: dict[str, Service]) -> str:
    """Each service with PostgreSQL gets a server of its own; the shared one is scaled to nothing."""
    changed: dict = {"postgres": {"scale": 0}}
    own_volumes = {}
    for service in services.values():
        if not service.store.postgres:
            continue
        host = f"postgres-{service.name}"
        password = {"database": needed(variable(service, "DATABASE_PASSWORD")), "owner": needed(variable(service, "OWNER_PASSWORD"))}
        password |= dict.fromkeys(("redis", "events", "master_key"), "")
        urls = {name: value for name, value in facts.secrets(service, password, host).items() if "DATABASE_URL" in name}
        changed[host] = {**postgres([service], host), "profiles": list(service.profiles)}
        changed[service.name] = {"environment": urls, "depends_on": {host: {"condition": "service_healthy"}}}
        own_volumes[host] = {}
    document = {"version": VERSION, "x-service": common(), "services": changed, "volumes": own_volumes}
    if not own_volumes:
        document = {"version": VERSION, "services": {}}
    return generated_from("the manifests") + (
        "#\n# A PostgreSQL server for each service instead of one for all:\n"
        "#     docker-compose -f docker-compose.yml -f docker-compose.isolated.yml up -d\n") + with_anchors(to_yaml(document), ("service",))
