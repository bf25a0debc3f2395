#!/usr/bin/env python3
"""A discovery daemon whose disk is full, again and again, under writers: what is refused with 500 is seen by nobody and wakes nobody, reads and blocking
queries go on, /health/ready is 503 and says why, and when there is room again it takes writes again by itself. In every second round it is killed while the
disk is full, and started with it full. Nothing that was acknowledged is lost, and no index is given twice.

    tests/chaos/discovery_full.py [--rounds 12]         (its disk is a small tmpfs that nobody else sees: root, or user namespaces)"""

import base64
import itertools
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from chaos import Load, Program, ask, built, call, is_ready, play_rounds  # noqa: E402
from throwaway import free_port  # noqa: E402

PATIENCE = 60
NODE = "alone"
DISK = 48 * 1024 * 1024
WRITERS = 16
ALONE = ["unshare", "--mount", "--propagation", "private"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])


def value(number, size):
    return (f"{number:012}" * (size // 12)).encode()


class Register(Load):
    """Writes one key again and again, in values of different lengths. Knows which number was acknowledged last, and which were refused since."""

    def __init__(self, world, number):
        super().__init__(world)
        self.number, self.key, self.last, self.sent, self.size = number, f"r/{number}", 0, 0, 12 << number % 4 * 4
        self.refused = self.acknowledged = 0
        self.indexes = {}  # index -> the number it was seen with

    def work(self):
        for _ in itertools.count():
            if self.ending.is_set():
                return
            self.sent += 1
            try:
                answer = call(self.world.port, "PUT", f"kv/{self.key}", value(self.sent, self.size), timeout=PATIENCE)
            except OSError:  # it was killed: its outcome is seen afterwards
                time.sleep(0.02)
                continue
            if answer.status == 200 and answer.body == "true":
                self.last = self.sent
                self.acknowledged += 1
            elif answer.status == 500 and "Failed to write" in answer.body:
                self.refused += 1
                self.faults += self.look()
                time.sleep(0.02)
            else:
                self.faults.append(f"a write was answered {answer.status} {answer.body!r}")

    def look(self):
        """What is shown is what was acknowledged last; of what was refused nothing."""
        try:
            answer = call(self.world.port, "GET", f"kv/{self.key}")
        except OSError:
            return []
        if answer.status == 404 and self.last == 0:
            return []
        if answer.status != 200:
            return [f"{self.key} was answered {answer.status} {answer.body!r}"]
        row = answer.json()[0]
        kept = base64.b64decode(row["Value"])
        number = int(kept[:12])
        if number != self.last or kept != value(number, self.size):
            return [f"{self.key} shows {number} in {len(kept)} bytes; acknowledged was {self.last}"]
        if self.indexes.setdefault(row["ModifyIndex"], number) != number:
            return [f"index {row['ModifyIndex']} of {self.key} was that of {self.indexes[row['ModifyIndex']]} and is that of {number}"]
        return []

    def settle(self):
        """After a kill: what had no answer may be there."""
        answer = call(self.world.port, "GET", f"kv/{self.key}")
        number = int(base64.b64decode(answer.json()[0]["Value"])[:12]) if answer.status == 200 else 0
        if not self.last <= number <= self.sent:
            self.faults.append(f"{self.key} was acknowledged to {self.last}, sent to {self.sent}, and is {number}")
        self.last = number


class Reader(Load):
    """What does not change must be shown all the time, also while nothing can be written."""

    def work(self):
        self.reads = 0
        while not self.ending.is_set():
            for path in ("kv/steady", "health/service/steady?passing", "catalog/services"):
                try:
                    answer = call(self.world.port, "GET", path)
                except OSError:
                    if not self.world.down:
                        self.faults.append(f"{path} was not answered")
                    time.sleep(0.02)
                    continue
                if answer.status != 200 or (path != "catalog/services" and len(answer.json()) != 1):
                    self.faults.append(f"{path} was answered {answer.status} {answer.body[:200]!r}")
                self.reads += 1
            time.sleep(0.005)


class World:
    def __init__(self, folder, preset):
        program = built("discovery", preset)
        self.disk, self.down, self.port = folder / "disk", False, free_port()
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(self.disk)], check=True)
        self.ballast, self.folder = self.disk / "ballast", folder
        self.daemon = Program("discovery", [str(program)], {
            "PORT": str(self.port), "DISCOVERY_NODE_NAME": NODE, "DISCOVERY_DATA_DIR": str(self.disk / "data"), "DISCOVERY_DNS_PORT": "0",
            "LISTEN_ADDRESS": "127.0.0.1", "DEREGISTER_DELAY_SECONDS": "0"}, folder)
        self.wait("it is ready", lambda: is_ready(self.port))
        self.put("kv/steady", b"x")
        self.put("agent/service/register", json.dumps({"Name": "steady", "Port": 1}).encode())
        self.registers = [Register(self, n) for n in range(WRITERS)]

    def wait(self, what, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                sys.exit(f"not within {PATIENCE} s: {what}; see {self.folder}")
            time.sleep(0.01)

    def put(self, path, body):
        answer = call(self.port, "PUT", path, body)
        if answer.status != 200:
            sys.exit(f"{path} was answered {answer.status} {answer.body}")

    def fill(self, left):
        """Takes all room but so many bytes. What the store frees meanwhile is taken too, until it stays."""
        state = os.statvfs(self.disk)
        room = state.f_bavail * state.f_frsize
        with open(self.ballast, "ab", buffering=0) as ballast:
            try:
                while room > left:
                    room -= ballast.write(b"\0" * min(65536, room - left))
            except OSError:
                pass  # the daemon was quicker

    def end(self):
        if self.daemon.process.poll() is None:
            self.daemon.kill()
        subprocess.run(["umount", "--lazy", str(self.disk)], check=False)


def commands_while_full(world, number):
    """Every kind of command is refused, and nothing of it is there."""
    faults = []
    name = f"refused-{number}"
    commands = {f"kv/{name}": b"x", f"kv/{name}?cas=0": b"x", "agent/service/register": json.dumps({"Name": name, "Check": {"TTL": "1h"}}).encode(),
                "session/create": b"{}", "txn": json.dumps([{"KV": {"Verb": "set", "Key": f"{name}/{part}", "Value": "eA=="}} for part in "abc"]).encode(),
                f"event/fire/{name}": b"x"}
    before = {path: call(world.port, "GET", path).body for path in ("session/list", "event/list", "agent/services", "agent/checks")}
    for path, body in commands.items():
        answer = call(world.port, "PUT", path, body, timeout=PATIENCE)
        if answer.status != 500 or "Failed to write" not in answer.body:
            faults.append(f"{path} was answered {answer.status} {answer.body!r}")
    for path, body in before.items():
        if call(world.port, "GET", path).body != body:
            faults.append(f"{path} shows what was refused")
    for path in (f"kv/{name}?recurse", f"catalog/service/{name}"):
        answer = call(world.port, "GET", path)
        if answer.status != 404 and answer.body != "[]":
            faults.append(f"{path} shows what was refused: {answer.body!r}")
    return faults


def play(world, number, killed):
    loads = [*world.registers, Reader(world)]
    for load in loads:
        load.start()
    world.wait("writes are acknowledged", lambda: all(register.acknowledged for register in world.registers))
    room = random.choice([0, 64 << 10, 1 << 20, 4 << 20])
    world.fill(room)

    def is_full():
        if not all(register.refused for register in world.registers):
            world.fill(0)
            return False
        return True

    world.wait("writes are refused", is_full)
    # Nobody writes now, so that nothing changes but what is tried here.
    for register in world.registers:
        register.ending.set()
    for register in world.registers:
        register.join(PATIENCE)
    faults = []

    def refuses():
        world.fill(0)
        return call(world.port, "PUT", "kv/tried", value(1, 65536)).status == 500

    world.wait("it refuses", refuses)
    steady = call(world.port, "GET", "kv/steady").headers["X-Consul-Index"]
    waiting = Waiting(world, f"kv/r/?keys&wait=60s&index={call(world.port, 'GET', 'kv/r/?keys').headers['X-Consul-Index']}")
    waiting.start()
    for register in world.registers:
        faults += register.look()
    faults += commands_while_full(world, number)
    world.wait("/health/ready is 503 and says why", lambda: says_why(ask(world.port, "GET", "/health/ready")))
    if ask(world.port, "GET", "/health/live").status != 200:
        faults.append("it says that it is not alive")
    if waiting.answered or call(world.port, "GET", "kv/steady").headers["X-Consul-Index"] != steady:
        faults.append("a write that was refused woke a watcher, or moved an index")
    if killed:
        world.down = True
        world.daemon.kill()
        world.daemon.start()  # the disk is still full: it serves, or ends with one line
        world.wait("it serves or ends", lambda: world.daemon.process.poll() is not None or answers(world.port))
        started = world.daemon.process.poll() is None
        world.ballast.unlink()
        if not started:
            world.daemon.start()
    else:
        started = True
        world.ballast.unlink()
    world.wait("it is ready again", lambda: is_ready(world.port))
    world.down = False
    if killed:
        for register in world.registers:
            register.settle()
    for register in world.registers:
        faults += register.look()
    acknowledged = sum(register.acknowledged for register in world.registers)
    refused = sum(register.refused for register in world.registers)
    faults += [fault for load in loads for fault in load.faults]
    # The same keys go on, in threads of their own.
    for n, old in enumerate(world.registers):
        world.registers[n] = Register(world, n)
        world.registers[n].last, world.registers[n].sent, world.registers[n].indexes = old.last, old.sent, old.indexes
    world.put(f"kv/after/{number}", b"x")
    waiting.ending.set()
    loads[-1].ending.set()
    loads[-1].join(PATIENCE)
    faults += loads[-1].faults
    print(f"round {number + 1}: full with {room >> 10} KiB left{(', killed, ' + ('started full' if started else 'did not start full')) if killed else ''}; "
          f"{acknowledged} writes acknowledged, {refused} refused, {loads[-1].reads} reads", flush=True)
    return faults


class Waiting(Load):
    def __init__(self, world, path):
        super().__init__(world)
        self.path, self.answered = path, False

    def work(self):
        try:
            call(self.world.port, "GET", self.path, timeout=90)
            self.answered = True
        except OSError:
            pass  # it was killed


def says_why(ready):
    return ready.status == 503 and "No space" in ready.body


def answers(port):
    try:
        return ask(port, "GET", "/health/live", timeout=5).status == 200
    except OSError:
        return False


def have_a_disk():
    """In a mount namespace of one's own; the script begins again in it."""
    if os.environ.get("GRAVITY_OWN_MOUNTS"):
        return
    tried = subprocess.run([*ALONE, "mount", "-t", "tmpfs", "-o", "size=1M", "none", tempfile.gettempdir()], capture_output=True, text=True)
    if tried.returncode != 0:
        print(f"no disk of its own can be had here: {tried.stderr.strip()}")
        sys.exit(77)
    os.execvpe(ALONE[0], [*ALONE, sys.executable, *sys.argv], {**os.environ, "GRAVITY_OWN_MOUNTS": "1"})


have_a_disk()
play_rounds(__doc__, 4, World, lambda world, number: play(world, number, killed=number % 2 == 1))
