#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The CloudEvents SDK for Python, unchanged, as an emitter of usage to project's meters: structured and binary mode of the HTTP binding. On a project and a
PostgreSQL of its own."""

import datetime
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import project_service  # noqa: E402
import throwaway  # noqa: E402
from scripts import same  # noqa: E402

try:
    import requests
    from cloudevents.core.bindings.http import to_binary_event, to_structured_event
    from cloudevents.core.v1.event import CloudEvent
except ImportError as missing:
    print(f"{missing.name} is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)


def event(name, tokens, **more):
    return CloudEvent({"id": name, "source": "/emitter", "type": "prompt", "specversion": "1.0", "subject": "Grün & Söhne", "datacontenttype": "application/json",
                       **more}, {"tokens": tokens})


def main():
    program = throwaway.binary("project", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    with project_service.running(program) as project:
        project.ask("POST", "/api/v1/meters", {"slug": "tokens", "event_type": "prompt", "aggregation": "sum", "value_path": "$.tokens"})

        def send(message, status=204):
            answer = requests.post(f"{project.url}/openmeter/api/v1/events", data=message.body, headers={**message.headers, "Authorization": f"Bearer {project.token}"},
                                   timeout=60)
            same("the status", answer.status_code, status)
            return answer

        now = datetime.datetime.now(datetime.timezone.utc)
        send(to_structured_event(event("one", 5, time=now)))
        send(to_binary_event(event("one", 5, time=now)))  # the same event, in the other mode
        send(to_binary_event(event("two", 0.25)))
        send(to_structured_event(event("three", "0.1", comexampleextension="x")))
        late = send(to_structured_event(event("late", 5, time=now - datetime.timedelta(days=40))), 422)
        same("what is refused", late.json()["errors"][0]["pointer"], "/0/time")
        told = project.ask("GET", "/api/v1/meters/tokens/query?subject=Gr%C3%BCn%20%26%20S%C3%B6hne")
        same("what is counted", [item["value"] for item in told["items"]], [5.35])
    print("the CloudEvents SDK is served as it should be")


main()
