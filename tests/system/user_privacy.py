#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""What people ask of all services together, with a data holder that is played here: an export whose archive others' programs read, and an erasure whose certificate
openssl verifies. The daemon is killed while requests are on their way, and goes on with each. On a user and a PostgreSQL of its own."""

import base64
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import throwaway  # noqa: E402
from scripts import contains, same  # noqa: E402

ROUNDS = 4  # in each of which the daemon is killed twice


class People:
    def __init__(self, daemon, token):
        self.daemon, self.token = daemon, token

    def ask(self, method, path, body=None, status=200):
        request = urllib.request.Request(f"http://127.0.0.1:{self.daemon.port}{path}", None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                same(f"{method} {path}", answer.status, status)
                return answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")

    def json(self, method, path, body=None, status=200):
        return json.loads(self.ask(method, path, body, status))

    def person(self, name):
        return self.json("POST", "/api/v1/users", {"handle": name, "emails": [{"address": f"{name}@example.com"}]}, 201)["id"]

    def request(self, kind, user):
        """Taken in, and approved."""
        made = self.json("POST", "/api/v1/privacy-requests", {"kind": kind, "user_id": user}, 201)
        self.json("POST", f"/api/v1/privacy-requests/{made['id']}/approve")
        return made["id"]

    def until(self, request, state):
        end = time.monotonic() + 60
        while (now := self.json("GET", f"/api/v1/privacy-requests/{request}")["state"]) != state:
            if time.monotonic() > end:
                sys.exit(f"the request is {now} and not {state}")
            time.sleep(0.05)

    def die(self):
        self.daemon.kill()
        self.daemon.start()
        self.daemon.wait_ready()


def answer_all(people, rows):
    """The holder: looks what it was asked for, and answers."""
    for task in people.json("GET", "/api/v1/data-holders/order/tasks")["items"]:
        body = {"rows": rows, "data": {"orders": [task["user_id"]]}} if task["kind"] == "export" else {"rows": rows, "method": "anonymised"}
        people.json("PUT", f"/api/v1/data-holders/order/tasks/{task['request_id']}", body)


def look_into(archive, user):
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        same("a damaged file", files.testzip(), None)
        manifest = json.loads(files.read("manifest.json"))
        for name, digest in manifest["sha256"].items():
            same(name, hashlib.sha256(files.read(name)).hexdigest(), digest)
        same("files without a sum", set(files.namelist()) - set(manifest["sha256"]), {"manifest.json"})
        same("whose profile it is", json.loads(files.read("user/profile.json"))["id"], user)
        same("what the holder gave", json.loads(files.read("order.json")), {"orders": [user]})
        contains("index.html", files.read("index.html").decode(), "order.json", "user/history-000001.json")


def verify(folder, certificate, public_key):
    head, payload, signature = certificate["signature"].split(".")
    same("what was signed", json.loads(base64.urlsafe_b64decode(payload + "==")), certificate["certificate"])
    (folder / "signed").write_bytes(f"{head}.{payload}".encode())
    (folder / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
    told = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public_key), "-rawin", "-in", str(folder / "signed"), "-sigfile", str(folder / "signature")],
                          capture_output=True, text=True)
    contains("openssl", told.stdout + told.stderr, "Verified Successfully")


def tell(people, folder, public_key, number):
    user = people.person(f"yves{number}")
    export = people.request("export", user)
    people.die()
    answer_all(people, 1)
    people.until(export, "ready")
    look_into(people.ask("GET", f"/api/v1/privacy-requests/{export}/download"), user)
    erasure = people.request("erasure", user)
    people.until(erasure, "erasing")
    answer_all(people, 3)
    people.die()  # with all that it needs to go on
    people.until(erasure, "certified")
    certificate = people.json("GET", f"/api/v1/privacy-requests/{erasure}/certificate")
    same("who has answered", [(one["holder"], one["receipt"]["method"]) for one in certificate["certificate"]["holders"]], [("order", "anonymised"), ("user", "deleted")])
    verify(folder, certificate, public_key)


def main():
    program = throwaway.binary("user", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-privacy-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    cluster = throwaway.Cluster(folder / "pg")
    cluster.database("people")
    token, environment = throwaway.signed_token(folder, ["users", "privacy-requests"])
    key, public_key = folder / "key.pem", folder / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(public_key)], check=True, capture_output=True)
    daemon = throwaway.Daemon(program, cluster, folder, {**environment, "USER_COOLING_OFF_DAYS": "0", "USER_CERTIFICATE_KEY": key.read_text()}, "people")
    try:
        daemon.wait_ready()
        people = People(daemon, token)
        subject = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["sub"]
        people.json("PUT", "/api/v1/data-holders/order", {"client": subject, "holds": "Orders"})
        for number in range(ROUNDS):
            tell(people, folder, public_key, number)
        left = cluster.sql("select count(*) from users where users::text like '%yves%'", "people")
        same("rows that name somebody", left, "0")
    finally:
        daemon.kill()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{ROUNDS} exports were read and {ROUNDS} certificates verified, over {2 * ROUNDS} kills.")


main()
