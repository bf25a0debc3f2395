#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Certificates of clients at the gateway, by curl (--cert) and by Python's ssl: who has one is let in and told to the service by `Client-Cert` (RFC 9440), who has
another one or none is not."""

import base64
import http.server
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from scripts import contains, same  # noqa: E402
from throwaway import binary, free_port, wait_for  # noqa: E402

GATEWAY = os.environ.get("GRAVITY_GATEWAY_BIN", str(binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))))


class Service(http.server.ThreadingHTTPServer):
    """Says what of a certificate has reached it."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = json.dumps(self.headers.get_all("Client-Cert") or []).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def openssl(folder, *words):
    made = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"openssl {' '.join(words)}: {made.stderr}")


def issue(folder, name, *more):
    openssl(folder, "req", "-x509", "-config", "openssl.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", *more)


def by_curl_http2(folder, port, path, name=None, *more):
    return by_curl(folder, port, path, name, *more, "--http2")


def by_curl(folder, port, path, name=None, *more):
    """Status and body; 0 if there was no answer."""
    shown = ["--cert", f"{name}.pem", "--key", f"{name}.key"] if name else []
    ran = subprocess.run(["curl", "-s", "--http1.1", "--cacert", "door.pem", "--max-time", "20", "-w", "\n%{http_code}", *shown, *more, f"https://localhost:{port}{path}"],
                         cwd=folder, capture_output=True, text=True)
    body, _, status = ran.stdout.rpartition("\n")
    return int(status), body


def by_python(folder, port, path, name=None, fields=""):
    context = ssl.create_default_context(cafile=folder / "door.pem")
    if name:
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    try:
        with socket.create_connection(("localhost", port), timeout=20) as plain, context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n".encode())
            received = b""
            while piece := connection.recv(65536):
                received += piece
    except (ssl.SSLError, ConnectionError):
        return 0, ""
    head, _, body = received.decode().partition("\r\n\r\n")
    return (int(head.split()[1]) if head else 0), body


def main():
    if not pathlib.Path(GATEWAY).is_file() or not shutil.which("curl") or not shutil.which("openssl"):
        print("the gateway has not been built, or there is no curl or openssl")
        sys.exit(77)
    service = Service()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "openssl.cnf").write_text("[req]\ndistinguished_name = dn\n[dn]\n")
        for authority in ("clients", "others"):
            issue(folder, authority, "-addext", "basicConstraints=critical,CA:TRUE")
        issue(folder, "door", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:TRUE")
        issue(folder, "till", "-addext", "subjectAltName=DNS:till.example", "-CA", "clients.pem", "-CAkey", "clients.key")
        issue(folder, "lamp", "-addext", "subjectAltName=DNS:lamp.example", "-CA", "clients.pem", "-CAkey", "clients.key")
        issue(folder, "thief", "-addext", "subjectAltName=DNS:till.example", "-CA", "others.pem", "-CAkey", "others.key")
        routes = [{"name": "open", "prefixes": ["/open"]}, {"name": "any", "prefixes": ["/any"], "client_certificate": "any"},
                  {"name": "tills", "prefixes": ["/tills"], "client_certificate": "DNS:till.example"}]
        for route in routes:
            route.update(auth="public", upstreams=[f"127.0.0.1:{service.server_port}"])
        (folder / "routes.json").write_text(json.dumps({"routes": routes}))
        certificate = ssl.PEM_cert_to_DER_cert((folder / "till.pem").read_text())
        told = json.dumps([":" + base64.b64encode(certificate).decode() + ":"])
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "AUTH_", "DISCOVERY_"))}
        for mode in ("optional", "required"):
            port, secure, admin = free_port(), free_port(), free_port()
            gateway = subprocess.Popen([GATEWAY], env={
                **kept, "PORT": str(port), "ADMIN_PORT": str(admin), "LOG_LEVEL": "error", "GATEWAY_TLS_PORT": str(secure), "GATEWAY_TLS_CERTIFICATE_FILE": str(folder / "door.pem"),
                "GATEWAY_TLS_KEY_FILE": str(folder / "door.key"), "GATEWAY_CLIENT_CERTIFICATES": mode, "GATEWAY_CLIENT_CA_FILE": str(folder / "clients.pem"),
                "GATEWAY_ROUTES_FILE": str(folder / "routes.json"), "DEREGISTER_DELAY_SECONDS": "0"})
            try:
                wait_for(secure, gateway)
                for who, ask in (("curl", by_curl), ("curl by HTTP/2", by_curl_http2), ("Python", by_python)):
                    forged = ("-H", "Client-Cert: :AAAA:") if who != "Python" else ("Client-Cert: :AAAA:\r\n",)
                    same(f"{who}, {mode}: a till", ask(folder, secure, "/tills/1", "till"), (200, told))
                    same(f"{who}, {mode}: a till that says more of itself", ask(folder, secure, "/open", "till", *forged), (200, told))
                    same(f"{who}, {mode}: a certificate with another name", ask(folder, secure, "/tills/1", "lamp")[0], 403)
                    same(f"{who}, {mode}: where any will do", ask(folder, secure, "/any", "lamp")[0], 200)
                    same(f"{who}, {mode}: one of another authority", ask(folder, secure, "/open", "thief")[0], 0)
                    if mode == "required":
                        same(f"{who}: none where one is required", ask(folder, secure, "/open")[0], 0)
                        continue
                    same(f"{who}: none where one may be shown", ask(folder, secure, "/open", None, *forged), (200, "[]"))
                    status, body = ask(folder, secure, "/any")
                    same(f"{who}: none where the route needs one", status, 403)
                    contains(f"{who}: what it is told", body, "urn:gravity:problem:client-certificate-required")
            finally:
                gateway.terminate()
                gateway.wait(60)
    print("certificates of clients: curl and Python's ssl, optional and required")


if __name__ == "__main__":
    main()
