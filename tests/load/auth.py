#!/usr/bin/env python3
"""auth against OpenSSL's own signatures, nginx with the same bytes and pgbench's look-up of one row, in turns on the same cores, in one run; then other calls while
500 passwords at a time are tried.

    tests/load/auth.py [--seconds 5] [--runs 3] [--check] [--only WORD]      (release preset; Debian: wrk, nginx-light; `./gravity bench auth` builds and runs it)

What is not installed is left out, which the output says. Where there are two cores or more, a server has the first for itself and who asks it the second; PostgreSQL is
where the machine puts it, for auth and for pgbench alike."""

import base64
import http.client
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import time
import types

from harness import ASKING, OURS, bench, cpu_seconds, idle, missing, nginx_with, open_loop, pgbench, say, wrk_at

import throwaway  # tests/support, as harness has it

TOKENS, TOKENS_CPU = "client-credentials tokens/s / openssl speed ecdsap256, a core", "the same, by auth's own processor time"
JWKS, ASKED, FLOOD = "JWKS / nginx, same bytes", "introspection / pgbench -S -M prepared", "p99 of other calls during 500 sign-ins at a time / without"
BARS = {
    TOKENS: ("least", 0.6),
    TOKENS_CPU: ("least", 0.6),
    JWKS: ("least", 0.5),
    ASKED: ("least", 0.5),
    FLOOD: ("most", 3),
    "start to ready, ms": ("most", 300),
    "idle, MiB proportional": ("most", 16),
    "idle, % of a core": ("most", 0.1),
}
PRESET = os.environ.get("GRAVITY_PRESET", "release")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

LUA = """wrk.method = "POST"
wrk.body = "%s"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = "Basic %s"
"""


