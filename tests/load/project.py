#!/usr/bin/env python3
"""project against nginx with the same bytes and PostgreSQL's own COPY of the same rows, in turns on the same cores, in one run.

    tests/load/project.py [--seconds 5] [--runs 3] [--check] [--only WORD]      (release preset; Debian: wrk, nginx-light; `./gravity bench project` builds and runs it)

What is not installed is left out, which the output says. Where there are two cores or more, a server has the first for itself and who asks it the second; PostgreSQL is where the
machine puts it, for project and for COPY alike."""

import http.client
import json
import os
import subprocess
import sys
import time

from harness import OURS, bench, idle, missing, nginx_with, say, wrk_at

import throwaway  # tests/support, as harness has it

ASKED, INGESTED, MONTH = "introspection / nginx, same bytes", "events in batches of 100 / COPY of the same rows", "month of 3,000 buckets, ms"
BARS = {
    ASKED: ("least", 0.7),
    INGESTED: ("least", 0.5),
    MONTH: ("most", 50),
    "start to ready, ms": ("most", 300),
    "idle, MiB proportional": ("most", 16),
    "idle, % of a core": ("most", 0.1),
}
PRESET = os.environ.get("GRAVITY_PRESET", "release")
BATCH, COPIED = 100, 100_000

ASK = """wrk.method = "POST"
wrk.body = "token=%s"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = "Bearer %s"
"""

# Each event has an identifier of its own, so that each is counted.
REPORT = """wrk.headers["Content-Type"] = "application/cloudevents-batch+json"
wrk.headers["Authorization"] = "Bearer %s"
local number, run = 0, "%s"
function request()
  local events = {}
  for i = 1, %d do
    number = number + 1
    events[i] = string.format('{"specversion":"1.0","id":"%%s-%%d","source":"bench","type":"called","subject":"user-%%d","data":{"tokens":"%%d.5"}}', run, number, number %% 50, number %% 1000)
  end
  return wrk.format("POST", nil, nil, "[" .. table.concat(events, ",") .. "]")
end
"""


