#!/usr/bin/env python3
"""HAProxy's `server-template` over SRV records of the discovery daemon: instances are found, one that is ill is left, a new one is taken."""

import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from discovery import deregister_service, put  # noqa: E402
from throwaway import free_port  # noqa: E402

DNS = os.environ["GRAVITY_DISCOVERY_DNS_PORT"]
PATIENCE = 60
mark = "h" + uuid.uuid4().hex[:8]
haproxy = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
if haproxy is None:
    print("there is no haproxy (Debian: haproxy)")
    sys.exit(77)


class Backend(http.server.ThreadingHTTPServer):
    """Answers its own number, at an address of its own."""

    def __init__(self, number):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = str(number).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__((f"127.0.0.{number + 1}", 0), Handler)
        self.number = number
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def register(self):
        put("agent/service/register", {"Name": mark, "ID": f"{mark}-{self.number}", "Address": self.server_address[0], "Port": self.server_port,
                                       "Check": {"CheckID": f"{mark}-{self.number}", "TTL": "10m", "Status": "passing"}})


def served(port):
    """Who answers ten requests."""
    seen = set()
    for _ in range(10):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                seen.add(answer.read().decode())
        except (urllib.error.URLError, OSError):
            seen.add("nobody")
    return seen


def wait_for(what, port, wanted):
    end = time.monotonic() + PATIENCE
    while (seen := served(port)) != wanted:
        if time.monotonic() > end:
            sys.exit(f"{what}: {sorted(seen)} instead of {sorted(wanted)}")
        time.sleep(0.1)


CONFIGURATION = """
global
    maxconn 100
defaults
    mode http
    retries 0
    timeout connect 5s
    timeout client 10s
    timeout server 10s
resolvers gravity
    nameserver one 127.0.0.1:{dns}
    accepted_payload_size 4096
    resolve_retries 3
    timeout resolve 500ms
    timeout retry 500ms
    hold valid 500ms
    hold obsolete 500ms
    hold nx 500ms
frontend in
    bind 127.0.0.1:{port}
    default_backend web
backend web
    balance roundrobin
    server-template web 4 _{mark}._tcp.service.consul resolvers gravity resolve-prefer ipv4 init-addr none
"""

with tempfile.TemporaryDirectory(prefix="gravity-haproxy-") as folder:
    port = free_port()
    file = pathlib.Path(folder) / "haproxy.cfg"
    file.write_text(CONFIGURATION.format(dns=DNS, port=port, mark=mark))
    backends = [Backend(number) for number in (1, 2, 3)]
    for backend in backends[:2]:
        backend.register()
    process = subprocess.Popen([haproxy, "-db", "-f", str(file)])
    try:
        wait_for("the two that are registered", port, {"1", "2"})
        put(f"agent/check/fail/{mark}-1", None)
        wait_for("once one is critical", port, {"2"})
        backends[2].register()
        wait_for("with a new one", port, {"2", "3"})
        put(f"agent/check/pass/{mark}-1", None)
        wait_for("with the one that recovered", port, {"1", "2", "3"})
    finally:
        process.terminate()
        process.wait()
        for backend in backends:
            deregister_service(f"{mark}-{backend.number}")
print("HAProxy is served")
