#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""What people ask of all services together, over all that keep data of them: auth, project, config and user find one another in a discovery, with tokens that auth signs. A person with data
in each is exported and erased while services are killed, and a service that comes later is asked from then on. What is left is looked for in the tables."""

import base64
import io
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import throwaway  # noqa: E402
from discovery import own_daemon  # noqa: E402
from scripts import contains, same  # noqa: E402

PRESET = os.environ.get("GRAVITY_PRESET", "dev")
SERVICES = ("auth", "config", "project", "user")
KEPT = {"config": ["config_set"], "project": ["audit"]}  # an id, and the certificate says so
DATABASES = {"user": "people"}  # that name is a reserved word
SCOPES = ("identities:admin", "credentials:admin", "users:admin", "privacy-requests:admin", "organizations:admin", "configs:admin")


def until(what, holds, limit=90):
    end = time.monotonic() + limit
    while not (found := holds()):
        if time.monotonic() > end:
            sys.exit(f"not within {limit} s: {what}")
        time.sleep(0.1)
    return found


class Platform:
    def __init__(self, folder, discovery):
        self.folder, self.daemons = folder, {}
        (folder / "pg").mkdir()
        (folder / "redis").mkdir()
        self.cluster = throwaway.Cluster(folder / "pg")
        self.redis = throwaway.Redis(folder / "redis", keeps=True)
        port = throwaway.free_port()
        issuer = f"http://127.0.0.1:{port}"
        self.client, self.services = ({"id": str(uuid.uuid4()), "secret": base64.b16encode(os.urandom(32)).decode()} for _ in range(2))
        self.project = str(uuid.uuid4())
        self.shared = {"DISCOVERY_MODE": "consul", "DISCOVERY_URL": f"http://127.0.0.1:{discovery}", "DEREGISTER_DELAY_SECONDS": "0", "EVENTS_URL": self.redis.url}
        self.trust = {"AUTH_JWKS_URL": f"{issuer}/oauth2/jwks", "AUTH_ISSUER": issuer, "AUTH_AUDIENCE": "gravity"}
        self.calling = {"AUTH_TOKEN_URL": f"{issuer}/oauth2/token", "AUTH_CLIENT_ID": self.services["id"], "AUTH_CLIENT_SECRET": self.services["secret"]}
        self.own = {
            "auth": {"PORT": str(port), "AUTH_PUBLIC_URL": issuer, "AUTH_OPERATOR_PROJECT": self.project, "AUTH_BOOTSTRAP_PROJECT": self.project,
                     "AUTH_BOOTSTRAP_CLIENT_ID": self.client["id"], "AUTH_BOOTSTRAP_CLIENT_SECRET": self.client["secret"],
                     "AUTH_BOOTSTRAP_SERVICES_ID": self.services["id"], "AUTH_BOOTSTRAP_SERVICES_SECRET": self.services["secret"],
                     "AUTH_BOOTSTRAP_SCOPES": " ".join(SCOPES)},
            "config": self.trust, "project": self.trust, "user": {**self.trust, **self.calling, "USER_COOLING_OFF_DAYS": "0"}}
        self.issuer = issuer

    def start(self, name):
        self.cluster.database(DATABASES.get(name, name))
        settings = {**self.shared, "MASTER_KEY": base64.b64encode(os.urandom(32)).decode(), **self.own[name]}
        self.daemons[name] = throwaway.Daemon(throwaway.binary(name, PRESET), self.cluster, self.folder, settings, DATABASES.get(name, name))
        self.daemons[name].wait_ready()

    def die(self, name):
        self.daemons[name].kill()
        self.daemons[name].start()
        self.daemons[name].wait_ready()

    def token(self):
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": " ".join(SCOPES), "client_id": self.client["id"],
                                       "client_secret": self.client["secret"]}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.issuer}/oauth2/token", form), timeout=60) as answer:
            return json.loads(answer.read())["access_token"]

    def ask(self, name, method, path, body=None, raw=False):
        request = urllib.request.Request(f"http://127.0.0.1:{self.daemons[name].port}{path}", None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "Authorization": f"Bearer {self.token()}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read() if raw else json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            sys.exit(f"{name}: {method} {path}: {error.code} {error.read().decode()}")

    def person(self, name):
        """With data in each service that is up; their `sub`, and their id in user."""
        email = f"{name}@example.com"
        sub = self.ask("auth", "POST", "/api/v1/identities", {"login_names": [{"kind": "email", "value": email}]})["id"]
        self.ask("auth", "POST", "/api/v1/credentials", {"identity_id": sub, "password": "correct horse battery staple"})
        user = self.ask("user", "POST", "/api/v1/users", {"handle": name, "subject": sub, "emails": [{"address": email}]})["id"]
        if "project" in self.daemons:
            acme = self.ask("project", "POST", "/api/v1/organizations", {"slug": name, "name": "Acme"})["id"]
            self.ask("project", "POST", f"/api/v1/organizations/{acme}/members", {"subject": sub, "role": "developer"})
        made = self.ask("config", "POST", "/api/v1/configs", {"application": name, "profile": "default", "label": "main"})["id"]
        self.cluster.sql(f"update config_set set created_by = '{sub}' where id = '{made}'", "config")  # as if they had made it
        return sub, user

    def request(self, kind, user):
        made = self.ask("user", "POST", "/api/v1/privacy-requests", {"kind": kind, "user_id": user})["id"]
        self.ask("user", "POST", f"/api/v1/privacy-requests/{made}/approve")
        return made

    def reached(self, request, state):
        now = self.ask("user", "GET", f"/api/v1/privacy-requests/{request}")
        return now if now["state"] == state else None

    def tables_with(self, database, text):
        tables = self.cluster.sql("select quote_ident(table_name) from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'", database)
        return [table for table in tables.split() if self.cluster.sql(f"select count(*) from {table} t where t::text like '%{text}%'", database) != "0"]

    def end(self):
        for daemon in self.daemons.values():
            daemon.kill()
        self.redis.kill()
        self.cluster.stop()


def exported(platform, sub, user, name, holders):
    request = platform.request("export", user)
    platform.die("user")
    done = until("the export is ready", lambda: platform.reached(request, "ready"))
    same("who has answered", [task["holder"] for task in done["tasks"]], sorted(holders))
    with zipfile.ZipFile(io.BytesIO(platform.ask("user", "GET", f"/api/v1/privacy-requests/{request}/download", raw=True))) as files:
        documents = {holder: json.loads(files.read(f"{holder}.json")) for holder in holders if holder != "user"}
    same("who they are to auth", (documents["auth"]["identity"]["id"], documents["auth"]["login_names"][0]["value"]), (sub, f"{name}@example.com"))
    same("what they made", [made["application"] for made in documents["config"]["sets"]], [name])
    if "project" in documents:
        same("where they are members", [seat["role"] for seat in documents["project"]["memberships"]], ["developer"])


def erased(platform, sub, user, name, holders, killed):
    request = platform.request("erasure", user)
    platform.die(killed)
    platform.die("user")
    until("the erasure is certified", lambda: platform.reached(request, "certified"))
    certificate = platform.ask("user", "GET", f"/api/v1/privacy-requests/{request}/certificate")["certificate"]
    told = {one["holder"]: one["receipt"]["method"] for one in certificate["holders"]}
    wanted = {"auth": "deleted", "config": "kept", "project": "deleted", "user": "deleted"}
    same("what was done", told, {holder: wanted[holder] for holder in holders})
    contains("why config keeps an id", json.dumps(certificate), "recital 26")
    for database in (DATABASES.get(holder, holder) for holder in holders):
        same(f"tables of {database} with their address", platform.tables_with(database, f"{name}@example.com"), [])
        same(f"tables of {database} with their id", platform.tables_with(database, sub), KEPT.get(database, []))


def main():
    missing = [name for name in (*SERVICES, "discovery") if not throwaway.binary(name, PRESET).exists()]
    if missing:
        print(f"not built: {', '.join(missing)}")
        sys.exit(77)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-erasure-"))
    folder.chmod(0o755)
    with own_daemon() as discovery:
        platform = Platform(folder, discovery)
        try:
            for name in ("auth", "config", "user"):
                platform.start(name)
            early = ("auth", "config", "user")
            sub, user = platform.person("yves")
            exported(platform, sub, user, "yves", early)
            erased(platform, sub, user, "yves", early, "auth")
            platform.start("project")
            sub, user = platform.person("zoe")
            exported(platform, sub, user, "zoe", SERVICES)
            erased(platform, sub, user, "zoe", SERVICES, "project")
        finally:
            platform.end()
            shutil.rmtree(folder, ignore_errors=True)
    print("Two people were exported and erased by every service there was, over kills; one service came later.")


main()
