"""Network policies: nothing in and nothing out but what the manifests declare."""

from ..manifest import Service
from . import facts


def pods(name: str) -> dict:
    return {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}


def ports(*numbers: int) -> list[dict]:
    return [{"port": number, "protocol": "TCP"} for number in numbers]


def network_policy(service: Service, services: dict[str, Service], dev: bool) -> dict:
    return policy(service.name, _ingress(service, services), _egress(service, services, dev))


def policy(name: str, ingress: list[dict], egress: list[dict]) -> dict:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "gravity"}},
            "spec": {"podSelector": pods(name)["podSelector"], "policyTypes": ["Ingress", "Egress"], "ingress": ingress, "egress": egress}}


def _ingress(service: Service, services: dict[str, Service]) -> list[dict]:
    metrics = facts.metrics_port(service)
    monitors = [{"namespaceSelector": {}, **pods(name)} for name in ("prometheus", "monitoring")]
    result: list[dict] = [{"from": monitors, "ports": ports(metrics)}]
    if service.name in ("gateway", "console"):
        return [{"ports": ports(service.port)}, *result]  # the doors: from anywhere
    callers = facts.callers(service, services)
    opened = [{"port": number, "protocol": protocol.upper()} for _, number, protocol in facts.open_ports(service)]
    return ([{"from": [pods(name) for name in callers], "ports": opened}] if callers else []) + result


def _egress(service: Service, services: dict[str, Service], dev: bool) -> list[dict]:
    result: list[dict] = [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}]
    for store in facts.stores_reached(service):
        rule: dict = {"ports": ports(facts.STORE_PORTS[store])}
        # Outside the cluster a store's address is known only to whoever installs it, who may narrow this by an ipBlock.
        result.append({"to": [pods(store)], **rule} if dev else rule)
    for name in facts.callees(service, services):
        result.append({"to": [pods(name)], "ports": ports(services[name].port)})
    result.append({"to": [{"namespaceSelector": {}, **pods("opentelemetry-collector")}], "ports": ports(4318)})
    for item in service.egress:
        rule = {"ports": [{"port": item["port"], "protocol": item.get("protocol", "tcp").upper()}]}
        result.append({"to": [{"ipBlock": {"cidr": item["cidr"]}}], **rule} if "cidr" in item else rule)
    return result
