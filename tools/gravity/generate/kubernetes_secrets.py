"""The secrets that overlays/dev needs: not a derived file of the checkout, but written to var/secrets by `generate --secrets`."""

from ..derive_secrets import variable
from ..manifest import Service
from . import facts
from .kubernetes import NAMESPACE
from .kubernetes_stores import passwords, stores
from .text import to_yaml


def development(services: dict[str, Service], values: dict[str, str], jwks: str) -> str:
    """Secrets of every service and store and the development key set, from the variables of .env."""
    documents = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
                 {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gravity-dev-jwks", "namespace": NAMESPACE}, "data": {"jwks.json": jwks}}]
    for service in services.values():
        password = {what: values.get(variable(service, name), "") for what, name in
                    (("database", "DATABASE_PASSWORD"), ("owner", "OWNER_PASSWORD"), ("redis", "REDIS_PASSWORD"), ("master_key", "MASTER_KEY"))}
        documents.append(_secret(service.name, facts.secrets(service, password | {"events": values["EVENTS_PASSWORD"]})))
    documents += [_secret(store, {name: values[name] for name in passwords(store, services)}) for store in stores(services)]
    return ("# written by `./gravity generate --secrets`: kubectl apply -f this, then kubectl apply -k deploy/kubernetes/overlays/dev\n"
            + to_yaml(*documents))


def _secret(name: str, values: dict[str, str]) -> dict:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, "type": "Opaque", "stringData": values}
