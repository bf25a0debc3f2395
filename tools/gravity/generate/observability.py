"""deploy/observability: what a Prometheus scrapes, on one machine (`./gravity up`) and in Compose."""

from ..manifest import Service
from . import facts
from .text import generated_from, to_yaml

FOLDER = "deploy/observability"


def files(services: dict[str, Service]) -> dict[str, str]:
    config = {
        "global": {"scrape_interval": "15s", "scrape_timeout": "10s"},
        "scrape_configs": [{
            "job_name": "gravity", "metrics_path": "/metrics",
            "file_sd_configs": [{"files": ["targets.yml"]}],
        }],
    }
    return {
        f"{FOLDER}/prometheus.yml": generated_from("the manifests")
        + "# Copy targets-native.yml or targets-compose.yml to targets.yml beside this file. In a cluster the pods carry prometheus.io/*\n"
        + "# annotations instead, and their network policies admit pods named prometheus.\n" + to_yaml(config),
        f"{FOLDER}/targets-native.yml": _targets(services, lambda service: "127.0.0.1"),
        f"{FOLDER}/targets-compose.yml": _targets(services, lambda service: service.name),
    }


def _targets(services: dict[str, Service], host) -> str:
    groups = [{"targets": [f"{host(service)}:{facts.metrics_port(service)}"], "labels": {"service": service.name, "priority": service.priority}}
              for service in services.values()]
    return generated_from("the manifests") + to_yaml(groups)
