#!/usr/bin/env python3
"""config against nginx with the same bytes, in turns on the same cores, in one run; then thousands of WebSockets that hear of a publication.

    tests/load/config.py [--seconds 5] [--runs 3] [--check] [--only WORD]      (release preset; Debian: wrk, nginx-light; `./gravity bench config` builds and runs it)

What is not installed is left out, which the output says. Where there are two cores or more, a server has the first for itself and who asks it the second."""

import base64
import http.client
import json
import os
import resource
import select
import socket
import struct
import sys
import time

from harness import OURS, bench, idle, missing, nginx_with, proportional_mebibytes, say, wrk_at

import throwaway  # tests/support, as harness has it

SPRING, FLAGS = "/spring/{app}/{profile} of 100 keys / nginx, same bytes", "OFREP, 100 flags, 50 contexts / nginx, same bytes"
SOCKETS = 5_000
LAST, MEMORY = f"publication to the last of {SOCKETS} sockets, ms", "a socket's memory, KiB"
BARS = {
    SPRING: ("least", 0.5),
    FLAGS: ("least", 0.5),
    LAST: ("most", 1000),
    MEMORY: ("most", 20),
    "start to ready, ms": ("most", 300),
    "idle, MiB proportional": ("most", 16),
    "idle, % of a core": ("most", 0.1),
}
PRESET = os.environ.get("GRAVITY_PRESET", "release")
KEYS = FLAG_COUNT = 100

GET = """wrk.headers["Authorization"] = "Bearer %s"
"""

# %d contexts in turn, or one that nobody has asked about for each request.
EVALUATE = """wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
local number, contexts = 0, %d
function request()
  number = number + 1
  local key = contexts == 0 and "%s-" .. number or tostring(number %% contexts)
  return wrk.format("POST", nil, nil, '{"context":{"targetingKey":"' .. key .. '","plan":"pro"}}')
end
"""


