"""Auth, project, product-catalog and two gateways with a PostgreSQL and a Redis of their own, for the scripts that follow an API key from its first day to its last; a stub of discovery
tells auth where project is."""

import base64
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import throwaway
from scripts import same

PRESET = os.environ.get("GRAVITY_PRESET", "dev")
BOUND = 2.0  # seconds in which a revoked key is dead everywhere
STEADY = 2.5  # for so long it is looked at whether it stays dead
COLLECTIONS = ("clients", "organizations", "projects", "api-keys", "products")
AFRESH = {"LISTEN_ADDRESS": "127.0.0.1", "LOG_LEVEL": "warn", "DEREGISTER_DELAY_SECONDS": "0"}


class Registry(http.server.BaseHTTPRequestHandler):
    """As much of Consul's API as a caller asks for: who answers to a name, and nothing new for a while."""

    known = {}
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if "index=" in query:
            time.sleep(1)
        name = path.rsplit("/", 1)[1]
        port = self.known.get(name)
        self.answer([{"Service": {"ID": name, "Service": name, "Address": "127.0.0.1", "Port": port, "Weights": {"Passing": 1}}}] if port else [])

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer({})

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Consul-Index", "7")
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # whoever asked has been ended

    def log_message(self, *_):
        pass


def ask(port, method, path, body=None, **fields):
    """(status, document) of one request; None as status where there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    fields = {name.replace("_", "-"): value for name, value in fields.items()}
    if isinstance(body, dict):
        body, fields["Content-Type"] = json.dumps(body), "application/json"
    elif body is not None:
        fields["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else {}
    except OSError:
        return None, {}
    finally:
        connection.close()


def expect(what, got, wanted):
    if got[0] != wanted:
        sys.exit(f"{what}: {got[0]} instead of {wanted}: {json.dumps(got[1])[:500]}")
    return got[1]


def basic(client):
    return "Basic " + base64.b64encode(f"{client['id']}:{client['client_secret']}".encode()).decode()


class Platform:
    def __init__(self, folder, collections=COLLECTIONS, host=None, gateway_settings=None, **auth_settings):
        """`host`: the name by which browsers know the first gateway, which is the issuer then; else auth is, at its own address."""
        self.gateway_settings = gateway_settings or {}
        self.folder, self.daemons, self.gateways, self.collections, self.auth_settings = folder, [], [], collections, auth_settings
        self.ports = [throwaway.free_port() for _ in range(2)]
        self.url = f"http://{host}:{self.ports[0]}" if host else None
        (folder / "pg").mkdir()
        (folder / "redis").mkdir()
        self.registry = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        threading.Thread(target=self.registry.serve_forever, daemon=True).start()
        self.cluster = throwaway.Cluster(folder / "pg")
        self.redis = throwaway.Redis(folder / "redis", keeps=True)
        self.events = {"EVENTS_URL": self.redis.url}
        self.developer, self.trust = throwaway.signed_token(folder, collections, ("api-keys:verify",))
        self.operator = throwaway.project_of(self.developer)  # the project whose people administer, and whose gateway takes all keys

    def start(self, name, database, **more):
        settings = {**AFRESH, **self.events, "MASTER_KEY": base64.b64encode(os.urandom(32)).decode(), **more}
        if database != "catalog":
            self.cluster.database(database)
        daemon = throwaway.Daemon(throwaway.binary(name, PRESET), self.cluster, self.folder, settings, database)
        self.daemons.append(daemon)
        daemon.wait_ready()
        return daemon.port

    def begin(self):
        auth = throwaway.free_port()
        own = f"http://127.0.0.1:{auth}"
        issuer = self.url or own
        trust = {"AUTH_JWKS_URL": f"{own}/oauth2/jwks", "AUTH_ISSUER": issuer, "AUTH_AUDIENCE": "gravity"}
        self.auth = self.start("auth", "auth", PORT=str(auth), AUTH_PUBLIC_URL=issuer, DISCOVERY_MODE="consul", AUTH_TRUSTED_PROXIES="127.0.0.1",
                               DISCOVERY_URL=f"http://127.0.0.1:{self.registry.server_port}", **self.trust, **self.auth_settings)
        Registry.known["project"] = self.start("project", "project", PROJECT_OPERATOR_PROJECT=self.operator, **trust)
        catalog = self.start("product-catalog", "catalog", **trust)
        self.routes = self.folder / "routes.json"
        self.routes.write_text(json.dumps({"routes": [
            {"name": "auth", "prefixes": ["/api/v1/clients", "/api/v1/roles"],
             "roots": ["/oauth2", "/login", "/account/security", "/api/v1/login-flows"], "upstreams": [f"127.0.0.1:{auth}"]},
            {"name": "project", "prefixes": ["/api/v1/organizations", "/api/v1/projects", "/api/v1/api-keys"], "upstreams": [f"127.0.0.1:{Registry.known['project']}"]},
            {"name": "product-catalog", "prefixes": ["/api/v1/products"], "upstreams": [f"127.0.0.1:{catalog}"]}]}))
        self.door = expect("the gateway's client", self.register("Gateway", ["api-keys:verify"], "token_exchange"), 201)
        self.people = expect("the administrator's client", self.register("Admin", [f"{name}:admin" for name in self.collections], "client_credentials"), 201)
        for port in self.ports:
            self.gateways.append(self.gateway(port, trust))

    def register(self, name, scopes, grant):
        body = {"name": name, "scopes": scopes, "grant_types": [grant]}
        return ask(self.auth, "POST", "/api/v1/clients", body, Authorization=f"Bearer {self.developer}")

    def gateway(self, port, trust):
        environment = {**AFRESH, **self.events, **trust, "PATH": os.environ["PATH"], "PORT": str(port), "ADMIN_PORT": str(throwaway.free_port()),
                       "GATEWAY_ROUTES_FILE": str(self.routes), "AUTH_TOKEN_URL": f"http://127.0.0.1:{self.auth}/oauth2/token",
                       "AUTH_CLIENT_ID": self.door["id"], "AUTH_CLIENT_SECRET": self.door["client_secret"], "GATEWAY_RATE_PER_SECOND": "0",
                       **self.gateway_settings}
        with open(self.folder / "gateway.log", "ab") as log:
            process = subprocess.Popen([str(throwaway.binary("gateway", PRESET))], env=environment, stdout=log, stderr=log)
        self.daemons.append(process)
        throwaway.wait_for(port, process)
        return port

    def end(self):
        for daemon in self.daemons:
            daemon.kill()
        self.registry.shutdown()
        self.redis.kill()
        self.cluster.stop()


class Using(threading.Thread):
    """Uses a key at one gateway without a pause and notes when each request began, and its status."""

    def __init__(self, port, key):
        super().__init__(daemon=True)
        self.port, self.key, self.seen, self.ending = port, key, [], threading.Event()
        self.start()

    def run(self):
        while not self.ending.is_set():
            begun = time.monotonic()
            self.seen.append((begun, ask(self.port, "GET", "/api/v1/products", X_Api_Key=self.key)[0]))

    def end(self):
        self.ending.set()
        self.join(60)
        return self.seen


def until_used(users):
    end = time.monotonic() + 60
    while any(len(user.seen) < 20 for user in users):
        if time.monotonic() > end:
            sys.exit("the key is hardly used at all")
        time.sleep(0.01)


def statuses(seen):
    return sorted({status for _, status in seen}, key=str)


def expect_dead(what, users, since):
    """Refused at every gateway from the bound on, at the latest, and for good."""
    time.sleep(BOUND + STEADY)
    late = []
    for user in users:
        seen = user.end()
        good = [begun for begun, status in seen if status == 200]
        after = [status for begun, status in seen if begun > since + BOUND]
        same(f"{what}: status after {BOUND} s at gateway {user.port}", sorted(set(after)), [401])
        late.append(max([begun - since for begun in good], default=0.0))
    print(f"{what}: last taken {max(0.0, *late):.2f} s after the revocation was answered")


@contextlib.contextmanager
def running(platform=Platform, **more):
    """Such a platform as long as the block runs."""
    for name in ("auth", "project", "product-catalog", "gateway"):
        if not throwaway.binary(name, PRESET).exists():
            print(f"{throwaway.binary(name, PRESET)} is not built")
            sys.exit(77)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-keys-"))
    folder.chmod(0o755)
    platform = platform(folder, **more)
    try:
        platform.begin()
        yield platform
    finally:
        platform.end()
        shutil.rmtree(folder, ignore_errors=True)
