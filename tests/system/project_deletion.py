#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The deletion of a project by a project service that is killed while a service is being asked, and killed again: it goes on where it was, and asks until everybody has
confirmed. Whoever keeps rows, and the discovery that names them, are played here; project and its PostgreSQL are this script's own. Days pass by the clock that the
daemon is started with."""

import http.server
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import types
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import throwaway  # noqa: E402
from scripts import same  # noqa: E402

DAY = 86_400
SCOPES = ["organizations:admin", "projects:admin", "meters:admin"]


class Platform(http.server.BaseHTTPRequestHandler):
    """Discovery, and the service `keeper` that it names. Each question about rows is answered by the next word of the script."""

    protocol_version = "HTTP/1.1"
    script, asked, lock = [], [], threading.Lock()

    def log_message(self, *_):
        pass

    def do_GET(self):
        if "index=" in self.path:
            time.sleep(1)
        port = self.server.server_address[1]
        if self.path.startswith("/v1/catalog/services"):
            return self.answer({"keeper": ["gravity"], "project": ["gravity"], "consul": []})
        known = self.path.startswith("/v1/health/service/keeper")
        self.answer([{"Service": {"ID": "k", "Service": "keeper", "Address": "127.0.0.1", "Port": port, "Weights": {"Passing": 1}}}] if known else [])

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer({})

    def do_DELETE(self):
        with self.lock:
            self.asked.append(self.path)
            word = self.script.pop(0) if self.script else 0
        if word == "never":
            time.sleep(600)
        if word == "broken":
            return self.answer({"title": "x"}, 500)
        self.answer({"removed": {"public.rows": word} if word else {}, "rows": word})

    def answer(self, document, status=200):
        body = json.dumps(document).encode()
        try:
            self.send_response(status)
            for name, value in (("Content-Type", "application/json"), ("X-Consul-Index", "7"), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass


def until(what, holds, limit=90):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.05)
    sys.exit(f"not within {limit} s: {what}")


class Life:
    """The daemon, killed and started again at later times."""

    def __init__(self, program, cluster, folder, environment, token):
        self.program, self.cluster, self.folder, self.environment, self.token = program, cluster, folder, environment, token
        self.daemon = None

    def start(self, later=0):
        self.daemon = throwaway.Daemon(self.program, self.cluster, self.folder, {**self.environment, "CLOCK_OFFSET_SECONDS": str(later)}, "project")
        self.daemon.wait_ready()

    def kill(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon = None

    def ask(self, method, path, body=None, headers=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.daemon.port}{path}", None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}", **(headers or {})}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")


def main():
    program = throwaway.binary("project", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-project-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    cluster = throwaway.Cluster(folder / "pg")
    cluster.database("project")
    platform = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    platform.daemon_threads = True
    threading.Thread(target=platform.serve_forever, daemon=True).start()
    from gravity import tokens  # the launcher's own signer
    identity = tokens.Identity(types.SimpleNamespace(secrets_dir=folder))
    identity.ensure()
    life = Life(program, cluster, folder, {**tokens.environment(identity), "DISCOVERY_MODE": "consul", "DISCOVERY_URL": f"http://127.0.0.1:{platform.server_address[1]}",
                                           "GRAVITY_TEST_MODE": "true", "PROJECT_UNDO_DAYS": "1", "DEREGISTER_DELAY_SECONDS": "0"},
                identity.token(SCOPES, lifetime=30 * DAY))
    try:
        life.start()
        organization = life.ask("POST", "/api/v1/organizations", {"slug": "acme", "name": "Acme"})
        shop = life.ask("POST", "/api/v1/projects", {"organization_id": organization["id"], "slug": "shop", "name": "Shop"})
        at, purge = f"/api/v1/projects/{shop['id']}", f"/internal/projects/{shop['id']}"
        life.ask("DELETE", at)
        life.kill()

        Platform.script = ["never"]
        life.start(later=2 * DAY)
        until("the service is asked", lambda: Platform.asked)
        same("the state", life.ask("GET", at + "/deletion")["state"], "deleting")
        life.kill()  # while it waits for the answer

        Platform.script, Platform.asked = [40, "broken"], []
        life.start(later=2 * DAY + 3600)
        until("the service is asked again", lambda: len(Platform.asked) >= 2)
        until("that it failed is known", lambda: life.ask("GET", at + "/deletion")["tasks"][0].get("problem"))
        task = life.ask("GET", at + "/deletion")["tasks"][0]
        same("what is known of it", (task["state"], task["rows"]), ("open", 40))
        life.kill()

        Platform.script, Platform.asked = [2, 0], []
        life.start(later=2 * DAY + 7200)
        until("everybody has confirmed", lambda: life.ask("GET", at + "/deletion")["state"] == "deleted")
        done = life.ask("GET", at + "/deletion")
        same("who has", [(task["service"], task["state"], task["rows"]) for task in done["tasks"]], [("keeper", "confirmed", 42), ("project", "confirmed", 0)])
        same("what was asked", set(Platform.asked), {purge})
        same("how often it was announced", cluster.sql("select string_agg(type, ' ' order by position) from gravity.outbox where type like '%deletion_started' or "
                                                       "type like '%project.deleted'", "project"),
             "gravity.project.project.deletion_started gravity.project.project.deleted")
    finally:
        life.kill()
        platform.shutdown()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("a deletion survives what kills it")


main()
