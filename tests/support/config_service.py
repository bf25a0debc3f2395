"""A config service and a PostgreSQL of one's own, for scripts, and what clients find in it."""

import contextlib
import json
import shutil
import urllib.request

import throwaway


class Config:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def ask_for(self, text, path):
        """What comes of a text."""
        request = urllib.request.Request(self.url + path, text.encode(), {"Content-Type": "text/plain", "Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def publish(self, application, profile, items, label="main"):
        made = json.loads(self.ask("POST", "/api/v1/configs", {"application": application, "profile": profile, "label": label}))
        self.ask("PATCH", f"/api/v1/configs/{made['id']}/draft", {"items": items})
        self.ask("POST", f"/api/v1/configs/{made['id']}/releases", {})


@contextlib.contextmanager
def running(program, folder, collections=("configs", "access-keys"), settings=None, more=()):
    """In a folder that is gone at the end."""
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    cluster = throwaway.Cluster(folder / "pg")
    try:
        cluster.database("config")
        token, environment = throwaway.signed_token(folder, list(collections), list(more))
        daemon = throwaway.Daemon(program, cluster, folder, {**environment, **(settings or {})}, "config")
        try:
            daemon.wait_ready()
            yield Config(f"http://127.0.0.1:{daemon.port}", token)
        finally:
            daemon.kill()
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def settle(config):
    """What the clients of Spring Cloud Config are held to."""
    config.publish("application", "default", {"shop": {"shared": True, "port": 1}})
    config.publish("shop", "default", {"shop": {"port": 8080, "name": "no", "url": "http://localhost:${shop.port}/", "hosts": ["a", "b"],
                                                "limits": {"cpu": 2, "memory": 64}}})
    config.publish("shop", "dev", {"shop": {"port": 9090}})
    config.publish("shop", "default", {"shop": {"port": 7}}, "feature/x")
