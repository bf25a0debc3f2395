"""The secrets that overlays/dev needs: not a derived file of the checkout, but written to var/secrets by `generate --secrets`."""

from .. import sign_in
from ..derive_secrets import variable
from ..manifest import Service
from . import facts
from .kubernetes import NAMESPACE
from .kubernetes_stores import passwords, stores
from .text import to_yaml


def development(services: dict[str, Service], values: dict[str, str]) -> str:
    """Secrets of every service and store, from the variables of .env."""
    documents: list[dict] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}]
    for service in services.values():
        password = {what: values.get(variable(service, name), "") for what, name in
                    (("database", "DATABASE_PASSWORD"), ("owner", "OWNER_PASSWORD"), ("redis", "REDIS_PASSWORD"), ("master_key", "MASTER_KEY"))}
        documents.append(_secret(service.name, facts.secrets(service, password | {"events": values["EVENTS_PASSWORD"]}) | _begin(service, values)))
    documents += [_secret(store, {name: values[name] for name in passwords(store, services)}) for store in stores(services)]
    return ("# written by `./gravity generate --secrets`: kubectl apply -f this, then kubectl apply -k deploy/kubernetes/overlays/dev\n"
            + to_yaml(*documents))


def _begin(service: Service, values: dict[str, str]) -> dict[str, str]:
    """As Compose has it: auth is told who may begin, others as which client they call, project whose project may do more."""
    project, client = values["AUTH_BOOTSTRAP_PROJECT"], sign_in.CLIENTS.get(service.name)
    told = {"AUTH_CLIENT_ID": values[f"{client}_ID"], "AUTH_CLIENT_SECRET": values[f"{client}_SECRET"]} if client else {}
    if service.name == "auth":
        told |= {"AUTH_OPERATOR_PROJECT": project, "AUTH_BOOTSTRAP_PROJECT": project, **{name: values[name] for name in sign_in.MADE_ONCE}}
    if service.name == "project":
        told["PROJECT_OPERATOR_PROJECT"] = project
    return told


def _secret(name: str, values: dict[str, str]) -> dict:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, "type": "Opaque", "stringData": values}
