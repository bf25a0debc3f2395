#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Instances that fail, behind the gateway: each way to fail, of one to all five instances of a service, and the ways mixed.

What is asserted is counted, not timed: every request has an answer; with one good instance left no more requests fail than it takes to find out (each breaker's
threshold, what was on its way, its probes), a third of that where another instance may be asked instead, and none where only one fails; what reaches the failing ones is at most 1.2 times the requests and ten
a second; breakers are seen to open in the metrics, and those that work again get requests again."""

import collections
import http.client
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from listener import head_of  # noqa: E402
from throwaway import binary, free_port  # noqa: E402

GATEWAY = os.environ.get("GRAVITY_GATEWAY_BIN", str(binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))))
PATIENCE = 120  # what has not happened by then does not happen
CLIENTS, REQUESTS, INSTANCES = 4, 160, 5
THRESHOLD = 5  # failures in a row that open a breaker
TIMEOUT_MS = 400
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
KINDS = ("killed", "hung", "slow", "resetting", "garbage", "flapping", "failing")
# Another instance is asked instead, at most two others: of one failing instance the client notices nothing.
COVERED = {"killed", "slow", "resetting", "flapping", "failing"}


class Instance:
    """A server that fails in its way."""

    def __init__(self, kind):
        self.kind, self.received, self.lock = kind, 0, threading.Lock()
        self.port = free_port()
        self.mended = False
        if kind != "killed":
            self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
            threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            while True:
                head, received = head_of(connection, received)
                if head is None:
                    return
                if head.startswith(b"GET /openapi.json"):  # the gateway asks what the service is
                    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                    continue
                with self.lock:
                    self.received += 1
                    number = self.received
                if not self.answer(connection, number):
                    return
        except OSError:
            return
        finally:
            connection.close()

    def answer(self, connection, number):
        kind = "good" if self.mended else self.kind
        if kind == "flapping":
            kind = "resetting" if number // 10 % 2 == 0 else "good"
        if kind == "good":
            connection.sendall(GOOD)
        elif kind == "slow":
            time.sleep(0.02)
            connection.sendall(GOOD)
        elif kind == "failing":
            connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        elif kind == "garbage":
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            return False
        elif kind == "resetting":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        else:  # hung: until the other side has had enough
            connection.recv(65536)
            return False
        return True


class Service:
    def __init__(self, name, kinds):
        self.name, self.kinds = name, kinds
        self.instances = [Instance(kind) for kind in kinds]
        self.bad = [instance for instance in self.instances if instance.kind != "good"]

    def route(self):
        return {"name": self.name, "prefixes": [f"/{self.name}"], "auth": "public", "timeout_ms": TIMEOUT_MS,
                "upstreams": [f"127.0.0.1:{instance.port}" for instance in self.instances]}


def services():
    for kind in KINDS:
        for count in range(1, INSTANCES + 1):
            yield Service(f"{kind}-{count}", [kind] * count + ["good"] * (INSTANCES - count))
    for left_out in KINDS[:5]:  # four ways at once, and one good
        yield Service(f"all-but-{left_out}", [kind for kind in KINDS[:5] if kind != left_out] + ["good"])


def ask(port, service, count, statuses, lock):
    """So many requests one after the other; the status of each, or 0 where no whole answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for _ in range(count):
        try:
            connection.request("GET", f"/{service}")
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
            status = 0
        with lock:
            statuses[status] += 1