class Issuer:
    """PostgreSQL, an auth on a core of its own that is its own issuer, and a client that may have tokens and ask about them."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "pg").mkdir()
        self.cluster = throwaway.Cluster(folder / "pg")
        self.cluster.database("auth")
        self.token, trust = throwaway.signed_token(folder, ["clients", "credentials", "products"], ["credentials:check"])
        settings = {"LISTEN_ADDRESS": "127.0.0.1", "LOG_LEVEL": "warn", "DISCOVERY_MODE": "off", "DEREGISTER_DELAY_SECONDS": "0",
                    "MASTER_KEY": base64.b64encode(os.urandom(32)).decode(), "PORT": str(throwaway.free_port()), **trust}
        settings["AUTH_PUBLIC_URL"] = f"http://127.0.0.1:{settings['PORT']}"
        program = folder / "auth-on-its-core"
        program.write_text(f"#!/bin/sh\nexec {' '.join(OURS)} {throwaway.binary('auth', PRESET)}\n")
        program.chmod(0o755)
        self.daemon = throwaway.Daemon(program, self.cluster, folder, settings, "auth")
        self.daemon.wait_ready()
        self.client = self.post("/api/v1/clients", {"name": "bench", "scopes": ["products:read"], "grant_types": ["client_credentials"]})
        self.basic = base64.b64encode(f"{self.client['id']}:{self.client['client_secret']}".encode()).decode()

    def post(self, path, body, wanted=201):
        status, text = self.ask("POST", path, json.dumps(body), {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"})
        if status != wanted:
            sys.exit(f"{path}: {status} {text}")
        return json.loads(text)

    def ask(self, method, path, body=None, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=60)
        try:
            connection.request(method, path, body, fields or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def access_token(self):
        status, text = self.ask("POST", "/oauth2/token", "grant_type=client_credentials", {**FORM, "Authorization": f"Basic {self.basic}"})
        if status != 200:
            sys.exit(f"no token: {status} {text}")
        return json.loads(text)["access_token"]

    def wrk(self, path, seconds, body=None):
        """Requests a second by 16 connections, each as soon as the last is answered."""
        lua = self.folder / "wrk.lua"
        lua.write_text(LUA % (body, self.basic) if body else "")
        return wrk_at(self.daemon.port, path, seconds, lua=lua)

    def end(self):
        self.daemon.kill()
        self.cluster.stop()


def signatures(seconds):
    """What OpenSSL signs in a second on the core that auth has."""
    out = subprocess.run([*OURS, "openssl", "speed", "-seconds", str(max(1, round(seconds))), "ecdsap256"], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"256 bits ecdsa \(nistp256\)\s+\S+s\s+\S+s\s+([\d.]+)", out)[1])


def machines(issuer, results, arguments):
    """Tokens of a client that gives its secret each time."""
    issuer.wrk("/oauth2/token", 1, "grant_type=client_credentials")
    for _ in range(arguments.runs):
        base = signatures(arguments.seconds)
        before = cpu_seconds(issuer.daemon.process.pid)
        ours = issuer.wrk("/oauth2/token", arguments.seconds, "grant_type=client_credentials")
        spent = (cpu_seconds(issuer.daemon.process.pid) - before) / (ours * max(1, round(arguments.seconds)))
        results.add(TOKENS, ours / base)
        results.add(TOKENS_CPU, 1 / (spent * base), f"{1e6 * spent:.1f} us of a processor each, {1e6 / base:.1f} us a signature alone")
        say(arguments, f"tokens {ours:.0f}/s against {base:.0f} signatures/s")


def keys(issuer, results, arguments):
    """The key set that every service reads, and nginx with its bytes in memory."""
    if missing(arguments, JWKS, "nginx"):
        return
    with nginx_with(issuer.folder, issuer.ask("GET", "/oauth2/jwks")[1], "application/jwk-set+json") as (_, port):
        for _ in range(arguments.runs):
            base, ours = wrk_at(port, "/file", arguments.seconds), issuer.wrk("/oauth2/jwks", arguments.seconds)
            results.add(JWKS, ours / base)
            say(arguments, f"JWKS {ours:.0f}/s against {base:.0f}/s")


def introspection(issuer, results, arguments):
    """Whether a token is good, asked by the client that has it, and one row of the same database."""
    question = f"token={issuer.access_token()}"
    shop = types.SimpleNamespace(folder=issuer.folder, cluster=issuer.cluster)
    select = f"select * from client where id = '{issuer.client['id']}';\n"
    issuer.cluster.sql(f"alter role auth_app set gravity.project = '{issuer.cluster.sql('select project from client limit 1', 'auth')}'")
    for _ in range(arguments.runs):
        base, ours = pgbench(shop, select, arguments.seconds, "auth_app", "auth"), issuer.wrk("/oauth2/introspect", arguments.seconds, question)
        results.add(ASKED, ours / base)
        say(arguments, f"introspection {ours:.0f}/s against {base:.0f}/s")


class Flood:
    """`sign_ins.py` on the core of who measures, where it gets what that one leaves."""

    def __init__(self, issuer):
        command = [*ASKING, "chrt", "--idle", "0", sys.executable, str(pathlib.Path(__file__).with_name("sign_ins.py")), str(issuer.daemon.port), issuer.token]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def end(self):
        self.process.terminate()
        return self.process.communicate(timeout=60)[0].strip()


def flood(issuer, results, arguments):
    """A client is read 200 times a second, without and with the flood."""
    shop = types.SimpleNamespace(folder=issuer.folder, daemon=issuer.daemon, token=issuer.token)
    path = f"/api/v1/clients/{issuer.client['id']}"
    for _ in range(arguments.runs):
        calm = open_loop(shop, path, 200, arguments.seconds, prefix=ASKING)
        trying = Flood(issuer)
        time.sleep(1)
        busy = open_loop(shop, path, 200, arguments.seconds, prefix=ASKING)
        statuses = trying.end()
        kept = busy["rate"] > 0.97 * 200
        results.add(FLOOD, busy["p99"] / calm["p99"] if kept else math.inf, f"p99 {calm['p99']:.2f} ms, then {busy['p99']:.2f} ms; the flood was answered {statuses}")


PARTS = {"machines": machines, "keys": keys, "introspection": introspection, "flood": flood, "idle": lambda issuer, results, arguments: idle(issuer, PRESET, results, arguments)}

sys.exit(bench(__doc__, PARTS, BARS, Issuer))
