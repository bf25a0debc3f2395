#!/usr/bin/env python3
"""Checks of every kind against servers that nobody here wrote: gRPC's own health service (grpcio), HTTP/2 ping and TLS to nghttpd, UDP, programs. The
daemon is started by the name `consul` with a configuration file, as those who run Consul start it."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent import futures

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from throwaway import free_port  # noqa: E402

try:
    import grpc
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc
except ImportError:
    print("there is no grpcio-health-checking (PyPI)")
    sys.exit(77)
NGHTTPD = shutil.which("nghttpd")
if NGHTTPD is None or shutil.which("openssl") is None:
    print("there is no nghttpd (Debian: nghttp2-server) or no openssl")
    sys.exit(77)


def call(method, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/{path}", None if body is None else json.dumps(body).encode(), method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def wait_for(what, condition):
    last = None
    for _ in range(300):
        try:
            last = condition()
            if last:
                return
        except OSError as error:
            last = error
        time.sleep(0.1)
    sys.exit(f"{what} did not come: {last!r}\n{(folder / 'log').read_text()[-3000:]}")


def is_status(check, status, *words):
    found = call("GET", "agent/checks")[check]
    return found["Status"] == status and all(word in found["Output"] for word in words)


root = pathlib.Path(os.environ["GRAVITY_ROOT"])
daemon = root / "build" / os.environ.get("GRAVITY_PRESET", "dev") / "bin" / "gravity-discovery"
with tempfile.TemporaryDirectory(prefix="gravity-checks-") as name:
    folder = pathlib.Path(name)
    port, plain, secure = free_port(), free_port(), free_port()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
                    "-subj", "/CN=localhost"], check=True, capture_output=True)

    servicer = health.HealthServicer()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    grpc_port = server.add_insecure_port("127.0.0.1:0")
    credentials = grpc.ssl_server_credentials([((folder / "key.pem").read_bytes(), (folder / "cert.pem").read_bytes())])
    grpcs_port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    servicer.set("web", health_pb2.HealthCheckResponse.SERVING)

    checks = {
        "grpc": {"grpc": f"127.0.0.1:{grpc_port}"},
        "grpc-service": {"grpc": f"127.0.0.1:{grpc_port}/web"},
        "grpc-unknown": {"grpc": f"127.0.0.1:{grpc_port}/nobody"},
        "grpc-tls": {"grpc": f"127.0.0.1:{grpcs_port}/web", "grpc_use_tls": True, "tls_skip_verify": True},
        "grpc-distrusted": {"grpc": f"127.0.0.1:{grpcs_port}/web", "grpc_use_tls": True},
        "h2": {"h2ping": f"127.0.0.1:{plain}", "h2ping_use_tls": False},
        "h2-tls": {"h2ping": f"127.0.0.1:{secure}", "tls_skip_verify": True},
        "tcp-tls": {"tcp": f"127.0.0.1:{secure}", "tcp_use_tls": True, "tls_skip_verify": True},
        "udp": {"udp": f"127.0.0.1:{udp.getsockname()[1]}", "timeout": "200ms"},
        "udp-nobody": {"udp": f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}", "timeout": "200ms"},
        "script": {"args": ["sh", "-c", "echo so so; exit 1"]},
    }
    config = {"node_name": "n1", "ports": {"http": port, "dns": -1}, "enable_local_script_checks": True,
              "checks": [{"id": key, "name": key, "interval": "1s", **check} for key, check in checks.items()]}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "consul").symlink_to(daemon)
    (folder / "www").mkdir()
    running = []
    try:
        running.append(subprocess.Popen([NGHTTPD, "--no-tls", "-d", folder / "www", str(plain)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        running.append(subprocess.Popen([NGHTTPD, "-d", folder / "www", str(secure), folder / "key.pem", folder / "cert.pem"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL))
        with open(folder / "log", "wb") as log:
            running.append(subprocess.Popen([folder / "consul", "agent", "-dev", "-config-file", folder / "config.json"], stdout=log, stderr=log))
        wait_for("the daemon", lambda: call("GET", "agent/checks"))
        for check, words in {"grpc": ["success"], "grpc-service": ["success"], "grpc-tls": ["success"], "h2": ["successful"], "h2-tls": ["successful"],
                             "tcp-tls": ["Success"], "udp": ["Success"]}.items():
            wait_for(f"{check} passing", lambda: is_status(check, "passing", *words))
        wait_for("grpc-unknown", lambda: is_status("grpc-unknown", "critical", "NotFound"))
        wait_for("grpc-distrusted", lambda: is_status("grpc-distrusted", "critical", "tls"))
        wait_for("udp-nobody", lambda: is_status("udp-nobody", "critical", "refused"))
        wait_for("script", lambda: is_status("script", "warning", "so so"))
        servicer.set("web", health_pb2.HealthCheckResponse.NOT_SERVING)
        wait_for("not serving", lambda: is_status("grpc-service", "critical", "NOT_SERVING"))
        server.stop(None)
        wait_for("nobody there", lambda: is_status("grpc", "critical", "refused"))
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)
print(f"{len(checks)} checks saw what their targets are")
