"""An auth with a PostgreSQL of its own, for the scripts that put other people's clients before it."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import urllib.error
import urllib.request

import throwaway
from browser import Person

PASSWORD = "correct horse battery staple"


def skip(why):
    print(why)
    sys.exit(77)


class Issuer:
    def __init__(self, url, token, cluster):
        self.url, self.token, self.cluster = url, token, cluster

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")

    def make(self, path, body):
        return self.call("POST", path, body)

    def client(self, **more):
        return self.make("/api/v1/clients", {"name": "Shop", "scopes": [], "grant_types": ["authorization_code", "refresh_token"], **more})

    def person(self, email):
        """Who signs in by this name, and the id that clients know them by."""
        identity = self.make("/api/v1/identities", {"login_names": [{"kind": "email", "value": email}, {"kind": "username", "value": email.split("@")[0]}]})
        self.make("/api/v1/credentials", {"identity_id": identity["id"], "password": PASSWORD})
        return Person(email, PASSWORD), identity["id"]

    def sql(self, text):
        return self.cluster.sql(text, "auth")


@contextlib.contextmanager
def issuer(collections=("clients", "identities", "credentials"), more=(), host="127.0.0.1", **settings):
    """An auth as long as the block runs, which is known by this name of the machine."""
    program = throwaway.binary("auth", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        skip(f"{program} is not built")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-auth-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    cluster = throwaway.Cluster(folder / "pg")
    try:
        cluster.database("auth")
        token, environment = throwaway.signed_token(folder, collections, more)
        port = throwaway.free_port()
        url = f"http://{host}:{port}"
        environment |= {"MASTER_KEY": base64.b64encode(os.urandom(32)).decode(), "PORT": str(port), "AUTH_PUBLIC_URL": url, **settings}
        daemon = throwaway.Daemon(program, cluster, folder, environment, "auth")
        try:
            daemon.wait_ready()
            yield Issuer(url, token, cluster)
        finally:
            daemon.kill()
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
