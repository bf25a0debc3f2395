#!/usr/bin/env python3
"""Operations that are larger than one transaction of etcd, and the daemon that carries them out killed (-9) in the middle: a deleted tree, a restored snapshot,
a node that goes with everything on it. Whatever anybody is shown at any daemon is what was before or what comes after; what was acknowledged stands; no index
goes back; others can write again within half a minute, whether the daemon comes back or not.

    tests/chaos/discovery_large.py [--rounds 30]"""

import json
import pathlib
import random
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from chaos import Load, Program, call, play_rounds  # noqa: E402
from discovery_load import NODE, Cluster, program_for_etcd  # noqa: E402
from throwaway import free_port  # noqa: E402

KEYS = 400  # each a write and a tombstone, where a transaction of etcd has 128 operations
INSTANCES = 40
WRITES_AGAIN = 30  # a lease, a new leader, and what is left to be done: seven seconds on a quiet machine


class World(Cluster):
    def __init__(self, folder, preset):
        program = program_for_etcd(preset)
        super().__init__(folder, [free_port() for _ in range(3)])
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.programs = [Program("etcd", [
            "etcd", "--data-dir", str(folder / "etcd"), "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"], {}, folder)]
        self.daemons = [Program(f"daemon{i}", [str(program)], {
            "PORT": str(port), "DISCOVERY_STORE_URL": client, "DISCOVERY_NODE_NAME": NODE, "DISCOVERY_DATA_DIR": str(folder / f"d{i}"),
            "DISCOVERY_DNS_PORT": "0", "LISTEN_ADDRESS": "127.0.0.1", "DEREGISTER_DELAY_SECONDS": "0"}, folder) for i, port in enumerate(self.ports)]
        self.programs += self.daemons
        self.wait_ready()
        self.takes = {}  # kind of operation -> seconds, undisturbed

    def end(self):
        for program in self.programs:
            program.kill()


def do(port, method, path, body=None):
    answer = call(port, method, path, body if body is None or isinstance(body, bytes) else json.dumps(body).encode(), timeout=60)
    if answer.status != 200:
        sys.exit(f"{method} {path}: {answer.status} {answer.body[:200]}")
    return answer


