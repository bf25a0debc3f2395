"""What the scripts share that kill daemons under load: processes that can be killed and started again, calls that may find nobody, and judges of what was recorded."""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from throwaway import binary


class Program:
    """A process that can be killed, stopped, and started again with what it has on its disk."""

    def __init__(self, name, command, environment, folder):
        self.name, self.command, self.environment = name, command, environment
        self.log = open(folder / f"{name}.log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, env={"PATH": os.environ["PATH"], **self.environment}, stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def send(self, which):
        self.process.send_signal(which)


class Answer:
    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body, headers

    def json(self):
        return json.loads(self.body)


connections = threading.local()  # by port: each thread keeps its own


def call(port, method, path, body=None, timeout=10):
    """Raises OSError if there is no answer: whether it took effect is then not known. `port`: on loopback; or address and port."""
    return ask(port, method, f"/v1/{path}", body, timeout)


def ask(port, method, target, body=None, timeout=10):
    kept = connections.__dict__.setdefault("kept", {})
    host, number = port if isinstance(port, tuple) else ("127.0.0.1", port)
    connection = kept.pop(port, None) or http.client.HTTPConnection(host, number, timeout=timeout)
    try:
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        connection.request(method, target, body)
        answer = connection.getresponse()
        text = answer.read().decode()
    except Exception as gone:  # http.client has its own, beside the system's, for an answer that breaks off
        connection.close()
        raise OSError(repr(gone)) from gone
    kept[port] = connection
    return Answer(answer.status, text, answer.headers)


def is_ready(port):
    try:
        return ask(port, "GET", "/health/ready", timeout=5).status == 200
    except OSError:
        return False


class Load(threading.Thread):
    """Something that goes on through a round. What it finds wrong is in `faults`."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.faults, self.ending = world, [], threading.Event()

    def run(self):
        try:
            self.work()
        except Exception as error:  # a fault of the script must not look like success
            self.faults.append(f"{type(self).__name__}: {error!r}")


class Contender(Load):
    """Takes the lock, holds it for a moment, gives it back. Holds it, in its own view, from the answer until it asks to be released, or until its session
    may have ended. `world.ports`: of the daemons, any of which it asks."""

    session_ttl = 10

    def __init__(self, world, number, key="lock"):
        super().__init__(world)
        self.number, self.key, self.held, self.session, self.renewed = number, key, [], None, 0.0

    def anywhere(self, method, path, body=None):
        for port in self.world.ports[self.number % len(self.world.ports):] + self.world.ports[:self.number % len(self.world.ports)]:
            try:
                answer = call(port, method, path, body, timeout=5)
            except OSError:
                continue
            if answer.status != 500 or "invalid session" in answer.body:
                return answer
        return None

    def keep_session(self):
        now = time.monotonic()
        if self.session is not None and now - self.renewed < 2:
            return True
        if self.session is not None:
            answer = self.anywhere("PUT", f"session/renew/{self.session}")
            if answer is None:
                return False
            if answer.status == 200:
                self.renewed = now
                return True
            self.session_ended()
        body = {"TTL": f"{self.session_ttl}s", "LockDelay": "0s", "Checks": [], "Behavior": "release"}
        answer = self.anywhere("PUT", "session/create", json.dumps(body).encode())
        if answer is None or answer.status != 200:
            return False
        self.session, self.renewed = answer.json()["ID"], now
        return True

    def session_ended(self):
        """It was acknowledged, and is not there any more."""

    def look(self, port):
        """While it holds the lock."""

    def work(self):
        while not self.ending.is_set():
            if not self.keep_session():
                time.sleep(0.05)
                continue
            port = self.world.ports[(self.number + len(self.held)) % len(self.world.ports)]
            try:
                answer = call(port, "PUT", f"kv/{self.key}?acquire={self.session}", b"x", timeout=5)
                got = answer.status == 200 and answer.body == "true"
                unsure = answer.status == 500 and "invalid session" not in answer.body
            except OSError:
                got, unsure = False, True
            since = time.monotonic()
            if got:
                self.look(port)
                time.sleep(0.01)
            elif not unsure:
                time.sleep(0.02)
                continue
            until = time.monotonic()
            limit = self.renewed + self.session_ttl
            if got and since < limit:
                self.held.append((since, min(until, limit), self.session))
            # Also when it is not known: it may be held, and nobody else could have it.
            while self.anywhere("PUT", f"kv/{self.key}?release={self.session}", b"x") is None and not self.ending.is_set():
                time.sleep(0.05)


def overlaps(histories):
    """Pairs of times at which two held the lock."""
    held = sorted((since, until, who, session) for who, history in enumerate(histories) for since, until, session in history)
    return [(a, b) for a, b in zip(held, held[1:]) if b[0] < a[1] and a[2] != b[2]]


def built(name, preset):
    """The executable of a service; the script is skipped where it is not built."""
    program = binary(name, preset)
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    return program


def play_rounds(doc, default, world_of, play):
    """The command line of a script: `--rounds N` of `play(world, number)`, which gives what went wrong, in the world that `world_of(folder, preset)` makes.
    Where something did, the logs stay."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=default)
    rounds = parser.parse_args().rounds
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-chaos-"))
    world = None
    try:
        world = world_of(folder, os.environ.get("GRAVITY_PRESET", "dev"))
        for number in range(rounds):
            faults = play(world, number)
            if faults:
                for text in faults[:20]:
                    print("  " + text)
                sys.exit(f"logs: {folder}")
    finally:
        if world is not None:
            world.end()
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{rounds} rounds passed")
