"""A project service and a PostgreSQL of one's own, for scripts."""

import contextlib
import json
import pathlib
import shutil
import tempfile
import urllib.request

import throwaway


class Project:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def ask(self, method, path, body=None, token=None):
        request = urllib.request.Request(self.url + path, None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "Authorization": f"Bearer {token or self.token}"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def shop(self):
        """A project, and the organisation that administers it."""
        organization = self.ask("POST", "/api/v1/organizations", {"slug": "acme", "name": "Acme"})
        return self.ask("POST", "/api/v1/projects", {"organization_id": organization["id"], "slug": "shop", "name": "Shop"})


@contextlib.contextmanager
def running(program):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-project-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    cluster = throwaway.Cluster(folder / "pg")
    try:
        cluster.database("project")
        token, environment = throwaway.signed_token(folder, ("organizations", "projects", "api-keys", "meters"), ("api-keys:verify", "products:read"))
        daemon = throwaway.Daemon(program, cluster, folder, environment, "project")
        try:
            daemon.wait_ready()
            yield Project(f"http://127.0.0.1:{daemon.port}", token)
        finally:
            daemon.kill()
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
