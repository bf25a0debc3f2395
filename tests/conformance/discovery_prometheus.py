#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Prometheus' own discovery by Consul (`consul_sd_configs`) against the daemon: targets are found, follow each change, and go when they die. Debian's Prometheus
is built without it, so the module of the same version is driven by a program of a few lines (discovery_prometheus.go)."""

import contextlib
import hashlib
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from discovery import PATIENCE, own_daemon, put  # noqa: E402
from scripts import same  # noqa: E402

VERSION = "v0.42.0"  # the module of Prometheus 2.42, Debian's
HERE = pathlib.Path(__file__).resolve()
ROOT_TOKEN = "7c3a9d7e-8d1f-4c84-9d3e-3f1d2a5b6c70"  # of the daemon that this script starts


def run(command, folder, environment, what):
    ran = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ran.returncode != 0:
        print(ran.stdout[-20000:])
        sys.exit(f"{what} failed")


def made(go, kept):
    """The program. Made once: fetching and compiling takes longer than the test."""
    source = HERE.with_suffix(".go").read_text()
    said = subprocess.run([go, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    folder = kept / hashlib.sha256("\n".join((VERSION, said, source)).encode()).hexdigest()[:16]
    if (folder / "discover").is_file():
        return folder / "discover"
    shutil.rmtree(kept, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    (folder / "go.mod").write_text("module gravity.invalid/prometheus\n\ngo 1.19\n")
    (folder / "main.go").write_text(source)
    run([go, "get", f"github.com/prometheus/prometheus/discovery/consul@{VERSION}"], folder, environment, "downloading Prometheus' module")
    run([go, "build", "-o", "making", "."], folder, environment, "compiling Prometheus' discovery")
    (folder / "making").rename(folder / "discover")
    return folder / "discover"


class Prometheus:
    """What it has found last of each service."""

    def __init__(self, program, folder, name, configuration):
        file = folder / f"{name}.yml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        self.process = subprocess.Popen([str(program), str(file)], stdout=subprocess.PIPE, stderr=open(folder / f"{name}.log", "wb"), text=True)
        self.log, self.lines, self.groups = folder / f"{name}.log", queue.Queue(), {}
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def wait_for(self, what, condition):
        """Until what it has found is as the condition wants it."""
        end = time.monotonic() + PATIENCE
        while not condition(self.groups):
            try:
                group = self.lines.get(timeout=max(end - time.monotonic(), 0.01))
            except queue.Empty:
                group = None
            if group is None:
                sys.exit(f"{what}: {json.dumps(self.groups)}\n{self.log.read_text()}")
            self.groups[group["source"]] = group

    def end(self):
        self.process.kill()
        self.process.wait()


def addresses(groups, service):
    return sorted(target["__address__"] for target in (groups.get(service) or {}).get("targets") or [])


def label(groups, service, address, name):
    return next(target.get(f"__meta_consul_{name}") for target in groups[service]["targets"] if target["__address__"] == address)


def register(port, identity, address, more):
    put("agent/service/register", {"Name": "web", "ID": identity, "Address": address, "Port": 80, "Tags": ["metrics", "v1"], "Meta": {"path": "/metrics"}, **more},
        f"http://127.0.0.1:{port}", ROOT_TOKEN)


@contextlib.contextmanager
def beating(beat):
    """Does it now and again as long as the block runs."""
    over = threading.Event()

    def go_on():
        while not over.wait(0.5):
            beat()

    beat()
    heart = threading.Thread(target=go_on)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()


def follow(program, folder, port):
    base = f"http://127.0.0.1:{port}"
    say = {"Check": {"TTL": "10m", "Status": "passing"}}
    register(port, "web-1", "10.0.0.1", say)
    put("agent/service/register", {"Name": "db", "Port": 5432}, base, ROOT_TOKEN)
    policy = {"Name": "prometheus", "Rules": 'service_prefix "" { policy = "read" } service "db" { policy = "deny" } node_prefix "" { policy = "read" }\n'
                                             'agent_prefix "" { policy = "read" }'}
    put("acl/policy", policy, base, ROOT_TOKEN)
    token = json.loads(put("acl/token", {"Policies": [{"Name": "prometheus"}]}, base, ROOT_TOKEN))["SecretID"]
    common = {"server": f"127.0.0.1:{port}", "token": token, "refresh_interval": "1s"}
    everything = Prometheus(program, folder, "everything", common)
    one = Prometheus(program, folder, "one", {**common, "services": ["web"], "tags": ["v2"], "allow_stale": False})
    try:
        everything.wait_for("found", lambda found: addresses(found, "web") == ["10.0.0.1:80"] and "consul" in found)
        same("not to be seen by this token", "db" in everything.groups, False)
        same("its labels", [label(everything.groups, "web", "10.0.0.1:80", name) for name in
                            ("tags", "service_id", "service_port", "health", "node", "service_metadata_path", "tagged_address_lan")],
             [",metrics,v1,", "web-1", "80", "passing", "n1", "/metrics", "127.0.0.1"])
        same("labels of all", everything.groups["web"]["labels"], {"__meta_consul_service": "web", "__meta_consul_dc": "dc1"})

        register(port, "web-2", "10.0.0.2", {**say, "Tags": ["metrics", "v2"]})
        everything.wait_for("a second one", lambda found: addresses(found, "web") == ["10.0.0.1:80", "10.0.0.2:80"])
        one.wait_for("by name and tag", lambda found: addresses(found, "web") == ["10.0.0.2:80"])

        put("agent/check/fail/service:web-1", None, base, ROOT_TOKEN)
        everything.wait_for("ill", lambda found: label(found, "web", "10.0.0.1:80", "health") == "critical")
        register(port, "web-1", "10.0.0.1", {**say, "Meta": {"path": "/other"}})
        everything.wait_for("changed", lambda found: label(found, "web", "10.0.0.1:80", "service_metadata_path") == "/other")

        # Nobody says that it has gone; it is not heard of any more.
        with beating(lambda: register(port, "web-3", "10.0.0.3", {"LeaseTTL": "3s", "Tags": ["v2"]})):
            one.wait_for("while it lives", lambda found: addresses(found, "web") == ["10.0.0.2:80", "10.0.0.3:80"])
        one.wait_for("once it is dead", lambda found: addresses(found, "web") == ["10.0.0.2:80"])
        for identity in ("web-1", "web-2"):
            put(f"agent/service/deregister/{identity}", None, base, ROOT_TOKEN)
        everything.wait_for("nobody left", lambda found: addresses(found, "web") == [])
        one.wait_for("nobody left of that tag", lambda found: addresses(found, "web") == [])
    finally:
        everything.end()
        one.end()


def main():
    go = shutil.which("go")
    if go is None:
        print("there is no Go (Debian: golang-go) to compile Prometheus' discovery with")
        sys.exit(77)
    program = made(go, pathlib.Path(os.environ["GRAVITY_ROOT"]) / "var" / "test-prometheus")
    flags = ("--discovery-acl-enabled=true", f"--discovery-acl-initial-management={ROOT_TOKEN}", "--discovery-node-name=n1")
    with own_daemon(*flags) as port, tempfile.TemporaryDirectory(prefix="gravity-prometheus-") as folder:
        follow(program, pathlib.Path(folder), port)
    print("Prometheus' discovery by Consul is served")


main()
