#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""OpenMeter's SDK for Python, unchanged, against project's meters: it reports, one event and many, and asks by the query and by a body. On a project and a PostgreSQL
of its own."""

import asyncio
import datetime
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import fetched  # noqa: E402
import project_service  # noqa: E402
import throwaway  # noqa: E402
from scripts import same  # noqa: E402

CLIENT = "openmeter==1.0.0b236"

try:
    from corehttp.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
    from openmeter import Client
    from openmeter.aio import Client as AsyncClient
    from openmeter.models import Event, MeterQueryRequest
except ImportError:  # it wants an older cloudevents than requirements.txt has: a Python of its own
    if os.environ.get("GRAVITY_OPENMETER"):
        raise
    own = fetched.python_with("openmeter-python", CLIENT)
    os.execve(own, [str(own), __file__], {**os.environ, "GRAVITY_OPENMETER": "1"})


def event(name, tokens, model, **more):
    return Event(**{"id": name, "source": "my-app", "specversion": "1.0", "type": "prompt", "subject": "customer-1", "data": {"tokens": tokens, "model": model},
                    "time": datetime.datetime.now(datetime.timezone.utc), **more})


def story(url, token):
    def refused(what, error, asked, *words):
        try:
            asked()
        except error as answer:
            for word in words:
                if word not in str(answer):
                    sys.exit(f"{what}: {word} is not in {answer}")
            return
        sys.exit(f"not refused: {what}")

    client = Client(endpoint=f"{url}/openmeter", token=token)
    share = 0.1
    client.events.ingest_event(event("1", 100, "a", dataschema="https://example.com/schema", datacontenttype="application/json"))
    client.events.ingest_events([event("2", share + 0.2, "b"), event("3", "0.7", "b", subject="customer-2"), event("1", 100, "a")])
    client.events.ingest_events_json(event("4", 10, "c", time=None))
    same("meters", [(meter.slug, meter.aggregation.value, meter.value_property) for meter in client.meters.list()], [("tokens", "SUM", "$.tokens")])
    tokens = client.meters.get("tokens")
    same("what has this id", client.meters.get(tokens.id).slug, "tokens")
    same("all", [row.value for row in client.meters.query_json("tokens").data], [111])
    rows = client.meters.query_json("tokens", group_by=["subject", "model"], window_size="DAY", window_time_zone="Asia/Kathmandu").data
    same("split", [(row.subject, row.group_by["model"], row.value) for row in rows],
         [("customer-1", "a", 100), ("customer-1", "b", 0.3), ("customer-1", "c", 10), ("customer-2", "b", 0.7)])

    def asked(**question):
        return [row.value for row in client.meters.query("tokens", MeterQueryRequest(**question)).data]

    same("of two models", asked(filter_group_by={"model": ["a", "c"]}), [110])
    same("of a model and a customer", asked(filter_group_by={"model": ["b"]}, subject=["customer-2"]), [0.7])
    same("of no time", asked(from_property=datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)), [])
    refused("a group that there is not", HttpResponseError, lambda: asked(filter_group_by={"team": ["x"]}), "names no group")
    refused("a meter that there is not", ResourceNotFoundError, lambda: client.meters.get("none"))
    refused("what is no number", HttpResponseError, lambda: client.events.ingest_event(event("5", "NaN", "a")), "must be a decimal number")
    refused("who cannot be told", ClientAuthenticationError, lambda: Client(endpoint=f"{url}/openmeter", token="x").meters.list())

    async def at_once():
        async with AsyncClient(endpoint=f"{url}/openmeter", token=token) as waiting:
            await asyncio.gather(*(waiting.events.ingest_event(event(f"at once {i % 10}", 1, "d")) for i in range(40)))
            return [row.value for row in (await waiting.meters.query_json("tokens", subject=["customer-1"], group_by=["model"])).data][-1]

    same("ten events that came four times each, at once", asyncio.run(at_once()), 10)


def main():
    program = throwaway.binary("project", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        fetched.skip(f"{program} is not built")
    with project_service.running(program) as project:
        project.ask("POST", "/api/v1/meters", {"slug": "tokens", "event_type": "prompt", "aggregation": "sum", "value_path": "$.tokens", "group_by": {"model": "$.model"}})
        story(project.url, project.token)
    print(f"{CLIENT} is served as it should be")


main()
