#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Routes and instances that change all the time, under load: no request fails, no WebSocket is closed.

    tests/system/gateway_swaps.py [--swaps 3000]          (a thousand a second for a minute: --swaps 60000)

Each swap is one PUT or DELETE of an HTTPRoute on the administration port: the route that is under load leads to other instances, another path, another header match;
a second route comes and goes in front of it. Meanwhile clients ask without a pause, each on its own connection, and WebSockets that were opened before the
first swap are talked over until after the last one. What is asserted is counted, not timed; the rates are told."""

import argparse
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from listener import Listener, head_of  # noqa: E402
from throwaway import binary, free_port, signed_token  # noqa: E402

GATEWAY = os.environ.get("GRAVITY_GATEWAY_BIN", str(binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))))
PATIENCE = 60  # what has not happened by then does not happen
INSTANCES, CLIENTS, SOCKETS, SWAPPERS = 4, 4, 8, 2
HANDSHAKE = (b"GET /shop/socket HTTP/1.1\r\nHost: door\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
failures, lock = [], threading.Lock()


def fail(what):
    with lock:
        failures.append(what)


class Instance(Listener):
    """Answers every request, and after a handshake sends back what it gets."""

    def answer(self, connection):
        head, received = head_of(connection, b"")
        while head and b"Upgrade: websocket" not in head:
            connection.sendall(GOOD)
            head, received = head_of(connection, received)
        if not head:
            return
        connection.sendall(ACCEPTED + received)
        while block := connection.recv(65536):
            connection.sendall(block)


class Asking(threading.Thread):
    """Requests one after the other until `ending`."""

    def __init__(self, port, ending):
        super().__init__(daemon=True)
        self.port, self.ending, self.answered = port, ending, 0
        self.start()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        while not self.ending.is_set():
            try:
                connection.request("GET", f"/shop/{self.answered}")
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or body != b"good":
                    return fail(f"a request was answered {answer.status} {body[:300]!r}")
                if answer.will_close:
                    return fail("a connection was closed after its answer")
            except (OSError, http.client.HTTPException) as error:
                return fail(f"a request was not answered: {error!r}")
            self.answered += 1


class Talking(threading.Thread):
    """A WebSocket that is open all the time."""

    def __init__(self, port, ending):
        super().__init__(daemon=True)
        self.ending, self.echoes = ending, 0
        self.connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.connection.sendall(HANDSHAKE)
        head = b""
        while b"\r\n\r\n" not in head:
            if not (block := self.connection.recv(65536)):
                sys.exit(f"no WebSocket: {head!r}")
            head += block
        if not head.startswith(b"HTTP/1.1 101 "):
            sys.exit(f"no WebSocket: {head!r}")
        self.start()

    def run(self):
        try:
            while not self.ending.wait(0.01):
                word = b"\x81\x85\0\0\0\0%05d" % (self.echoes % 100_000)  # a masked frame of text
                self.connection.sendall(word)
                back = b""
                while len(back) < len(word):
                    if not (block := self.connection.recv(65536)):
                        return fail("a WebSocket was closed")
                    back += block
                if back != word:
                    return fail(f"a WebSocket brought {back!r} instead of {word!r}")
                self.echoes += 1
        except OSError as error:
            fail(f"a WebSocket broke: {error!r}")


def route(name, matches, ports):
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name},
            "spec": {"rules": [{"matches": matches, "backendRefs": [{"name": "127.0.0.1", "port": port} for port in ports]}]}}


class Swapping(threading.Thread):
    """Changes the routes so many times. Each of these has a route of its own for part of the paths; the first keeps all of them reachable."""

    def __init__(self, number, admin, token, ports, swaps):
        super().__init__(daemon=True)
        self.number, self.admin, self.ports, self.swaps = number, admin, ports, swaps
        self.fields = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.start()

    def change(self, connection, n):
        ports = [port for i, port in enumerate(self.ports) if (n % 15 + 1) >> i & 1]  # every set of them but none
        if self.number == 0:
            paths = ["/", "/shop", "/shop"]
            matches = [{"path": {"type": "PathPrefix", "value": paths[n % 3]}}] + [{"path": {"value": "/shop"}, "headers": [{"name": "X-Swap", "value": str(n)}]}] * (n % 2)
            return "PUT", "shop", route("shop", matches, ports)
        if n % 4 == 3:
            return "DELETE", f"before-{self.number}", None
        return "PUT", f"before-{self.number}", route(f"before-{self.number}", [{"path": {"type": "RegularExpression", "value": f"/shop/[0-9]*{n % 10}"}}], ports)

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=PATIENCE)
        for n in range(self.swaps):
            method, name, document = self.change(connection, n)
            try:
                connection.request(method, f"/api/v1/gateway/routes/{name}", None if document is None else json.dumps(document), self.fields)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                return fail(f"a swap was not answered: {error!r}")
            if answer.status not in (200, 201, 204):
                return fail(f"a swap was answered {answer.status} {body[:300]!r}")


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end or failures:
            sys.exit("\n".join(failures) or f"not within {PATIENCE} s: {what}")
        time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swaps", type=int, default=3000, help="how many changes of the routes (%(default)s)")
    arguments = parser.parse_args()
    if not pathlib.Path(GATEWAY).is_file():
        print(f"{GATEWAY} has not been built")
        sys.exit(77)
    ports = [Instance().port for _ in range(INSTANCES)]
    port, admin = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        token, identity = signed_token(pathlib.Path(folder), ("gateway",))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "AUTH_", "DISCOVERY_"))}
        settings = {"PORT": str(port), "ADMIN_PORT": str(admin), "GATEWAY_RATE_PER_SECOND": "0", "LOG_LEVEL": "error", **identity}
        gateway = subprocess.Popen([GATEWAY], env={**kept, **settings})
        try:
            until("the gateway listens", lambda: listens(port) and listens(admin))
            first = Swapping(0, admin, token, ports, 1)
            first.join(PATIENCE)
            ending = threading.Event()
            asking = [Asking(port, ending) for _ in range(CLIENTS)]
            talking = [Talking(port, ending) for _ in range(SOCKETS)]
            until("requests are answered", lambda: all(one.answered > 0 for one in asking) and all(one.echoes > 0 for one in talking))
            begun = time.monotonic()
            swapping = [Swapping(n, admin, token, ports, arguments.swaps // SWAPPERS) for n in range(SWAPPERS)]
            for one in swapping:
                one.join()
            took = time.monotonic() - begun
            before = [(one, one.answered) for one in asking], [(one, one.echoes) for one in talking]
            # Whoever still talks when all is over was not cut.
            until("all go on", lambda: all(one.answered > n for one, n in before[0]) and all(one.echoes > n for one, n in before[1]))
            ending.set()
            for one in asking + talking:
                one.join(PATIENCE)
        finally:
            gateway.terminate()
            gateway.wait(60)
    swaps = arguments.swaps // SWAPPERS * SWAPPERS
    print(f"{swaps} swaps, {swaps / took:.0f} a second; {sum(one.answered for one in asking)} requests and {sum(one.echoes for one in talking)} echoes of "
          f"{SOCKETS} WebSockets, {len(failures)} failures")
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
