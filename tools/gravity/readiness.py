"""When a service counts as ready, and why it is not. Deciding here, asking in `Prober`."""

from dataclasses import dataclass, replace

from . import httpget
from .httpget import Answer
from .manifest import INFRASTRUCTURE_ORDER, Service
from .paths import Instance

DEAD_STATES = ("FATAL", "EXITED", "UNKNOWN")


@dataclass(frozen=True)
class Verdict:
    ready: bool
    reason: str = ""
    hopeless: bool = False  # waiting longer will not help
    version: str = ""


def decide(state: str, health: Answer | None, passing: bool | None, routed: Answer | None) -> Verdict:
    """Ready means: process running, /health/ready 200, passing in discovery (None: not asked), and routed by the gateway
    (None: not asked; 404 says the gateway knows no such route, 502 to 504 that it finds no instance)."""
    if state in DEAD_STATES:
        return Verdict(False, f"the process does not stay up (supervisor: {state})", hopeless=state == "FATAL")
    if state == "BACKOFF":
        return Verdict(False, "the process ended right after its start; supervisor tries again")
    if state not in ("RUNNING", "STARTING"):
        return Verdict(False, f"not running ({state.lower()})")
    if health is None or health.status == 0:
        return Verdict(False, health.text if health else "not asked yet")
    version = version_in(health)
    if health.status != 200:
        return Verdict(False, reason_in(health), version=version)
    if passing is False:
        return Verdict(False, "not passing in discovery yet", version=version)
    if routed is not None and routed.status in (0, 404, 502, 503, 504):
        what = routed.text if routed.status == 0 else f"{routed.status}"
        return Verdict(False, f"the gateway does not route to it yet ({what})", version=version)
    # STARTING is enough: supervisor's second of probation may still run when the daemon already serves.
    return Verdict(True, version=version)


def with_ends(verdict: Verdict, ended: int) -> Verdict:
    """A process that ends again and again is just starting whenever one looks; that it ended is why it is not ready."""
    if verdict.ready or ended == 0 or verdict.reason.startswith("the process"):
        return verdict
    return replace(verdict, reason=f"the process has ended {ended} time{'s' if ended > 1 else ''} since it was started; now {verdict.reason}")


def reason_in(health: Answer) -> str:
    """The service's own words: failing checks of application/health+json, or a problem's detail, or the status."""
    document = health.json()
    if isinstance(document, dict):
        reasons = []
        for name, entries in (document.get("checks") or {}).items() if isinstance(document.get("checks"), dict) else ():
            for entry in entries if isinstance(entries, list) else [entries]:
                if isinstance(entry, dict) and entry.get("status") not in ("pass", "ok", "up", None):
                    reasons.append(f"{name}: {entry.get('output') or entry['status']}")
        if reasons:
            return "; ".join(reasons)
        for key in ("output", "detail", "title", "status"):
            if isinstance(document.get(key), str):
                return document[key]
    return f"/health/ready answers {health.status}"


def warnings_in(health: Answer) -> str:
    """What a ready service says it lacks."""
    document = health.json()
    if health.status == 200 and isinstance(document, dict) and document.get("status") == "warn":
        return reason_in(health)
    return ""


def version_in(health: Answer) -> str:
    document = health.json()
    if isinstance(document, dict):
        return str(document.get("releaseId") or document.get("version") or "")
    return ""


@dataclass(frozen=True)
class Prober:
    """Asks a running platform. Thread-safe: every question opens its own connection."""

    instance: Instance
    with_discovery: bool
    with_gateway: bool

    def verdict(self, service: Service, state: str, port: int | None = None) -> Verdict:
        port = port or self.instance.port(service.port)
        health = httpget.request(port, "/health/ready") if state in ("RUNNING", "STARTING") else None
        if health is None or health.status != 200:
            return decide(state, health, None, None)
        passing = self.passing(service, port) if self.with_discovery and not service.infrastructure else None
        routed = None
        if passing is not False and self.with_gateway and service.name not in INFRASTRUCTURE_ORDER and service.collections:  # those the gateway waits for
            routed = httpget.request(self.instance.port(8000), f"/api/v1/{service.collections[0]}")
        return decide(state, health, passing, routed)

    def passing(self, service: Service, port: int) -> bool:
        """Whether discovery lists an instance on this port with all checks passing."""
        answer = httpget.request(self.instance.port(8500), f"/v1/health/service/{service.name}?passing")
        entries = answer.json() if answer.status == 200 else None
        if not isinstance(entries, list):
            return False
        return any(isinstance(entry, dict) and (entry.get("Service") or {}).get("Port") == port for entry in entries)
