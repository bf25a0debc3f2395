"""The discovery daemon under test, as the scripts of tests/conformance fill it: its HTTP API at $GRAVITY_DISCOVERY_URL. And daemons of a script's own."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from throwaway import binary, free_port

BASE = os.environ["GRAVITY_DISCOVERY_URL"]
PATIENCE = 60


def put(path, body, base=BASE, token=None, method="PUT"):
    headers = {"Content-Type": "application/json", **({"X-Consul-Token": token} if token else {})}
    request = urllib.request.Request(f"{base}/v1/{path}", json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def deregister_service(identity):
    """Whether it is there or not."""
    try:
        put(f"agent/service/deregister/{identity}", None)
    except urllib.error.HTTPError as refusal:
        if refusal.code != 404:
            raise


def program():
    return binary("discovery", os.environ.get("GRAVITY_PRESET", "dev"))


@contextlib.contextmanager
def running(command, port):
    """A daemon of one's own by this command, from when it answers at the port to the end of the block; what it said is shown if it does not."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/status/leader", timeout=5):
                        break
                except OSError as not_yet:  # it is still starting
                    if time.monotonic() > end or server.poll() is not None:
                        log.seek(0)
                        sys.exit(f"the daemon did not start: {not_yet}\n{log.read().decode(errors='replace')[-4000:]}")
                time.sleep(0.05)
            yield server
        finally:
            server.terminate()
            server.wait(30)


@contextlib.contextmanager
def own_daemon(*flags):
    """A daemon of one's own with these flags besides, as long as the block runs; its port."""
    with tempfile.TemporaryDirectory(prefix="gravity-discovery-") as folder:
        port = free_port()
        command = [str(program()), "--listen-address=127.0.0.1", f"--port={port}", "--discovery-dns-port=0", f"--discovery-data-dir={folder}",
                   "--deregister-delay-seconds=0", *flags]
        with running(command, port):
            yield port


@contextlib.contextmanager
def as_consul(configuration, *words):
    """A daemon of one's own as `consul agent` with these words and this configuration; its port, where `configuration` names none."""
    with tempfile.TemporaryDirectory(prefix="gravity-consul-") as name:
        folder, port = pathlib.Path(name), free_port()
        (folder / "consul").symlink_to(program())
        (folder / "config.json").write_text(json.dumps({"ports": {"http": port, "dns": -1}, **configuration}))
        command = [str(folder / "consul"), "agent", *words, "-config-file", str(folder / "config.json"), "-data-dir", str(folder / "data"),
                   "-pid-file", str(folder / "pid")]
        with running(command, port):
            yield port
