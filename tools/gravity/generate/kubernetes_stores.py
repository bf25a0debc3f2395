"""The stores of overlays/dev: one PostgreSQL and one Redis for all, each on a volume. For trying out, not for production."""

from .. import manifest
from ..derive_secrets import variable
from ..manifest import Service
from . import facts
from .kubernetes_policy import pods, policy, ports


def stores(services: dict[str, Service]) -> dict[str, list[dict]]:
    """Objects by file name; a store that no service has is left out."""
    result = {}
    with_postgres = [s for s in services.values() if s.store.postgres]
    if with_postgres:
        environment = [{"name": "GRAVITY_DATABASES", "value": " ".join(f"{s.id}:{','.join(s.store.extensions)}" for s in with_postgres)}]
        connections = max(100, manifest.connection_budget())
        health = {"exec": {"command": ["pg_isready", "-q", "-h", "127.0.0.1"]}}
        result["postgres"] = _store("postgres", facts.USER + 1, environment, ["-c", f"max_connections={connections}"], health,
                                    "/var/lib/postgresql/data", "/run/postgresql", [s.name for s in with_postgres])
    with_redis = [s for s in services.values() if facts.needs_redis(s)]
    if with_redis:
        clients = [s.name for s in services.values() if "redis" in facts.stores_reached(s)]
        environment = [{"name": "GRAVITY_REDIS_USERS", "value": " ".join(s.name for s in with_redis if s.store.redis)}]
        health = {"exec": {"command": ["redis-cli", "-e", "--user", "health", "--pass", "none", "--no-auth-warning", "ping"]}}
        result["redis"] = _store("redis", facts.USER + 2, environment, [], health, "/var/lib/redis", "/run/redis", clients)
    return result


def passwords(store: str, services: dict[str, Service]) -> list[str]:
    """The variables of .env that a store's entry point asks for."""
    if store == "postgres":
        return ["POSTGRES_PASSWORD"] + [variable(s, what) for s in services.values() if s.store.postgres
                                        for what in ("DATABASE_PASSWORD", "OWNER_PASSWORD")]
    return ["REDIS_PASSWORD", "EVENTS_PASSWORD"] + [variable(s, "REDIS_PASSWORD") for s in services.values() if s.store.redis]


def _store(name: str, user: int, environment: list, arguments: list, health: dict, data: str, run: str, clients: list[str]) -> list[dict]:
    metadata = {"name": name, "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "gravity"}}
    selector = {"matchLabels": {"app.kubernetes.io/name": name}}
    port = facts.STORE_PORTS[name]
    container = {
        "name": name, "image": f"{facts.image(name)}:{facts.version()}", "imagePullPolicy": "IfNotPresent", "args": arguments,
        "env": environment, "envFrom": [{"secretRef": {"name": name}}], "ports": [{"name": name, "containerPort": port, "protocol": "TCP"}],
        "startupProbe": {**health, "periodSeconds": 2, "failureThreshold": 60, "timeoutSeconds": 5},
        "readinessProbe": {**health, "periodSeconds": 5, "failureThreshold": 2, "timeoutSeconds": 5},
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "data", "mountPath": data}, {"name": "run", "mountPath": run}, {"name": "tmp", "mountPath": "/tmp"}]}
    pod = {"automountServiceAccountToken": False, "enableServiceLinks": False, "terminationGracePeriodSeconds": 90,
           "securityContext": {"runAsNonRoot": True, "runAsUser": user, "runAsGroup": user, "fsGroup": user,
                               "seccompProfile": {"type": "RuntimeDefault"}},
           "containers": [container], "volumes": [{"name": "run", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]}
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
         "spec": {"clusterIP": "None", "selector": selector["matchLabels"], "ports": [{"name": name, "port": port, "targetPort": name, "protocol": "TCP"}]}},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata,
         "spec": {"replicas": 1, "serviceName": name, "selector": selector,
                  "template": {"metadata": {"labels": metadata["labels"]}, "spec": pod}, "volumeClaimTemplates": [claim]}},
        policy(name, [{"from": [pods(client) for client in clients], "ports": ports(port)}], []),
    ]
