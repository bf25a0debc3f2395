#!/usr/bin/python3
"""A daemon in place of the real ones, for tests of the launcher: health, registration, drain; as discovery and gateway too.

Its name (gravity-<name>) says what it is. FAKE_MODE: ok, crash (ends at once), never_ready."""

import http.client
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = os.path.basename(sys.argv[0]).removeprefix("gravity-")
MODE = os.environ.get("FAKE_MODE", "ok")
PREFIXES = {"alpha": ["/api/v1/alphas"], "beta": ["/api/v1/betas"], "gamma": ["/api/v1/gammas"]}
registered: dict[str, dict] = {}


def log(level: str, message: str, **fields) -> None:
    import datetime
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    print(json.dumps({"ts": now, "level": level, "service": NAME, "msg": message, **fields}), flush=True)


def call(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def discovery_port() -> int:
    return int(os.environ.get("DISCOVERY_URL", "http://127.0.0.1:8500").rsplit(":", 1)[1])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status: int, document) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        if path == "/health/live":
            self.answer(200, {"status": "pass"})
        elif path == "/health/ready":
            if MODE == "never_ready":
                self.answer(503, {"status": "fail", "checks": {"postgres:connection": [{"status": "fail", "output": "the moon is in the way"}]}})
            else:
                self.answer(200, {"status": "pass", "version": "1.2.3"})
        elif NAME == "discovery":
            self.discovery(path, body)
        elif NAME == "gateway":
            self.gateway(body)
        else:
            log("info", "called", path=self.path, trace_id=self.headers.get("X-Trace", "-"))
            if not self.headers.get("Authorization"):
                self.answer(401, {"status": 401})
            else:
                self.answer(201 if self.command == "POST" else 200, {"service": NAME, "pid": os.getpid()})

    do_GET = do_POST = do_PUT = serve

    def discovery(self, path: str, body: bytes) -> None:
        if path == "/v1/agent/service/register":
            entry = json.loads(body)
            registered[entry["ID"]] = entry
            self.answer(200, {})
        elif path.startswith("/v1/agent/service/deregister/"):
            registered.pop(path.rsplit("/", 1)[1], None)
            self.answer(200, {})
        elif path.startswith("/v1/health/service/"):
            name = path.rsplit("/", 1)[1]
            self.answer(200, [{"Service": entry} for entry in list(registered.values()) if entry["Name"] == name])
        elif path == "/v1/agent/services":
            self.answer(200, registered)
        else:
            self.answer(404, {})

    def gateway(self, body: bytes) -> None:
        try:
            entries = json.loads(call(discovery_port(), "GET", "/v1/agent/services")[1]).values()
        except (OSError, ValueError):
            return self.answer(503, {"status": 503})
        routed = [e for e in entries if any(self.path.startswith(p) for p in e["Meta"]["prefixes"].split(",") if p)]
        if not routed:
            return self.answer(404, {"status": 404})
        for entry in routed:
            connection = http.client.HTTPConnection("127.0.0.1", entry["Port"], timeout=5)
            try:
                connection.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k in ("Authorization", "X-Trace")})
                answer = connection.getresponse()
                return self.answer(answer.status, json.loads(answer.read()))
            except (OSError, http.client.HTTPException):
                continue  # as the real one: an instance that refuses is tried at another
            finally:
                connection.close()
        return self.answer(503, {"status": 503})


def main() -> int:
    if "--print-config" in sys.argv:
        with open(os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), f"{NAME}.settings.json")) as file:
            print(json.dumps({"service": NAME, "version": "1.2.3", "settings": json.load(file)}))
        return 0
    if MODE == "crash":
        log("error", "bind: Address already in use")
        return 1
    for name in ("PORT", "LISTEN_ADDRESS"):
        if name not in os.environ:
            print(f"{name} is required", file=sys.stderr)
            return 2
    server = ThreadingHTTPServer((os.environ["LISTEN_ADDRESS"], int(os.environ["PORT"])), Handler)
    server.daemon_threads = False  # the end waits for running requests: a drain
    own_id = f"{NAME}-{os.environ['PORT']}"
    # Blocked in every thread and waited for below: a handler would not wake the main thread when another gets the signal.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    log("info", "listening", port=server.server_port)
    attached = os.environ.get("DISCOVERY_MODE") == "consul"
    entry = {"ID": own_id, "Name": NAME, "Port": server.server_port, "Meta": {"prefixes": ",".join(PREFIXES.get(NAME, []))}}
    done = False
    while signal.sigtimedwait(ends, 0.05 if attached and not done else 3600) is None:
        if attached and not done:
            try:
                call(discovery_port(), "PUT", "/v1/agent/service/register", json.dumps(entry).encode())
                done = True
            except OSError:
                continue  # starts with its neighbours absent, as the real ones
    if done:
        try:
            call(discovery_port(), "PUT", f"/v1/agent/service/deregister/{own_id}")
        except OSError:
            log("warn", "discovery is gone already")
    server.shutdown()
    server.server_close()
    log("info", "ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
