"""deploy/kubernetes: `services/<name>/` is complete by itself; `overlays/prod` is all of them in one namespace with stores outside, `overlays/dev`
one replica each with stores inside. Of a singleton that can share a store `services/<name>/shared/` is several, as is `overlays/prod-shared`.

Debian 12's kubectl carries kustomize 2.0.3, which knows neither folders among `resources` nor components: hence overlays are written out, and
only `resources`, `namespace` and `images` are used, which a current kustomize reads to the same objects (tests/launcher/test_deployments.py)."""

import hashlib
import json

from .. import sign_in
from ..manifest import Service
from . import facts
from .kubernetes_policy import network_policy
from .kubernetes_stores import stores
from .text import generated_from, to_yaml

ROOT = "deploy/kubernetes"
NAMESPACE = "gravity"


def files(services: dict[str, Service]) -> dict[str, str]:
    result = {}
    several = {name: service.shared_form or service for name, service in services.items()}
    folders = services | {f"{name}/shared": service for name, service in several.items() if service is not services[name]}
    for folder, service in folders.items():
        parts = objects(service, services, dev=False)
        for name, item in (parts | {"secret.example": secret_example(service)}).items():
            result[f"{ROOT}/services/{folder}/{name}.yaml"] = generated_from(f"{service.folder_name}/service.yaml") + to_yaml(item)
        result[f"{ROOT}/services/{folder}/kustomization.yaml"] = kustomization([f"{name}.yaml" for name in parts], [service.name])
    overlays = {"dev": (services, True), "prod": (services, False)} | ({"prod-shared": (several, False)} if several != services else {})
    for overlay, (among, dev) in overlays.items():
        parts = {"namespace": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}]}
        parts |= {service.name: list(objects(service, among, dev).values()) for service in among.values()}
        parts |= stores(services) if dev else {}
        for name, items in parts.items():
            result[f"{ROOT}/overlays/{overlay}/{name}.yaml"] = generated_from("the manifests") + to_yaml(*items)
        images = [*services, *(stores(services) if dev else [])]
        result[f"{ROOT}/overlays/{overlay}/kustomization.yaml"] = kustomization([f"{name}.yaml" for name in parts], images, NAMESPACE)
    return result


def kustomization(resources: list[str], images: list[str], namespace: str = "") -> str:
    document: dict = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    if namespace:
        document["namespace"] = namespace
    document |= {"resources": sorted(resources), "images": [{"name": facts.image(name), "newTag": facts.version()} for name in images]}
    return generated_from("the manifests") + to_yaml(document)


