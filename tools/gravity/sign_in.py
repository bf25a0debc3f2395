"""Signing in at the platform's own auth service: the first client and the first person, and tokens that auth signs.

Auth keeps both as its settings AUTH_BOOTSTRAP_... say (services/auth, `Bootstrap`); what they are is made once, by chance, and kept in
var/secrets/first-run.env, for Compose in .env. Nobody else learns it: the other services know auth's public keys alone."""

import base64
import json
import os
import secrets
import uuid
from pathlib import Path
from urllib.parse import quote, urlencode

from . import derive_secrets, errors, httpget, manifest, paths, tokens
from .errors import Failure
from .manifest import Service
from .paths import Instance

AUTH_PORT = 8081
TOKEN_SECONDS = 3600  # of a developer's platform: `export TOKEN=$(./gravity token)` should outlive a cup of tea
USERNAME = "admin"
# Who calls others by tokens of its own: the gateway, which exchanges API keys, and those that ask all services of somebody's data or a project's.
CLIENTS = {"gateway": "AUTH_BOOTSTRAP_GATEWAY", "project": "AUTH_BOOTSTRAP_SERVICES", "user": "AUTH_BOOTSTRAP_SERVICES"}
MADE_ONCE = {"AUTH_BOOTSTRAP_CLIENT_ID": lambda: str(uuid.uuid4()), "AUTH_BOOTSTRAP_CLIENT_SECRET": lambda: secrets.token_hex(32),
             "AUTH_BOOTSTRAP_GATEWAY_ID": lambda: str(uuid.uuid4()), "AUTH_BOOTSTRAP_GATEWAY_SECRET": lambda: secrets.token_hex(32),
             "AUTH_BOOTSTRAP_SERVICES_ID": lambda: str(uuid.uuid4()), "AUTH_BOOTSTRAP_SERVICES_SECRET": lambda: secrets.token_hex(32),
             "AUTH_BOOTSTRAP_USERNAME": lambda: USERNAME, "AUTH_BOOTSTRAP_PASSWORD": derive_secrets.password}


def _file(instance: Instance):
    return instance.secrets_dir / "first-run.env"


def ensure(instance: Instance) -> bool:
    """Makes what is missing of the first client and person; True if this was the first time."""
    first = not _file(instance).exists()
    tokens.Identity(instance).ensure()  # its project is the one they are in
    derive_secrets.ensure(_file(instance), MADE_ONCE)
    return first


def compose_wanted(instance: Instance) -> dict[str, object]:
    """What .env is to have of the first client and person of the platform that docker-compose starts."""
    return {"AUTH_BOOTSTRAP_PROJECT": lambda: tokens.Identity(instance).facts()["project"], **MADE_ONCE}


def account(instance: Instance) -> dict[str, str]:
    """User name and password of the first person, and their project."""
    values = derive_secrets.read_env(_file(instance))
    return {"username": values["AUTH_BOOTSTRAP_USERNAME"], "password": values["AUTH_BOOTSTRAP_PASSWORD"],
            "project": tokens.Identity(instance).facts()["project"]}


def decide(instance: Instance, services: list[Service]) -> None:
    """Remembers whom this platform's services believe: auth if it is one of them, else the development key."""
    instance.save_state(issuer="auth" if any(service.name == "auth" for service in services) else "development")


def by_auth(instance: Instance) -> bool:
    return instance.state().get("issuer") == "auth"


