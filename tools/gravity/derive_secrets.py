"""Random secrets: one file per service in var/secrets, and .env for docker-compose. Made once, then kept."""

import base64
import secrets

from . import manifest, paths
from .manifest import Service
from .paths import Instance, write_private


def password() -> str:
    """160 bits in characters that need no quoting in a URL, a shell, SQL or a configuration file."""
    return secrets.token_hex(20)


def master_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def read_env(path) -> dict[str, str]:
    """KEY=value lines; blank lines and # comments are skipped."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    result = {}
    for line in text.splitlines():
        line = line.strip()
        if line and not line.startswith("#") and "=" in line:
            key, _, value = line.partition("=")
            result[key.strip()] = value.strip().strip("'\"")
    return result


def ensure(path, wanted: dict[str, object]) -> dict[str, str]:
    """Reads an env file and adds the keys it lacks, each made by its function. Existing values are never changed."""
    values = read_env(path)
    missing = {key: make() for key, make in wanted.items() if key not in values}
    if missing or not path.exists():
        values.update(missing)
        write_private(path, "".join(f"{key}={value}\n" for key, value in values.items()))
    return values


def of_service(instance: Instance, service: Service) -> dict[str, str]:
    wanted: dict[str, object] = {"MASTER_KEY": master_key}
    if service.store.postgres:
        wanted |= {"DATABASE_PASSWORD": password, "MIGRATION_DATABASE_PASSWORD": password}
    if service.store.redis:
        wanted |= {"REDIS_PASSWORD": password}
    return ensure(instance.secrets_dir / f"{service.name}.env", wanted)


def of_stores(instance: Instance) -> dict[str, str]:
    return ensure(instance.secrets_dir / "stores.env",
                  {"POSTGRES_PASSWORD": password, "REDIS_PASSWORD": password, "EVENTS_PASSWORD": password})


def variable(service: Service, what: str) -> str:
    """The name of a service's secret in .env: ORDER_DATABASE_PASSWORD."""
    return f"{service.id.upper()}_{what}"


def compose_names(services: dict[str, Service]) -> dict[str, object]:
    """The variables that docker-compose.yml asks for."""
    wanted: dict[str, object] = {"POSTGRES_PASSWORD": password, "REDIS_PASSWORD": password, "EVENTS_PASSWORD": password}
    for service in services.values():
        wanted[variable(service, "MASTER_KEY")] = master_key
        if service.store.postgres:
            wanted[variable(service, "DATABASE_PASSWORD")] = password
            wanted[variable(service, "OWNER_PASSWORD")] = password
        if service.store.redis:
            wanted[variable(service, "REDIS_PASSWORD")] = password
    return wanted


def write_compose_env(more: dict[str, object]) -> dict[str, str]:
    """.env beside docker-compose.yml, with `more` than stores and services need; what is in it stays."""
    return ensure(paths.ROOT / ".env", {"COMPOSE_PROJECT_NAME": lambda: "gravity", "COMPOSE_PROFILES": lambda: "all",
                                        **compose_names(manifest.load_all()), **more})
