#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""What the gateway compresses, read by curl: zstd, brotli and gzip, over HTTP/1.1 and HTTP/2, of a page that is long and of one that comes in pieces."""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from scripts import contains, same  # noqa: E402
from throwaway import binary, free_port, wait_for  # noqa: E402

GATEWAY = binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))
CODINGS = {"zstd": "zstd", "br": "brotli", "gzip": "libz"}  # and what curl says it has for it
PAGE = "".join(f"line {i} of a page\n" for i in range(100_000)).encode()


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        if self.path.endswith("pieces"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(PAGE), 50_000):
                piece = PAGE[at:at + 50_000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def main():
    curl = shutil.which("curl")
    if curl is None or not GATEWAY.is_file():
        print("there is no curl, or no gateway")
        sys.exit(77)
    has = subprocess.run([curl, "--version"], capture_output=True, text=True, check=True).stdout
    codings = [coding for coding, library in CODINGS.items() if library in has]
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Pages)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        route = {"name": "pages", "prefixes": ["/pages"], "upstreams": [f"127.0.0.1:{upstream.server_port}"], "auth": "public", "compress": True}
        (folder / "routes.json").write_text(json.dumps({"routes": [route]}))
        port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "AUTH_", "DISCOVERY_"))}
        settings = {"PORT": str(port), "ADMIN_PORT": str(free_port()), "GATEWAY_ROUTES_FILE": str(folder / "routes.json"), "LOG_LEVEL": "error"}
        gateway = subprocess.Popen([str(GATEWAY)], env={**kept, **settings})
        try:
            wait_for(port, gateway)
            for coding in codings:
                for version in ("--http1.1", "--http2-prior-knowledge"):
                    for page in ("whole", "pieces"):
                        asked = [curl, "-sS", version, "--compressed", "-H", f"Accept-Encoding: {coding}", "-o", str(folder / "got"), "-D", "-",
                                 "-w", "%{size_download}", f"http://127.0.0.1:{port}/pages/{page}"]
                        said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
                        contains(f"{coding} by {version}", said.lower(), f"content-encoding: {coding}", "vary: accept-encoding")
                        same(f"the page by {coding}, {page}", (folder / "got").read_bytes() == PAGE, True)
                        same("fewer bytes", int(said.rsplit("\n", 1)[1]) < len(PAGE) / 3, True)
            same("the gateway still runs", gateway.poll(), None)
        finally:
            gateway.terminate()
            gateway.wait(60)
    print(f"curl read {', '.join(codings)}")


main()
