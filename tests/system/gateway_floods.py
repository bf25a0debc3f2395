#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Clients who want to keep others out: honest clients are served all the while.

    tests/system/gateway_floods.py [--attempts 20000] [--seconds 4]          (the hundred thousand of the gateway's issue: --attempts 100000)

Heads and bodies that drip, answers that nobody takes, floods of fields, far more connections than the gateway may have, more than it has descriptors for. During each,
honest clients ask over kept and over fresh connections. Every one of their requests must be answered as it should; a kept connection may be closed between
two requests (RFC 9112 section 9.5), then they open another one. What is asserted is counted, not timed; the slowest answers are told."""

import argparse
import http.client
import itertools
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from listener import Listener, head_of  # noqa: E402
from throwaway import binary, free_port  # noqa: E402

GATEWAY = os.environ.get("GRAVITY_GATEWAY_BIN", str(binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))))
PATIENCE = 60  # what has not happened by then does not happen
LARGE = 8 << 20
MOST, DESCRIPTORS = 400, 220  # connections of the one gateway, descriptors of the other
failures, lock = [], threading.Lock()


def fail(what):
    with lock:
        failures.append(what)


class Instance(Listener):
    """Answers at once, but for a body, which it waits for; asked for /large with much."""

    def answer(self, connection):
        head, received = head_of(connection, b"")
        while head:
            wanted = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            for _ in range(int(wanted[1]) if wanted else 0):
                if not received and not (received := connection.recv(65536)):
                    return
                received = received[1:]
            body = b"x" * LARGE if head.startswith(b"GET /large ") else b"good"
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            head, received = head_of(connection, received)


class Gateway:
    def __init__(self, folder, instance, descriptors=None, **settings):
        self.port, self.admin = free_port(), free_port()
        routes = pathlib.Path(folder) / f"routes-{self.port}.json"
        routes.write_text(json.dumps({"routes": [{"name": "all", "prefixes": ["/"], "upstreams": [f"127.0.0.1:{instance.port}"], "auth": "public"}]}))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "AUTH_", "DISCOVERY_"))}
        # The limit of each caller is another matter: here all have one address.
        own = {"PORT": str(self.port), "ADMIN_PORT": str(self.admin), "GATEWAY_ROUTES_FILE": str(routes), "GATEWAY_RATE_PER_SECOND": "0", "LOG_LEVEL": "error", **settings}
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))) if descriptors else None
        self.process = subprocess.Popen([GATEWAY], env={**kept, **own}, preexec_fn=limit)
        end = time.monotonic() + PATIENCE
        while self.ask_once() != b"good":
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit("the gateway does not start")
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.process.terminate()
        if self.process.wait(PATIENCE) != 0:
            fail("the gateway did not end well")

    def ask_once(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request("GET", "/")
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return None

    def counted(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=PATIENCE)
        connection.request("GET", "/metrics")
        found = re.search(rf"^{name}(?:{{.*}})? ([\d.e+]+)$", connection.getresponse().read().decode(), re.M)
        return float(found[1]) if found else 0


class Honest(threading.Thread):
    """Asks again and again until `ending`; `fresh`: each time over another connection."""

    def __init__(self, port, ending, fresh):
        super().__init__(daemon=True)
        self.port, self.ending, self.fresh = port, ending, fresh
        self.answered, self.closed, self.slowest = 0, 0, 0.0
        self.start()

    def ask(self, connection):
        connection.request("GET", f"/{self.answered}")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or body != b"good":
            fail(f"an honest request was answered {answer.status} {body[:200]!r}")

    def run(self):
        connection = None
        while not self.ending.is_set() and not failures:
            begun = time.monotonic()
            while True:
                used = connection is not None
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
                try:
                    self.ask(connection)
                    break
                except (OSError, http.client.HTTPException) as error:
                    connection = None
                    if time.monotonic() > begun + PATIENCE:
                        return fail(f"an honest request was not answered in {PATIENCE} s: {error!r}")
                    if not used and not isinstance(error, (ConnectionResetError, http.client.RemoteDisconnected, BrokenPipeError)):
                        return fail(f"an honest request failed on a fresh connection: {error!r}")
                    self.closed += 1
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self.answered += 1
            if self.fresh:
                connection.close()
                connection = None


def connect(port, number, room=None):
    """A connection from one of many addresses."""
    one = socket.socket()
    if room:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    one.settimeout(PATIENCE)
    one.bind((f"127.1.{number // 20_000 % 250}.{number % 200 + 1}", 0))
    one.connect(("127.0.0.1", port))
    return one


def drip(port, count, beginning, ending):
    """So many connections on which a byte comes now and then."""
    open_ones = []
    for n in range(count):
        one = connect(port, n)
        one.sendall(beginning)
        open_ones.append(one)
    ended = 0
    while open_ones and not ending.wait(0.2):
        for one in list(open_ones):
            try:
                one.sendall(b"x")
            except OSError:
                ended += 1
                open_ones.remove(one)
    for one in open_ones:
        one.close()
    return ended


def heads(gateway, ending, _):
    return f"{drip(gateway.port, 300, b'GET / HTTP/1.1' + bytes([13, 10]) + b'X-', ending)} of 300 ended"


def bodies(gateway, ending, _):
    return f"{drip(gateway.port, 100, b'POST / HTTP/1.1' + bytes([13, 10]) + b'Host: h' + bytes([13, 10]) + b'Content-Length: 100000' + bytes([13, 10, 13, 10]), ending)} of 100 ended"


def answers(gateway, ending, _):
    """Asked for and not taken."""
    open_ones = [connect(gateway.port, n, room=4096) for n in range(60)]
    for one in open_ones:
        one.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
    ending.wait()
    for one in open_ones:
        one.close()
    return "60 answers of 8 MiB"


def fields(gateway, ending, _):
    """Heads that are too large in one way or the other, as fast as they go."""
    floods = [b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 5000 + b"\r\n", b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 60_000 + b"\r\n\r\n",
              b"GET / HTTP/1.1\r\nHost: h\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(5000)), b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n"]
    refused, sent = 0, 0
    for n in itertools.count():
        if ending.is_set():
            return f"{refused} of {sent} heard why"
        one = connect(gateway.port, n)
        try:
            sent += 1
            one.sendall(floods[n % len(floods)])
            status = one.recv(12)[9:]
            if status in (b"431", b"414"):
                refused += 1
            elif status:
                fail(f"a flood of fields was answered {status!r}")
        except OSError:
            pass  # it was closed before it was all sent
        one.close()


def connections(gateway, ending, attempts):
    """So many attempts, of which far more at a time than the gateway may have say nothing; some half a head."""
    open_ones, made = [], 0
    for n in range(attempts):
        try:
            one = connect(gateway.port, n)
            if n % 3 == 0:
                one.sendall(b"GET / HTTP/1.1\r\nHo")
        except OSError:
            continue
        made += 1
        open_ones.append(one)
        if len(open_ones) >= 4 * MOST:
            open_ones.pop(0).close()
        if failures:
            break
    for one in open_ones:
        one.close()  # who administers has descriptors of the same process
    shed = gateway.counted("gravity_gateway_connections_shed_total")
    if shed == 0:
        fail("no connection made room")
    return f"{made} connections of {attempts} attempts, {shed:.0f} made room"


def descriptors(gateway, ending, attempts):
    return connections(gateway, ending, attempts // 4)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=20_000, help="connections that are attempted (%(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="for each flood that has no end of its own (%(default)s)")
    arguments = parser.parse_args()
    if not pathlib.Path(GATEWAY).is_file():
        print(f"{GATEWAY} has not been built")
        sys.exit(77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    instance = Instance()
    with tempfile.TemporaryDirectory() as folder, Gateway(folder, instance, GATEWAY_MAX_CONNECTIONS=str(MOST)) as bounded, \
            Gateway(folder, instance, descriptors=DESCRIPTORS) as poor:
        for flood, gateway in ((heads, bounded), (bodies, bounded), (answers, bounded), (fields, bounded), (connections, bounded), (descriptors, poor)):
            ending, over = threading.Event(), threading.Event()
            crowd = [Honest(gateway.port, over, fresh) for fresh in (False, False, True, True)]
            if flood not in (connections, descriptors):
                threading.Timer(arguments.seconds, ending.set).start()
            said = flood(gateway, ending, arguments.attempts)
            begun = [one.answered for one in crowd]
            end = time.monotonic() + PATIENCE
            while not failures and any(one.answered == before for one, before in zip(crowd, begun)) and time.monotonic() < end:
                time.sleep(0.01)
            over.set()
            for one in crowd:
                one.join(PATIENCE)
                if one.is_alive() or one.answered == 0:
                    fail(f"{flood.__name__}: an honest client was not served")
            if failures:
                sys.exit(f"{flood.__name__}: " + "\n".join(failures[:5]))
            print(f"✔ {flood.__name__}: {said}; honest clients: {sum(one.answered for one in crowd)} answers, the slowest after {max(one.slowest for one in crowd):.2f} s, "
                  f"{sum(one.closed for one in crowd)} connections closed between requests", flush=True)
    if failures:
        sys.exit("\n".join(failures))


main()