def environment(instance: Instance, service: Service) -> dict[str, str]:
    """What a service is told of whom to believe; auth, who may begin; the gateway, how API keys are exchanged; project, for whom."""
    issuer, project = f"http://127.0.0.1:{instance.port(AUTH_PORT)}", tokens.Identity(instance).facts()["project"]
    kept = derive_secrets.read_env(_file(instance))
    believe = {"AUTH_JWKS_URL": f"{issuer}/oauth2/jwks", "AUTH_ISSUER": issuer, "AUTH_AUDIENCE": tokens.AUDIENCE}
    if service.name == "auth":
        return {"AUTH_PUBLIC_URL": issuer, "AUTH_ACCESS_TOKEN_SECONDS": str(TOKEN_SECONDS), "AUTH_OPERATOR_PROJECT": project,
                "AUTH_BOOTSTRAP_PROJECT": project, "AUTH_BOOTSTRAP_SCOPES": " ".join(scopes()), **kept}
    client = CLIENTS.get(service.name)
    if client:
        believe |= {"AUTH_TOKEN_URL": f"{issuer}/oauth2/token", "AUTH_CLIENT_ID": kept[f"{client}_ID"], "AUTH_CLIENT_SECRET": kept[f"{client}_SECRET"]}
    if service.name == "project":
        believe |= {"PROJECT_OPERATOR_PROJECT": project}
    return believe


def scopes() -> list[str]:
    """All that a token can say of this checkout's services: `admin` of every collection, which has `write` and `read` in it, and whatever else their
    documents ask for."""
    services = manifest.load_all().values()
    named = {f"{collection}:admin" for service in services for collection in service.collections}
    named |= {scope for service in services for scope in _asked_for(service.folder / "openapi.json")}

    def has_greater(scope: str) -> bool:
        subject, _, verb = scope.rpartition(":")
        return verb in ("read", "write") and f"{subject}:admin" in named

    return sorted(scope for scope in named if not has_greater(scope))


def _asked_for(document: Path) -> set[str]:
    try:
        paths = json.loads(document.read_text(encoding="utf-8")).get("paths", {})
    except FileNotFoundError:
        return set()
    return {scope for operations in paths.values() for operation in operations.values() if isinstance(operation, dict)
            for way in operation.get("security", []) for named in way.values() for scope in named}


def token(instance: Instance, wanted: list[str] | None) -> str:
    """An access token of the first client, by client credentials (RFC 6749 section 4.4)."""
    return _by_credentials(derive_secrets.read_env(_file(instance)), instance.port(AUTH_PORT), wanted, "`./gravity status` tells whether auth is ready.")


def compose_port(values: dict[str, str]) -> int:
    """Where docker-compose.yml puts the gateway."""
    return int(os.environ.get("GATEWAY_PORT") or values.get("GATEWAY_PORT") or 8000)


def by_compose() -> bool:
    """Whether docker-compose has a platform up: there is an .env with its first client, and somebody listens where its gateway would."""
    values = derive_secrets.read_env(paths.ROOT / ".env")
    return "AUTH_BOOTSTRAP_CLIENT_ID" in values and httpget.request(compose_port(values), "/", seconds=2).status != 0


def compose_token(wanted: list[str] | None) -> str:
    """The same of the platform that docker-compose has up; auth is asked through the gateway, its own port is nobody's."""
    values = derive_secrets.read_env(paths.ROOT / ".env")
    return _by_credentials(values, compose_port(values), wanted, "`docker-compose ps` tells whether auth is healthy.")


def _by_credentials(values: dict[str, str], port: int, wanted: list[str] | None, remedy: str) -> str:
    try:
        name, secret = values["AUTH_BOOTSTRAP_CLIENT_ID"], values["AUTH_BOOTSTRAP_CLIENT_SECRET"]
    except KeyError:
        raise Failure("There is no client to sign in with yet.", "`./gravity up` makes it.") from None
    credentials = base64.b64encode(f"{quote(name)}:{quote(secret)}".encode()).decode()
    form = urlencode({"grant_type": "client_credentials", "scope": " ".join(wanted if wanted is not None else scopes())})
    answer = httpget.request(port, "/oauth2/token", "POST", form.encode(), seconds=10,
                             headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"})
    document = answer.json()
    if answer.status != 200 or not isinstance(document, dict):
        said = document.get("error_description") or document.get("detail") if isinstance(document, dict) else answer.text
        raise Failure(f"Auth gives no token: {answer.status or 'no answer'}, {said}",
                      remedy, errors.NOT_READY if answer.status in (0, 503) else 1)
    return document["access_token"]
