#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""HTTP/2 at the gateway by those who know it: h2spec (github.com/summerwind/h2spec, a suite of RFC 9113's and RFC 7541's rules) without TLS and with it, curl, and h2load.

What is not installed is left out, and said: Go (for h2spec, fetched and compiled once), curl, h2load (Debian: nghttp2-client). GRAVITY_GATEWAY_BIN names another gateway to be tried.
"""

import hashlib
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from scripts import contains, same  # noqa: E402
from throwaway import ROOT, binary, free_port, wait_for  # noqa: E402

GATEWAY = os.environ.get("GRAVITY_GATEWAY_BIN", str(binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))))
VERSION = "v2.2.1+incompatible"


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the body that it is sent, or with a line of its own."""

    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            whole = b""
            while (size := int(self.rfile.readline(), 16)) != 0:
                whole += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            return whole
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self):
        body = self.body() or b"a line of text\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Via", self.headers.get("Via", ""))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass  # a suite that breaks connections off


def run(command, what, **more):
    ran = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    text = ran.stdout.decode(errors="replace")
    if ran.returncode != 0:
        sys.exit(f"{what} failed:\n{text[-8000:]}")
    return text


def h2spec(go):
    """The program, made once."""
    said = run([go, "version"], "asking Go for its version")
    kept = ROOT / "var" / "test-h2spec"
    folder = kept / hashlib.sha256((VERSION + said).encode()).hexdigest()[:16]
    if (folder / "h2spec").is_file():
        return folder / "h2spec"
    shutil.rmtree(kept, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    (folder / "go.mod").write_text("module gravity.invalid/h2spec\n\ngo 1.19\n")
    (folder / "tools.go").write_text('//go:build tools\n\npackage tools\n\nimport _ "github.com/summerwind/h2spec/cmd/h2spec"\n')
    run([go, "get", f"github.com/summerwind/h2spec/cmd/h2spec@{VERSION}"], "fetching h2spec", cwd=folder, env=environment)
    run([go, "build", "-o", "making", "github.com/summerwind/h2spec/cmd/h2spec"], "compiling h2spec", cwd=folder, env=environment)
    (folder / "making").rename(folder / "h2spec")
    return folder / "h2spec"


# What the suite says of us, and why it stays so.
KNOWN = {
    "Sends invalid connection preface": "without TLS the port is one of HTTP/1.1 too: who begins with neither is answered 400 by HTTP/1.1, and the connection closes",
    "Sends stream identifier that is numerically smaller than previous": "nghttp2 leaves such a request out instead of ending the connection: it cannot tell it from one that it has forgotten",
}


def by_h2spec(plain, secure):
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if go is None:
        return "h2spec left out: no Go"
    program = h2spec(go)
    passed = []
    for more in (["-p", plain], ["-p", secure, "-t", "-k"]):
        ran = subprocess.run([str(word) for word in (program, "-h", "127.0.0.1", "-P", "/echo", "-o", 5, *more)], capture_output=True, text=True)
        count = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", ran.stdout)
        failed = set(re.findall(r"^ *× \d+: (.*)$", ran.stdout, re.M))
        if count is None or not failed <= KNOWN.keys():
            sys.exit(f"h2spec {more}:\n{ran.stdout[-12000:]}{ran.stderr}")
        passed.append(f"{count[2]} of {count[1]}")
    return f"h2spec {VERSION}: {passed[0]} passed without TLS, {passed[1]} with it; the others are known: {'; '.join(KNOWN)}"


def by_curl(folder, plain, secure):
    curl = shutil.which("curl")
    if curl is None or "HTTP2" not in run([curl, "--version"], "curl"):
        return "curl left out"
    body = random.Random(5).randbytes(5 << 20)
    (folder / "sent").write_bytes(body)
    for way in (["--http2-prior-knowledge", f"http://127.0.0.1:{plain}"], ["--http2", "-k", f"https://127.0.0.1:{secure}"]):
        for fields in ([], ["-H", "Content-Length:", "-H", "Transfer-Encoding: chunked"]):
            said = run([curl, "-sS", *way[:-1], *fields, "--data-binary", f"@{folder}/sent", "-o", folder / "got", "-D", "-", f"{way[-1]}/echo"], "curl")
            contains("curl's answer", said, "HTTP/2 200", "x-via: 2.0 gravity")
            same("the body that came back", hashlib.sha256((folder / "got").read_bytes()).digest(), hashlib.sha256(body).digest())
    same("curl without HTTP/2", run([curl, "-sS", "--http1.1", "-k", "-o", folder / "got", "-w", "%{http_version} %{http_code}", f"https://127.0.0.1:{secure}/echo"], "curl"), "1.1 200")
    return "curl: 4 times 5 MiB there and back"


def by_h2load(plain, secure):
    h2load = shutil.which("h2load")
    if h2load is None:
        return "h2load left out: no nghttp2-client"
    for url in (f"http://127.0.0.1:{plain}/echo", f"https://127.0.0.1:{secure}/echo"):
        said = run([h2load, "-n", 4000, "-c", 8, "-m", 20, url], "h2load")
        contains("h2load's report", said, "4000 succeeded, 0 failed, 0 errored", "4000 2xx, 0 3xx, 0 4xx, 0 5xx")
    return "h2load: 2 times 4000 requests, 160 at a time"


def main():
    if not pathlib.Path(GATEWAY).is_file():
        print(f"{GATEWAY} has not been built")
        sys.exit(77)
    upstream = Server(("127.0.0.1", free_port()), Echo)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem", "-days", "2", "-subj",
             "/CN=gateway.example"], "openssl")
        routes = {"routes": [{"name": "echo", "prefixes": ["/echo"], "upstreams": [f"127.0.0.1:{upstream.server_port}"], "auth": "public"}]}
        (folder / "routes.json").write_text(json.dumps(routes))
        plain, admin, secure = free_port(), free_port(), free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "AUTH_", "DISCOVERY_"))}
        settings = {"PORT": plain, "ADMIN_PORT": admin, "GATEWAY_TLS_PORT": secure, "GATEWAY_TLS_CERTIFICATE_FILE": folder / "certificate.pem",
                    "GATEWAY_TLS_KEY_FILE": folder / "key.pem", "GATEWAY_ROUTES_FILE": folder / "routes.json", "GATEWAY_RATE_PER_SECOND": 0, "LOG_LEVEL": "error"}
        gateway = subprocess.Popen([GATEWAY], env={**kept, **{key: str(value) for key, value in settings.items()}})
        try:
            for port in (plain, secure):
                wait_for(port, gateway)
            for said in (by_curl(folder, plain, secure), by_h2load(plain, secure), by_h2spec(plain, secure)):
                print(said)
            same("the gateway still runs", gateway.poll(), None)
        finally:
            gateway.terminate()
            gateway.wait(60)


if __name__ == "__main__":
    main()