def metadata(name: str) -> dict:
    return {"name": name, "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "gravity"}}


def objects(service: Service, services: dict[str, Service], dev: bool) -> dict[str, dict]:
    """All objects of one service by file name. Secrets are made by whoever installs it."""
    config = config_map(service, services, dev)
    result = {
        "configmap": config,
        "deployment": deployment(service, config, dev),
        "networkpolicy": network_policy(service, services, dev),
        "service": service_object(service),
        "serviceaccount": {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(service.name), "automountServiceAccountToken": False},
    }
    if service.store.disk:
        result["persistentvolumeclaim"] = {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata(service.name),
            "spec": {"accessModes": ["ReadWriteOnce" if service.singleton or dev else "ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}}}
    if not dev:
        # Not minAvailable: equal to the replicas it would keep a node from ever being drained.
        result["pdb"] = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata(service.name),
                         "spec": {"maxUnavailable": 1, "selector": selector(service)}}
        if not service.singleton:
            result["hpa"] = autoscaler(service)
    return result


def selector(service: Service) -> dict:
    return {"matchLabels": {"app.kubernetes.io/name": service.name}}


# Who tokens are from, as services of the cluster know it. Who lets clients of elsewhere in changes AUTH_PUBLIC_URL of auth and AUTH_ISSUER of all others to the
# address that those know.
ISSUER = "http://auth:8081"


def config_map(service: Service, services: dict[str, Service], dev: bool) -> dict:
    values = facts.environment(service, "dns") | {"LOG_LEVEL": "info", "AUTH_AUDIENCE": "gravity"}
    if service.name != "auth":  # which knows its own keys, and could not become ready by asking itself
        values |= {"AUTH_JWKS_URL": f"{ISSUER}/oauth2/jwks", "AUTH_ISSUER": ISSUER}
    values |= {item.name: item.default for item in facts.own_settings(service) if item.default and not item.secret}
    if service.name == "auth":
        values["AUTH_PUBLIC_URL"] = ISSUER
    # DNS does not list services: whom these two ask is written out.
    if service.name == "user":
        values["USER_DATA_HOLDERS"] = ",".join(facts.keepers(services))
    if service.name == "project":
        values["PROJECT_DELETION_SERVICES"] = ",".join(sorted(name for name, other in services.items() if other.store.postgres and name != "project"))
    if dev and service.name in sign_in.CLIENTS:
        values["AUTH_TOKEN_URL"] = f"{ISSUER}/oauth2/token"
    if dev and service.name == "auth":
        values["AUTH_BOOTSTRAP_SCOPES"] = " ".join(sign_in.scopes())
    if service.name == "gateway":
        values |= {"GATEWAY_ROUTES_FILE": "/etc/gravity/routes/routes.json"}
        values["routes.json"] = json.dumps(facts.routes(services), indent=1) + "\n"  # mounted as a file
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(service.name), "data": values}


def deployment(service: Service, config: dict, dev: bool) -> dict:
    single = service.singleton or dev
    # Where two must never run at once, the old one ends first; elsewhere the new one is ready before the old one goes.
    strategy: dict = {"type": "Recreate"} if service.singleton or (dev and service.store.disk) else {
        "type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    spec: dict = {"replicas": 1} if single else {}  # with an autoscaler, each apply would undo its number
    spec |= {"revisionHistoryLimit": 5, "strategy": strategy, "selector": selector(service), "template": pod(service, config, dev)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(service.name), "spec": spec}


def pod(service: Service, config: dict, dev: bool) -> dict:
    digest = hashlib.sha256(json.dumps(config["data"], sort_keys=True).encode()).hexdigest()
    volumes, mounts = [{"name": "tmp", "emptyDir": {}}], [{"name": "tmp", "mountPath": "/tmp"}]
    if service.store.disk:
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": service.name}})
        mounts.append({"name": "data", "mountPath": facts.DISK})
    if service.name == "gateway":
        volumes.append({"name": "routes", "configMap": {"name": service.name, "items": [{"key": "routes.json", "path": "routes.json"}]}})
        mounts.append({"name": "routes", "mountPath": "/etc/gravity/routes", "readOnly": True})
    needs_secret = bool(facts.stores_of(service)) or any(item.required for item in facts.own_settings(service)) or (dev and service.name in sign_in.CLIENTS)
    container = {
        "name": service.name, "image": f"{facts.image(service.name)}:{facts.version()}", "imagePullPolicy": "IfNotPresent",
        # A later source wins: the secret may set anything, an address of a foreign issuer too.
        "envFrom": [{"configMapRef": {"name": service.name}}, {"secretRef": {"name": service.name, "optional": not needs_secret}}],
        "ports": [{"name": name, "containerPort": port, "protocol": protocol.upper()} for name, port, protocol in facts.open_ports(service)],
        "startupProbe": probe("/health/live", 2, 60), "livenessProbe": probe("/health/live", 10, 3), "readinessProbe": probe("/health/ready", 5, 2),
        "resources": {"requests": {"cpu": service.resources["cpu"], "memory": service.resources["memory"]},
                      "limits": {"memory": service.resources["memory_limit"]}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": mounts}
    spec: dict = {
        "serviceAccountName": service.name, "automountServiceAccountToken": False,
        "enableServiceLinks": False,  # variables such as DISCOVERY_PORT=tcp://… would be taken for settings
        "terminationGracePeriodSeconds": facts.GRACE,
        "securityContext": {"runAsNonRoot": True, "runAsUser": facts.USER, "runAsGroup": facts.USER, "fsGroup": facts.USER,
                            "seccompProfile": {"type": "RuntimeDefault"}}}
    if not service.singleton and not dev:
        spec["topologySpreadConstraints"] = [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                                              "labelSelector": selector(service)}]
    # The digest makes a changed setting roll the pods.
    annotations = {"gravity/config": digest, "prometheus.io/scrape": "true", "prometheus.io/port": str(facts.metrics_port(service)),
                   "prometheus.io/path": "/metrics"}
    return {"metadata": {"labels": metadata(service.name)["labels"], "annotations": annotations},
            "spec": spec | {"containers": [container], "volumes": volumes}}


def probe(path: str, period: int, failures: int) -> dict:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": period, "failureThreshold": failures, "timeoutSeconds": 3}


def service_object(service: Service) -> dict:
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(service.name),
            "spec": {"type": "ClusterIP", "selector": selector(service)["matchLabels"],
                     "ports": [{"name": name, "port": port, "targetPort": name, "protocol": protocol.upper()}
                               for name, port, protocol in facts.open_ports(service)]}}


def autoscaler(service: Service) -> dict:
    scale = service.scale
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata(service.name),
            "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service.name},
                     "minReplicas": scale["min"], "maxReplicas": scale["max"],
                     "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization",
                                                                                            "averageUtilization": scale["cpu_percent"]}}}],
                     "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}}}


def secret_example(service: Service) -> dict:
    """Not among the resources: copied, filled in and applied by whoever installs the service."""
    values = facts.secrets(service, {"database": "PASSWORD", "owner": "PASSWORD", "redis": "PASSWORD", "events": "PASSWORD",
                                     "master_key": "32-BYTES-IN-BASE64"}, "POSTGRES-HOST", "REDIS-HOST")
    own = {item.name: item.name.replace("_", "-") for item in facts.own_settings(service) if item.required or item.secret}
    values |= {name: text for name, text in own.items() if name not in values}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata(service.name), "type": "Opaque", "stringData": values}
