"""Tables for people: docs/services.md, docs/ports.md, docs/events.md, and the table between markers in README.md."""

import fnmatch
import json

from .. import paths
from ..errors import Failure
from ..manifest import Service
from .text import generated_from, markdown_table

BEGIN, END = "<!-- services:begin -->", "<!-- services:end -->"
# Ports of the stores that `./gravity up` starts, shown so that nobody takes them.
STORE_PORTS = ((15432, "PostgreSQL of this platform"), (16379, "Redis of this platform"))


def files(services: dict[str, Service]) -> dict[str, str]:
    result = {
        "docs/services.md": _services(services),
        "docs/ports.md": _ports(services),
        "docs/events.md": _events(services),
    }
    readme = paths.ROOT / "README.md"
    if readme.is_file():
        result["README.md"] = with_table(readme.read_text(encoding="utf-8"), readme_table(services))
    return result


def with_table(readme: str, table: str) -> str:
    """The README with the text between the markers replaced; without markers it stays as it is."""
    begin, end = readme.find(BEGIN), readme.find(END)
    if begin < 0 and end < 0:
        return readme
    if begin < 0 or end < begin:
        raise Failure(f"README.md must hold `{BEGIN}` and then `{END}`.")
    return readme[:begin + len(BEGIN)] + "\n" + table + readme[end:]


def readme_table(services: dict[str, Service]) -> str:
    rows = [[f"[{s.name}]({s.folder_name})", str(s.port), s.summary] for s in services.values()]
    return markdown_table(["service", "port", "what it is"], rows)


def store_text(service: Service) -> str:
    parts = []
    if service.store.postgres:
        extensions = f" ({', '.join(service.store.extensions)})" if service.store.extensions else ""
        parts.append(f"PostgreSQL `{service.database}`{extensions}")
    if service.store.redis:
        parts.append("Redis")
    if service.store.disk:
        parts.append("disk")
    return " + ".join(parts) or "none"


def _services(services: dict[str, Service]) -> str:
    text = generated_from("the manifests", "<!--") + f"\n# Services\n\nThis platform has {len(services)} services.\n"
    for service in services.values():
        text += f"\n## {service.name}\n\n**{service.title}**, port {service.port}, `{service.executable}` in "
        text += f"[`{service.folder_name}/`](../{service.folder_name}). {service.summary}.\n\n"
        paths_text = ", ".join(f"`{prefix}`" for prefix in service.route_prefixes)
        facts = [("Paths", paths_text), ("Standards", ", ".join(service.standards)), ("Store", store_text(service)),
                 ("Requires", ", ".join(service.requires) or "nothing"), ("Works better with", ", ".join(service.optional)),
                 ("Profiles", ", ".join(service.profiles))]
        text += "".join(f"- {name}: {value}\n" for name, value in facts if value)
        if service.env:
            rows = [[f"`{item.name}`", item.type, "required" if item.required else f"`{item.default}`" if item.default is not None else "",
                     item.doc] for item in service.env]
            text += "\n" + markdown_table(["setting", "type", "default", "meaning"], rows)
        if service.first_call:
            call = service.first_call
            body = f" -H 'Content-Type: application/json' -d '{json.dumps(call['body'])}'" if "body" in call else ""
            method = "" if call["method"] == ("POST" if body else "GET") else f" -X {call['method']}"
            text += "\n```sh\ncurl -s" + method + f" http://127.0.0.1:8000{call['path']} "
            text += f"-H \"Authorization: Bearer $(./gravity token)\"{body}\n```\n"
    return text


def _ports(services: dict[str, Service]) -> str:
    rows = []
    for service in services.values():
        rows.append((service.port, "tcp", service.name, "HTTP"))
        for extra in service.ports:
            note = f"{extra.name}, set by `{extra.env}`" + (" (off unless set)" if extra.optional else "")
            rows.append((extra.port, ", ".join(extra.protocols), service.name, note))
    rows += [(port, "tcp", "-", what) for port, what in STORE_PORTS]
    table = markdown_table(["port", "protocol", "service", "what"], [[str(p), proto, f"{name}", what] for p, proto, name, what in sorted(rows)])
    return (generated_from("the manifests", "<!--") + "\n# Ports\n\n`./gravity up --port-base N` moves all of them by N - 8000. "
            "Everything listens on 127.0.0.1.\n\n" + table)


def _events(services: dict[str, Service]) -> str:
    consumers: dict[str, list[str]] = {}
    for service in services.values():
        for event in service.consumes:
            consumers.setdefault(event, []).append(service.name)
    published = {event: service.name for service in services.values() for event in service.publishes}
    for event in consumers:
        if event.split(".")[1] == "*":
            by = sorted(name for one, name in published.items() if fnmatch.fnmatchcase(one, event) and one != event)
            published[event] = ", ".join(by) or "(not built yet)"
    rows = [[f"`{event}`", published.get(event, "(not built yet)"), ", ".join(consumers.get(event, []))]
            for event in sorted({*published, *consumers})]
    return (generated_from("the manifests", "<!--") + "\n# Events\n\nCloudEvents 1.0, at least once; consumers are idempotent. "
            "A stream keeps some 200,000 events ([decision 12](decisions/0012-events.md)); what is `gravity.*.usage.recorded` of all services is in one stream, "
            "so while `project` is down for longer than these last, the oldest are not counted ([decision 96](decisions/0096-usage-of-other-services.md)).\n\n"
            + markdown_table(["type", "published by", "consumed by"], rows))
