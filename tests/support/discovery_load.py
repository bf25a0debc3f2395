"""What three discovery daemons over etcd are held to while something happens to them: writers, watchers, contenders for a lock, targets of checks."""

import base64
import itertools
import json
import shutil
import socket
import sys
import threading
import time

from chaos import Contender, Load, built, call, is_ready, overlaps

NODE = "registry"  # one for all daemons: an instance may be registered at one and deregistered at another
PATIENCE = 60
CHECK_GAP = 10


def program_for_etcd(preset):
    """The daemon's executable; ends the script as skipped where there is no etcd."""
    if shutil.which("etcd") is None:
        print("there is no etcd (Debian: etcd-server)")
        sys.exit(77)
    return built("discovery", preset)


class Writer(Load):
    """Writes keys, each once, at one daemon after the other; knows which were acknowledged."""

    def __init__(self, world, number):
        super().__init__(world)
        self.number, self.acknowledged, self.failed = number, {}, 0

    def work(self):
        ports = itertools.cycle(self.world.ports[self.number % 3:] + self.world.ports[:self.number % 3])
        for i in itertools.count():
            if self.ending.is_set():
                return
            key = f"w/{self.world.round}/{self.number}/{i}"
            try:
                answer = call(next(ports), "PUT", f"kv/{key}", key.encode())
            except OSError:
                self.failed += 1
                continue
            if answer.status == 200 and answer.body == "true":
                self.acknowledged[key] = time.monotonic()
            elif answer.status != 500:
                self.faults.append(f"a write of a new key was answered {answer.status} {answer.body!r}")
            else:
                self.failed += 1
                time.sleep(0.05)


class Watcher(Load):
    """Follows the keys of the round by blocking queries: at one daemon, or at whichever answers."""

    def __init__(self, world, ports):
        super().__init__(world)
        self.ports, self.index, self.seen, self.answers = ports, 0, set(), 0

    def work(self):
        ports = itertools.cycle(self.ports)
        port = next(ports)
        while not self.ending.is_set():
            try:
                answer = call(port, "GET", f"kv/w/{self.world.round}/?keys&wait=2s&index={self.index}", timeout=6)
            except OSError:
                port = next(ports)
                time.sleep(0.05)
                continue
            if answer.status not in (200, 404):
                if answer.status != 500:
                    self.faults.append(f"a watcher was answered {answer.status} {answer.body!r}")
                port = next(ports)
                time.sleep(0.05)
                continue
            index = int(answer.headers["X-Consul-Index"])
            if index < self.index:
                self.faults.append(f"the index went back from {self.index} to {index} at port {port}")
            self.index = index
            keys = set(answer.json()) if answer.status == 200 else set()
            if self.seen - keys:
                self.faults.append(f"{len(self.seen - keys)} keys that were there are not any more")
            self.seen = keys
            self.answers += 1

    def wait_for(self, keys):
        deadline = time.monotonic() + PATIENCE
        while keys - self.seen and time.monotonic() < deadline:
            time.sleep(0.02)
        return keys - self.seen


class Target(threading.Thread):
    """What a check looks at; knows when it was."""

    def __init__(self, address="127.0.0.1"):
        super().__init__(daemon=True)
        self.address = address
        self.listener = socket.create_server((address, 0))
        self.port, self.times = self.listener.getsockname()[1], []
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            self.times.append(time.monotonic())
            connection.close()

    def longest_gap(self, since, until):
        times = [since, *(t for t in list(self.times) if since < t < until), until]
        return max(b - a for a, b in zip(times, times[1:]))


class Cluster:
    """`ports`: of the three daemons."""

    def __init__(self, folder, ports):
        self.round, self.folder, self.ports = 0, folder, ports

    def register_targets(self, address="127.0.0.1"):
        """Services whose checks look at this process."""
        self.targets = [Target(address) for _ in range(4)]
        for i, target in enumerate(self.targets):
            check = {"CheckID": f"c{i}", "TCP": f"{address}:{target.port}", "Interval": "500ms"}
            answer = call(self.ports[i % 3], "PUT", "agent/service/register", json.dumps({"Name": "web", "ID": f"web{i}", "Port": i + 1, "Check": check}).encode())
            if answer.status != 200:
                sys.exit(f"cannot register: {answer.status} {answer.body}")

    def wait_ready(self):
        deadline = time.monotonic() + PATIENCE
        for port in self.ports:
            while not is_ready(port):
                if time.monotonic() > deadline:
                    sys.exit(f"the daemon at port {port} is not ready within {PATIENCE} s; see {self.folder}")
                time.sleep(0.05)


def rows_at(port, path):
    """A daemon that has just come back may say once more that it has no leader; that there is nothing is an answer."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = call(port, "GET", path, timeout=30)
        if answer.status in (200, 404):
            return answer.json() if answer.status == 200 else []
        if time.monotonic() > end:
            sys.exit(f"{path} at port {port}: {answer.status} {answer.body[:200]!r}")
        print(f"{path} at port {port}: {answer.status} {answer.body[:200]!r}, asked again", flush=True)
        time.sleep(0.1)


def play(world, what, fault):
    """One round, in the middle of which `fault()` does something and sets it right again. What went wrong."""
    world.round += 1
    writers = [Writer(world, n) for n in range(4)]
    watchers = [Watcher(world, [port]) for port in world.ports] + [Watcher(world, world.ports)]
    contenders = [Contender(world, n) for n in range(3)]
    began = time.monotonic()
    for load in writers + watchers + contenders:
        load.start()
    time.sleep(1)
    fault()
    time.sleep(2)
    world.wait_ready()
    for load in writers + contenders:
        load.ending.set()
    for load in writers + contenders:
        load.join(PATIENCE)
    acknowledged = {key for writer in writers for key in writer.acknowledged}
    missed = [watcher.wait_for(acknowledged) for watcher in watchers]
    ended = time.monotonic()
    for watcher in watchers:
        watcher.ending.set()
    for watcher in watchers:
        watcher.join(PATIENCE)
    faults = [text for load in writers + watchers + contenders for text in load.faults]
    faults += [f"{type(load).__name__} does not end" for load in writers + watchers + contenders if load.is_alive()]
    faults += [f"watcher {n} misses {len(keys)} of {len(acknowledged)} keys, e.g. {sorted(keys)[:3]}" for n, keys in enumerate(missed) if keys]
    for port in world.ports:
        rows = rows_at(port, f"kv/w/{world.round}/?recurse&consistent")
        kept = {row["Key"]: base64.b64decode(row["Value"]).decode() for row in rows}
        lost = [key for key in acknowledged if kept.get(key) != key]
        if lost:
            faults.append(f"{len(lost)} of {len(acknowledged)} acknowledged writes are lost at port {port}, e.g. {lost[:3]}")
    gaps = [target.longest_gap(began, ended) for target in world.targets]
    if max(gaps) > CHECK_GAP:
        faults.append(f"a check was not run for {max(gaps):.1f} s")
    double = overlaps([contender.held for contender in contenders])
    if double:
        faults.append(f"two held the lock at once: {double[:3]}")
    locks = sum(len(contender.held) for contender in contenders)
    print(f"round {world.round}: {what}; {len(acknowledged)} writes acknowledged, {sum(w.failed for w in writers)} failed; "
          f"{sum(w.answers for w in watchers)} answers to watchers; lock taken {locks} times; longest pause of a check {max(gaps):.1f} s", flush=True)
    if not acknowledged or not locks:
        faults.append("nothing was done in this round")
    return faults