def raw(port, path):
    """As bytes: the archive is compressed."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return answer.read()


def plant(port, tree):
    for first in range(0, KEYS, 50):
        do(port, "PUT", "txn", [{"KV": {"Verb": "set", "Key": f"{tree}/{i}", "Value": "dg=="}} for i in range(first, first + 50)])


def size(port, tree, how):
    answer = call(port, "GET", f"kv/{tree}/?keys&{how}", timeout=30)
    return 0 if answer.status == 404 else len(answer.json())


def deletion(port, name):
    """What is asked, and what is seen of it: before and after."""
    plant(port, name)
    return ("DELETE", f"kv/{name}/?recurse", None), lambda at, how: size(at, name, how), [KEYS, 0]


def restoration(port, name):
    plant(port, f"{name}-a")
    snapshot = raw(port, "/v1/snapshot")
    do(port, "DELETE", f"kv/{name}-a/?recurse")
    plant(port, f"{name}-b")

    def seen(at, how):
        answer = call(at, "GET", f"kv/{name}-?keys&{how}", timeout=30)
        keys = answer.json() if answer.status == 200 else []
        return [sum(key.startswith(f"{name}-{tree}/") for key in keys) for tree in "ab"]

    return ("PUT", "snapshot", snapshot), seen, [[0, KEYS], [KEYS, 0]]


def purge(port, name):
    for i in range(INSTANCES):
        do(port, "PUT", "catalog/register", {"Node": name, "Address": "10.0.0.1", "Service": {"ID": f"s{i}", "Service": "web", "Port": i + 1},
                                             "Check": {"CheckID": f"c{i}", "ServiceID": f"s{i}", "Name": "c", "Status": "passing"}})

    def seen(at, how):
        answer = call(at, "GET", f"catalog/node-services/{name}?{how}", timeout=30)
        return len((answer.json() or {}).get("Services") or [])

    return ("PUT", "catalog/deregister", json.dumps({"Node": name}).encode()), seen, [INSTANCES, 0]


class Watcher(Load):
    """What one daemon shows as time goes by."""

    def __init__(self, world, port, seen, states):
        super().__init__(world)
        self.port, self.look, self.states, self.index, self.looks = port, seen, states, 0, 0

    def work(self):
        while not self.ending.is_set():
            try:
                state = self.look(self.port, "stale")
                index = int(call(self.port, "GET", "kv/?keys&stale", timeout=30).headers["X-Consul-Index"])
            except OSError:
                time.sleep(0.02)
                continue
            self.looks += 1
            if state not in self.states:
                self.faults.append(f"port {self.port} shows {state}, neither of {self.states}")
            if index < self.index:
                self.faults.append(f"the index at port {self.port} went back from {self.index} to {index}")
            self.index = index


class Asker(threading.Thread):
    def __init__(self, port, request):
        super().__init__(daemon=True)
        self.port, self.request, self.answer, self.took = port, request, None, 0.0
        self.start()

    def run(self):
        began = time.monotonic()
        try:
            self.answer = call(self.port, *self.request, timeout=60)
        except OSError:
            pass  # it was killed
        self.took = time.monotonic() - began


def play(world, number):
    world.round += 1
    make = (deletion, restoration, purge)[number % 3]
    victim = number // 3 % 3
    others = [port for i, port in enumerate(world.ports) if i != victim]
    if make not in world.takes:  # how long it takes when nobody dies
        request, _, _ = make(others[0], f"{make.__name__}-0")
        asker = Asker(world.ports[victim], request)
        asker.join()
        if asker.answer is None or asker.answer.status != 200:
            return [f"undisturbed, a {make.__name__} is answered {asker.answer and (asker.answer.status, asker.answer.body[:200])}"]
        world.takes[make] = asker.took
    request, seen, states = make(others[0], f"{make.__name__}-{world.round}")
    watchers = [Watcher(world, port, seen, states) for port in world.ports]
    for port in world.ports:
        seen(port, "consistent")  # all know what was made
    for watcher in watchers:
        watcher.start()
    asker = Asker(world.ports[victim], request)
    moment = random.uniform(0, world.takes[make] * 1.1)
    time.sleep(moment)
    world.daemons[victim].kill()
    killed = time.monotonic()
    written = None
    while written is None and time.monotonic() < killed + 60:
        answer = call(others[0], "PUT", "kv/again", str(world.round).encode(), timeout=60)
        written = time.monotonic() - killed if answer.body == "true" else None
    asker.join()
    states_seen = {json.dumps(seen(port, "consistent")) for port in others}
    world.daemons[victim].start()
    world.wait_ready()
    states_seen.add(json.dumps(seen(world.ports[victim], "consistent")))
    for watcher in watchers:
        watcher.ending.set()
    for watcher in watchers:
        watcher.join(60)
    faults = [text for watcher in watchers for text in watcher.faults]
    if written is None or written > WRITES_AGAIN:
        faults.append(f"others could write again after {written} s")
    if len(states_seen) != 1:
        faults.append(f"the daemons show different states: {states_seen}")
    acknowledged = asker.answer is not None and asker.answer.status == 200
    done = states_seen == {json.dumps(states[1])}
    if acknowledged and not done:
        faults.append(f"a {make.__name__} was acknowledged, and the state is {states_seen}")
    print(f"round {world.round}: {make.__name__}, killed after {moment * 1000:.0f} of {world.takes[make] * 1000:.0f} ms: "
          f"{'acknowledged' if acknowledged else 'no answer'}, {'done' if done else 'nothing done'}; others wrote again after {written or 0:.1f} s; "
          f"{sum(watcher.looks for watcher in watchers)} looks", flush=True)
    return faults


play_rounds(__doc__, 3, World, play)