class Bench:
    """PostgreSQL, a config on a core of its own, an application with settings in three layers, and flags of each kind of rule."""

    def __init__(self, folder):
        self.folder = folder
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the daemon has it from us
        (folder / "pg").mkdir()
        self.cluster = throwaway.Cluster(folder / "pg")
        self.cluster.database("config")
        self.token, trust = throwaway.signed_token(folder, ["configs", "feature-flags"])
        settings = {"LISTEN_ADDRESS": "127.0.0.1", "LOG_LEVEL": "warn", "DISCOVERY_MODE": "off", "DEREGISTER_DELAY_SECONDS": "0", "PORT": str(throwaway.free_port()), **trust}
        program = folder / "config-on-its-core"
        program.write_text(f"#!/bin/sh\nexec {' '.join(OURS)} {throwaway.binary('config', PRESET)}\n")
        program.chmod(0o755)
        self.daemon = throwaway.Daemon(program, self.cluster, folder, settings, "config")
        self.daemon.wait_ready()
        self.shop = self.published("shop", "default", {f"shop.key-{n}": f"value {n} of the application" for n in range(KEYS)})
        self.published("application", "default", {f"shared.key-{n}": n for n in range(KEYS // 10)})
        self.published("shop", "dev", {f"shop.key-{n}": f"value {n} of the profile" for n in range(KEYS // 10)})
        for n in range(FLAG_COUNT):
            rules = [{"when": {"attribute": "plan", "op": "eq", "value": "pro"}, "variant": "on"}] if n % 3 == 0 else []
            rules += [{"split": [{"variant": "on", "share": 50_000}]}] if n % 3 == 1 else []
            self.ask("POST", "/api/v1/feature-flags", {"key": f"flag-{n:03}", "type": "boolean", "variants": {"on": True, "off": False}, "default_variant": "off", "rules": rules})

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status not in (200, 201):
            sys.exit(f"{method} {path}: {answer.status} {text}")
        return text

    def published(self, application, profile, items):
        """The path of the set."""
        made = json.loads(self.ask("POST", "/api/v1/configs", {"application": application, "profile": profile}))
        path = f"/api/v1/configs/{made['id']}"
        self.publish(path, items)
        return path

    def publish(self, path, items):
        self.ask("PATCH", f"{path}/draft", {"items": items})
        self.ask("POST", f"{path}/releases", {})

    def wrk(self, path, seconds, lua):
        script = self.folder / "wrk.lua"
        script.write_text(lua)
        return wrk_at(self.daemon.port, path, seconds, 16, script)

    def end(self):
        self.daemon.kill()
        self.cluster.stop()


def spring(bench, results, arguments):
    """What a Spring client reads when it starts, and nginx with the bytes of the answer in memory."""
    if missing(arguments, SPRING, "nginx"):
        return
    path, lua = "/spring/shop/dev", GET % bench.token
    answer = bench.ask("GET", path)
    bench.wrk(path, 1, lua)
    with nginx_with(bench.folder, answer, "application/json") as (_, port):
        for _ in range(arguments.runs):
            base, ours = wrk_at(port, "/file", arguments.seconds), bench.wrk(path, arguments.seconds, lua)
            results.add(SPRING, ours / base)
            say(arguments, f"{path} {ours:.0f}/s against {base:.0f}/s, {len(answer)} bytes")


def flags(bench, results, arguments):
    """All flags for contexts that come again, as clients that poll have it; and for comparison for contexts that are new each time."""
    if missing(arguments, FLAGS, "nginx"):
        return
    path = "/ofrep/v1/evaluate/flags"
    answer = bench.ask("POST", path, {"context": {"targetingKey": "1", "plan": "pro"}})
    if len(json.loads(answer)["flags"]) != FLAG_COUNT:
        sys.exit(f"{path}: {answer[:300]}")
    again = EVALUATE % (bench.token, 50, "none")
    bench.wrk(path, 1, again)
    with nginx_with(bench.folder, answer, "application/json") as (_, port):
        for run in range(arguments.runs):
            base, ours = wrk_at(port, "/file", arguments.seconds), bench.wrk(path, arguments.seconds, again)
            results.add(FLAGS, ours / base)
            fresh = bench.wrk(path, arguments.seconds, EVALUATE % (bench.token, 0, f"run-{run}"))
            say(arguments, f"{FLAG_COUNT} flags {ours:.0f}/s against {base:.0f}/s; for contexts that are new {fresh:.0f}/s, {fresh / base:.2f} of it")


def frame(text):
    """A text from a client, masked with zeros (RFC 6455 section 5.3 wants a mask; nobody has to guess it here)."""
    data = text.encode()
    length = struct.pack("!B", 0x80 | len(data)) if len(data) < 126 else struct.pack("!BH", 0x80 | 126, len(data))
    return b"\x81" + length + b"\0\0\0\0" + data


class Watcher:
    """One socket that hears of changes."""

    def __init__(self, bench, number):
        self.socket = socket.create_connection(("127.0.0.1", bench.daemon.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /api/v1/configs/watch HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: gravity.config.v1\r\nAuthorization: Bearer {bench.token}\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.bytes:
            self.receive()
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            sys.exit(f"no WebSocket: {head.decode()}")
        self.socket.sendall(frame(json.dumps({"hello": {"application": "shop", "profiles": "dev", "instance": f"shop-{number}"}})))
        while (first := self.message()) is None:
            self.receive()
        self.acknowledge(first)

    def receive(self):
        more = self.socket.recv(65536)
        if not more:
            sys.exit("a socket was closed")
        self.bytes += more

    def message(self):
        """The next text that is whole; pings are passed over."""
        while len(self.bytes) >= 2:
            length, begin = self.bytes[1] & 0x7F, 2
            if length == 126 and len(self.bytes) >= 4:
                length, begin = struct.unpack("!H", self.bytes[2:4])[0], 4
            elif length == 127 and len(self.bytes) >= 10:
                length, begin = struct.unpack("!Q", self.bytes[2:10])[0], 10
            if length in (126, 127) and begin == 2 or len(self.bytes) < begin + length:
                return None
            kind, data, self.bytes = self.bytes[0] & 0x0F, self.bytes[begin:begin + length], self.bytes[begin + length:]
            if kind == 1:
                return json.loads(data)
        return None

    def acknowledge(self, message):
        self.version = next(iter(message.values()))["version"]
        self.socket.sendall(frame(json.dumps({"ack": self.version, "status": "applied"})))


def watch(bench, results, arguments):
    """Sockets of one application: memory of each, and from sending a publication to the moment that the last of them has it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most < SOCKETS + 200:
        say(arguments, f"left out: {LAST}; only {most} descriptors are allowed")
        return
    pid = bench.daemon.process.pid
    for _ in range(20):
        bench.ask("GET", "/spring/shop/dev")
    before = proportional_mebibytes(pid)
    watchers = [Watcher(bench, number) for number in range(SOCKETS)]
    time.sleep(3)  # what they acknowledged is written
    results.add(MEMORY, (proportional_mebibytes(pid) - before) * 1024 / SOCKETS)
    poll, by_descriptor = select.epoll(), {}
    for watcher in watchers:
        poll.register(watcher.socket, select.EPOLLIN)
        by_descriptor[watcher.socket.fileno()] = watcher
    for run in range(arguments.runs):
        bench.ask("PATCH", f"{bench.shop}/draft", {"items": {"shop.run": run}})
        waiting, heard = set(by_descriptor), []
        begun = time.monotonic()
        bench.ask("POST", f"{bench.shop}/releases", {})
        while waiting:
            ready = poll.poll(timeout=30)
            if not ready:
                sys.exit(f"{len(waiting)} sockets heard nothing within 30 s")
            for descriptor, _ in ready:
                watcher = by_descriptor[descriptor]
                watcher.receive()
                message = watcher.message()
                if message is not None and "change" in message:
                    waiting.discard(descriptor)
                    heard.append((watcher, message))
        results.add(LAST, 1000 * (time.monotonic() - begun))
        for watcher, message in heard:
            watcher.acknowledge(message)
        time.sleep(2)
    for watcher in watchers:
        watcher.socket.close()


PARTS = {"spring": spring, "flags": flags, "watch": watch, "idle": lambda bench, results, arguments: idle(bench, PRESET, results, arguments)}

sys.exit(bench(__doc__, PARTS, BARS, Bench))