class Bench:
    """PostgreSQL, a project on a core of its own, a key that it keeps, and a meter of what is reported."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "pg").mkdir()
        self.cluster = throwaway.Cluster(folder / "pg")
        self.cluster.database("project")
        self.token, trust = throwaway.signed_token(folder, ["organizations", "projects", "api-keys", "meters"], ["api-keys:verify", "products:read"])
        settings = {"LISTEN_ADDRESS": "127.0.0.1", "LOG_LEVEL": "warn", "DISCOVERY_MODE": "off", "DEREGISTER_DELAY_SECONDS": "0", "PORT": str(throwaway.free_port()), **trust}
        program = folder / "project-on-its-core"
        program.write_text(f"#!/bin/sh\nexec {' '.join(OURS)} {throwaway.binary('project', PRESET)}\n")
        program.chmod(0o755)
        self.daemon = throwaway.Daemon(program, self.cluster, folder, settings, "project")
        self.daemon.wait_ready()
        organization = self.post("/api/v1/organizations", {"slug": "acme", "name": "Acme"})
        shop = self.post("/api/v1/projects", {"organization_id": organization["id"], "slug": "shop", "name": "Shop"})
        self.key = self.post("/api/v1/api-keys", {"project_id": shop["id"], "env": "production", "name": "bench", "scopes": ["products:read"]})["key"]
        self.post("/api/v1/meters", {"slug": "tokens", "event_type": "called", "aggregation": "sum", "value_path": "$.tokens"})

    def ask(self, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=60)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self.token}", **(fields or {})})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def post(self, path, body):
        status, text = self.ask("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        if status != 201:
            sys.exit(f"{path}: {status} {text}")
        return json.loads(text)

    def wrk(self, path, seconds, lua, connections=16):
        script = self.folder / "wrk.lua"
        script.write_text(lua)
        return wrk_at(self.daemon.port, path, seconds, connections, script)

    def end(self):
        self.daemon.kill()
        self.cluster.stop()


def introspection(bench, results, arguments):
    """Whether a key is good, and nginx with the bytes of the answer in memory."""
    if missing(arguments, ASKED, "nginx"):
        return
    status, answer = bench.ask("POST", "/api/v1/api-keys/introspect", f"token={bench.key}", {"Content-Type": "application/x-www-form-urlencoded"})
    if status != 200 or not json.loads(answer)["active"]:
        sys.exit(f"the key is not good: {status} {answer}")
    lua = ASK % (bench.key, bench.token)
    bench.wrk("/api/v1/api-keys/introspect", 1, lua)
    with nginx_with(bench.folder, answer, "application/json") as (_, port):
        for _ in range(arguments.runs):
            base, ours = wrk_at(port, "/file", arguments.seconds), bench.wrk("/api/v1/api-keys/introspect", arguments.seconds, lua)
            results.add(ASKED, ours / base)
            say(arguments, f"introspection {ours:.0f}/s against {base:.0f}/s")


def copy_rate(bench):
    """Rows a second that psql copies into a table of what an event is: its names, its time, its subject and its value. In a database of its own: project grants its role all
    tables of the one it has, and does not start beside a table that is another's."""
    rows = bench.folder / "rows.tsv"
    if not rows.exists():
        project = throwaway.project_of(bench.token)
        rows.write_text("".join(f"{project}\tbench\tcopy-{n}\t2026-01-01T00:00:00Z\tuser-{n % 50}\t{n % 1000}.5\n" for n in range(COPIED)))
    bench.cluster.sql("drop table if exists copied; create table copied (project uuid, source text, id text, time timestamptz, subject text, value numeric, primary key (project, source, id))")
    with rows.open() as standing:
        begun = time.monotonic()
        subprocess.run([str(bench.cluster.bin / "psql"), "-qAt", "-h", "127.0.0.1", "-p", str(bench.cluster.port), "-U", "postgres", "-d", "postgres", "-c", "copy copied from stdin"],
                       stdin=standing, check=True)
        return COPIED / (time.monotonic() - begun)


def ingestion(bench, results, arguments):
    """Events in batches of a hundred, each counted once, by four who report."""
    for run in range(arguments.runs):
        base = copy_rate(bench)
        ours = BATCH * bench.wrk("/openmeter/api/v1/events", arguments.seconds, REPORT % (bench.token, f"run-{run}-{os.getpid()}", BATCH), connections=4)
        results.add(INGESTED, ours / base)
        say(arguments, f"events {ours:.0f}/s against {base:.0f} rows/s")


def month(bench, results, arguments):
    """A month of a meter that has a bucket in each quarter of an hour, by days."""
    bench.post("/api/v1/meters", {"slug": "month", "event_type": "never", "aggregation": "sum", "value_path": "$.tokens"})
    bench.cluster.sql("""insert into usage_bucket (meter_id, starts_at, series, project, subject, grouping, sum, count, min, max)
                         select m.id, t.at, sha256('x'), m.project, '', '{}', 1, 1, 1, 1
                         from meter m, generate_series(timestamptz '2026-01-01 00:00+00', timestamptz '2026-01-31 23:45+00', interval '15 minutes') as t (at) where m.slug = 'month'""", "project")
    path = "/api/v1/meters/month/query?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&window=day&time_zone=Europe/Berlin"
    for _ in range(arguments.runs):
        begun = time.monotonic()
        status, text = bench.ask("GET", path)
        if status != 200 or len(json.loads(text)["items"]) != 32:  # 31 days of another clock
            sys.exit(f"{path}: {status} {text[:300]}")
        results.add(MONTH, 1000 * (time.monotonic() - begun))


PARTS = {"introspection": introspection, "ingestion": ingestion, "month": month, "idle": lambda bench, results, arguments: idle(bench, PRESET, results, arguments)}

sys.exit(bench(__doc__, PARTS, BARS, Bench))