def load(port, service):
    statuses, lock = collections.Counter(), threading.Lock()
    threads = [threading.Thread(target=ask, args=(port, service.name, REQUESTS // CLIENTS, statuses, lock)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def metric(admin, name, **labels):
    """The sum of the series with these labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=PATIENCE) as answer:
        text = answer.read().decode()
    total = 0.0
    for line in text.splitlines():
        found = re.match(rf"{name}{{(.*)}} (\S+)$", line)
        if found and all(f'{key}="{value}"' in found[1] for key, value in labels.items()):
            total += float(found[2])
    return total


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    sys.exit(f"{what}: not within {PATIENCE} s")


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


failures = []


def expect(service, condition, what):
    if not condition:
        failures.append(f"{service.name}: {what}")


def check(port, admin, service):
    begun = time.monotonic()
    statuses = load(port, service)
    took = time.monotonic() - begun
    opened = metric(admin, "gravity_gateway_breaker_opened_total", service=service.name)
    errors = sum(count for status, count in statuses.items() if status != 200)
    kinds = {instance.kind for instance in service.bad}
    to_find_out = sum(THRESHOLD + CLIENTS for _ in service.bad) + opened
    received = sum(instance.received for instance in service.bad)
    expect(service, set(statuses) <= {200, 502, 503, 504}, f"answers {dict(statuses)}")
    expect(service, sum(statuses.values()) == REQUESTS, f"{sum(statuses.values())} answers")
    expect(service, received <= 1.2 * REQUESTS + 10 * took, f"{received} requests reached the failing instances, of {REQUESTS} in {took:.1f} s")
    if len(service.bad) < INSTANCES:
        most = to_find_out if not kinds <= COVERED else 0 if len(service.bad) == 1 else to_find_out // 3
        expect(service, errors <= most, f"{errors} failed: {dict(statuses)}, {opened} breakers opened")
    elif kinds == {"slow"}:
        expect(service, errors == 0, f"{errors} failed: {dict(statuses)}")
    elif kinds <= {"killed", "hung", "resetting", "garbage", "failing"}:
        expect(service, errors == REQUESTS, f"{REQUESTS - errors} did not fail: {dict(statuses)}")
    if kinds <= {"killed", "resetting", "garbage", "failing"}:
        # An instance that is slow to fail may be chosen too seldom to be found out; of one that was killed nobody counts the requests.
        found_out = sum(instance.kind == "killed" or instance.received >= THRESHOLD for instance in service.bad)
        expect(service, opened >= found_out, f"{opened} breakers opened instead of {found_out}")
    if kinds == {"slow"} and len(service.bad) < INSTANCES:
        expect(service, received < REQUESTS * len(service.bad) / INSTANCES, f"{received} requests went to the slow ones")
    # A breaker opens where every request fails, as soon as it has had enough of them.
    for instance in service.bad:
        if instance.kind not in ("slow", "flapping"):
            expect(service, instance.received <= THRESHOLD + CLIENTS + opened, f"{instance.received} requests reached one that is {instance.kind}")
    print(f"{service.name}: {dict(statuses)}, {received} at the failing ones, {opened:.0f} breakers opened")


def check_recovery(port, admin, service):
    """What has failed and works again gets requests again."""
    for instance in service.bad:
        instance.mended = True
        instance.received = 0
    statuses, lock = collections.Counter(), threading.Lock()

    def all_asked():
        ask(port, service.name, 20, statuses, lock)
        return all(instance.received > 20 for instance in service.bad)

    wait_for(f"{service.name}: every instance that works again is asked again", all_asked)
    wait_for(f"{service.name}: all are seen to be well", lambda: metric(admin, "gravity_gateway_instances", service=service.name, state="ok") == INSTANCES)


def main():
    if not pathlib.Path(GATEWAY).is_file():
        print(f"{GATEWAY} has not been built")
        sys.exit(77)
    all_services = list(services())
    port, admin = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        routes = pathlib.Path(folder) / "routes.json"
        routes.write_text(json.dumps({"routes": [service.route() for service in all_services]}))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "AUTH_", "DISCOVERY_"))}
        settings = {"PORT": str(port), "ADMIN_PORT": str(admin), "GATEWAY_ROUTES_FILE": str(routes), "GATEWAY_RATE_PER_SECOND": "0", "LOG_LEVEL": "error"}
        gateway = subprocess.Popen([GATEWAY], env={**kept, **settings})
        try:
            wait_for("the gateway listens", lambda: listens(port) and listens(admin))
            for service in all_services:
                check(port, admin, service)
            by_name = {service.name: service for service in all_services}
            for name in ("hung-1", "resetting-5", "garbage-3"):
                check_recovery(port, admin, by_name[name])
        finally:
            gateway.terminate()
            gateway.wait(60)
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
