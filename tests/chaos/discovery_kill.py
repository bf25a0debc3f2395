#!/usr/bin/env python3
"""kill -9 of a discovery daemon that is alone, under 64 writers, again and again, sometimes once more while it starts: new keys, transactions, compare-and-set,
locks with sessions, registrations with checks, trees that are deleted, large values. After each round, from what everybody recorded:

  - what was acknowledged is there, as it was; what had no answer is there whole or not at all, and stays so;
  - an index belongs to one command for ever, is the higher the later the command, and never goes back;
  - whatever a watcher was shown is there, watchers see every change, and those of what nobody touches sleep on;
  - a lock never has two holders, and sessions live through it.

    tests/chaos/discovery_kill.py [--rounds 50]"""

import base64
import collections
import itertools
import json
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from chaos import Contender, Load, Program, built, call, is_ready, overlaps, play_rounds  # noqa: E402
from throwaway import free_port  # noqa: E402

PATIENCE = 60
NODE = "alone"


class Writer(Load):
    """Sends commands one after the other. Each is `named`; its outcome is known when it is answered."""

    def __init__(self, world, number):
        super().__init__(world)
        self.number, self.acknowledged, self.unknown = number, 0, 0

    def work(self):
        for i in itertools.count():
            if self.ending.is_set():
                return
            self.step(i)

    def send(self, method, path, body=None):
        """The answer of a daemon; None if nobody knows what became of it."""
        try:
            answer = call(self.world.port, method, path, body)
        except OSError:
            self.unknown += method != "GET"
            time.sleep(0.02)
            return None
        if answer.status == 200 and method != "GET":
            self.acknowledged += 1
        return answer

    def unexpected(self, what, answer):
        self.faults.append(f"{what} was answered {answer.status} {answer.body!r}")

    def named(self, i):
        return f"{self.world.round}/{self.number}/{i}"

    def transaction(self, operations):
        return self.send("PUT", "txn", json.dumps([{"KV": one} for one in operations]).encode())


def kv(verb, key, value=None, **more):
    return {"Verb": verb, "Key": key, **({} if value is None else {"Value": base64.b64encode(value.encode()).decode()}), **more}


class Keys(Writer):
    """New keys, each once."""

    def step(self, i):
        key = "w/" + self.named(i)
        answer = self.send("PUT", f"kv/{key}", key.encode())
        if answer is None:
            self.world.rows.maybe(key, key)
        elif answer.status == 200 and answer.body == "true":
            self.world.rows.written(key, key)
        else:
            self.unexpected("the write of a new key", answer)


class Transactions(Writer):
    """Five keys at once; of every fifth the last operation does not hold."""

    def step(self, i):
        name = "t/" + self.named(i)
        keys = [f"{name}/{part}" for part in range(5)]
        void = i % 5 == 4
        answer = self.transaction([kv("set", key, name) for key in keys] + ([kv("check-index", keys[0], Index=1)] if void else []))
        self.world.rows.group(keys)
        if answer is None:
            if not void:
                self.world.rows.maybe_all(keys, name)
        elif answer.status == (409 if void else 200):
            if not void:
                self.world.rows.written_all(keys, name)
        else:
            self.unexpected("a transaction", answer)


class Trees(Writer):
    """Three keys at once, and then all of them are deleted."""

    def step(self, i):
        name = "d/" + self.named(i)
        keys = [f"{name}/{part}" for part in "abc"]
        rows = self.world.rows
        answer = self.transaction([kv("set", key, name) for key in keys])
        rows.group(keys)
        if answer is None:
            return rows.maybe_all(keys, name)
        if answer.status != 200:
            return self.unexpected("a transaction", answer)
        answer = self.send("DELETE", f"kv/{name}/?recurse")
        if answer is None:
            return rows.maybe_all(keys, name)
        if answer.status != 200:
            return self.unexpected("the deletion of a tree", answer)


class Counters(Writer):
    """Several count on one key by compare-and-set: each number is one writer's, for everybody and for ever."""

    def step(self, i):
        key = f"c/{self.number % 2}"
        history = self.world.counts[key]
        floor = history.highest
        answer = self.send("GET", f"kv/{key}")
        if answer is None:
            return
        if answer.status not in (200, 404):
            return self.unexpected("a read", answer)
        count, index = 0, 0
        if answer.status == 200:
            row = answer.json()[0]
            index, (number, name) = row["ModifyIndex"], base64.b64decode(row["Value"]).decode().split(" ")
            count = int(number)
            self.faults += history.saw(count, name)
        if count < floor:
            self.faults.append(f"{key} went back from {floor} to {count}")
        name = self.named(i)
        answer = self.send("PUT", f"kv/{key}?cas={index}", f"{count + 1} {name}".encode())
        if answer is None:
            return
        if answer.status != 200:
            return self.unexpected("a compare-and-set", answer)
        if answer.body == "true":
            self.faults += history.saw(count + 1, name)


class Counts:
    def __init__(self):
        self.lock, self.of, self.highest = threading.Lock(), {}, 0

    def saw(self, number, name):
        with self.lock:
            known = self.of.setdefault(number, name)
            self.highest = max(self.highest, number)
        return [] if known == name else [f"{number} is counted by {known} and by {name}"]


class Registrations(Writer):
    """An instance with a check; of three one turns critical and one is deregistered."""

    def step(self, i):
        identity = "i-" + self.named(i).replace("/", "-")
        body = {"Name": f"svc-{self.world.round}-{self.number}", "ID": identity, "Port": 1 + i % 60000, "Check": {"TTL": "10h", "Status": "passing"}}
        instances = self.world.instances
        instances[identity] = {None, "passing"}  # what may be true of it
        answer = self.send("PUT", "agent/service/register", json.dumps(body).encode())
        if answer is None:
            return
        if answer.status != 200:
            return self.unexpected("a registration", answer)
        instances[identity] = {"passing"}
        if i % 3 == 0:
            return
        after = "critical" if i % 3 == 1 else None
        instances[identity] = {"passing", after}
        answer = self.send("PUT", f"agent/check/fail/service:{identity}" if after else f"agent/service/deregister/{identity}")
        if answer is None:
            return
        if answer.status != 200:
            return self.unexpected("a change of an instance", answer)
        instances[identity] = {after}


class Large(Writer):
    """One value of 24 KiB, again and again: never an earlier one, and never a part."""

    def step(self, i):
        number = self.world.large[self.number] + 1
        self.world.large_sent[self.number] = number
        answer = self.send("PUT", f"kv/big/{self.number}", large(number))
        if answer is None:
            return
        if answer.status != 200 or answer.body != "true":
            return self.unexpected("a write", answer)
        self.world.large[self.number] = number


def large(number):
    return f"{number:012}".encode() * 2048


class Holder(Contender):
    """Takes one of two locks. Its session must live through everything; while it holds, the lock is its own and has an index of its own."""

    session_ttl = 40

    def __init__(self, world, number):
        super().__init__(world, number, f"lock/{number % 2}")
        self.sequencers = []

    def session_ended(self):
        self.faults.append("a session that was acknowledged, and renewed in time, is gone")

    def look(self, port):
        try:
            row = call(port, "GET", f"kv/{self.key}").json()[0]
        except OSError:
            return
        if row.get("Session") != self.session:
            self.faults.append(f"{self.key} was given to {self.session} and is held by {row.get('Session')}")
        self.sequencers.append((time.monotonic(), row["LockIndex"]))


class Watcher(Load):
    """A blocking query, again and again, through all restarts."""

    def __init__(self, world, path):
        super().__init__(world)
        self.path, self.index, self.answers = path, 0, 0

    def work(self):
        mark = "&" if "?" in self.path else "?"
        while not self.ending.is_set():
            try:
                answer = call(self.world.port, "GET", f"{self.path}{mark}wait={self.patience}s&index={self.index}", timeout=90)
            except OSError:
                time.sleep(0.02)
                continue
            if answer.status not in (200, 404):
                self.faults.append(f"a watcher of {self.path} was answered {answer.status} {answer.body!r}")
                return
            index = int(answer.headers["X-Consul-Index"])
            if index < self.index:
                self.faults.append(f"the index of {self.path} went back from {self.index} to {index}")
            self.index = index
            self.answers += 1
            self.shown(answer.json() if answer.status == 200 else [])

    patience = 2


class KeysWatcher(Watcher):
    """Of keys that are only ever written."""

    def __init__(self, world):
        super().__init__(world, f"kv/w/{world.round}/?keys")
        self.seen = set()

    def shown(self, keys):
        if self.seen - set(keys):
            self.faults.append(f"{len(self.seen - set(keys))} keys that were shown are gone")
        self.seen = set(keys)

    def wait_for(self, keys, deadline):
        while keys - self.seen and time.monotonic() < deadline:
            time.sleep(0.02)
        return keys - self.seen


class GroupsWatcher(Watcher):
    """Of keys that are written five at a time: all of them are seen at once, with one index, which they keep."""

    def __init__(self, world):
        super().__init__(world, f"kv/t/{world.round}/?recurse")
        self.seen = {}

    def shown(self, rows):
        groups = collections.defaultdict(list)
        for row in rows:
            groups[base64.b64decode(row["Value"]).decode()].append(row["ModifyIndex"])
        torn = [name for name, indexes in groups.items() if len(indexes) != 5 or len(set(indexes)) != 1]
        moved = [name for name, index in self.seen.items() if name not in groups or groups[name][0] != index]
        if torn or moved:
            self.faults.append(f"transactions are shown in parts: {torn[:3]}; are gone or have another index: {moved[:3]}")
        self.seen = {name: indexes[0] for name, indexes in groups.items()}


class LargeWatcher(Watcher):
    def __init__(self, world, number):
        super().__init__(world, f"kv/big/{number}")
        self.last = 0

    def shown(self, rows):
        if not rows and self.last == 0:
            return
        value = base64.b64decode(rows[0]["Value"]) if rows else b"0"
        number = int(value[:12])
        if value != large(number) or number < self.last:
            self.faults.append(f"{self.path} shows {number} in {len(value)} bytes after {self.last}")
        self.last = number


class InstancesWatcher(Watcher):
    """Instances are shown with their check or not at all."""

    def __init__(self, world, number):
        super().__init__(world, f"health/service/svc-{world.round}-{number}")

    def shown(self, entries):
        bare = [e["Service"]["ID"] for e in entries if f"service:{e['Service']['ID']}" not in [check["CheckID"] for check in e["Checks"]]]
        if bare:
            self.faults.append(f"instances are shown without their check: {bare[:3]}")


class Sleeper(Watcher):
    """Watches what nobody touches: answered at first, and once by each new process, which does not know what happened before it."""

    patience = 60

    def shown(self, rows):
        if rows:
            self.faults.append(f"{self.path} is there: {rows[:2]}")


class Rows:
    """What keys must be there, what may be, and what belongs together; and which index is whose."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sure, self.open, self.groups, self.indexes, self.commands = {}, {}, [], {}, {}

    def written(self, key, value):
        self.written_all([key], value)

    def written_all(self, keys, value):
        with self.lock:
            self.sure.update(dict.fromkeys(keys, value))

    def maybe(self, key, value):
        self.maybe_all([key], value)

    def maybe_all(self, keys, value):
        with self.lock:
            for key in keys:
                self.sure.pop(key, None)
            self.open.update(dict.fromkeys(keys, value))

    def group(self, keys):
        with self.lock:
            self.groups.append(keys)

    def belongs(self, index, command):
        """An index and its command belong to each other, whoever looks, whenever."""
        faults = []
        if self.indexes.setdefault(index, command) != command:
            faults.append(f"index {index} is that of {self.indexes[index]} and of {command}")
        if self.commands.setdefault(command, index) != index:
            faults.append(f"{command} had index {self.commands[command]} and has {index}")
        return faults

    def judge(self, found):
        """`found`: key -> (value, index). What is open is decided by it, once and for all."""
        faults = []
        lost = [key for key, value in self.sure.items() if key not in found or found[key][0] != value]
        if lost:
            faults.append(f"{len(lost)} of {len(self.sure)} acknowledged rows are lost or changed, e.g. {lost[:3]}")
        foreign = [key for key, (value, _) in found.items() if self.sure.get(key, self.open.get(key)) != value]
        if foreign:
            faults.append(f"{len(foreign)} rows are there that should not be, e.g. {foreign[:3]}")
        for keys in self.groups:
            there = [found[key][1] for key in keys if key in found]
            if len(there) not in (0, len(keys)) or len(set(there)) > 1:
                faults.append(f"of {keys} there are {there}")
        for value, index in set(found.values()):
            faults += self.belongs(index, value)
        decided = len(set(self.open) & set(found)), len(set(self.open) - set(found))
        self.sure = {key: value for key, (value, _) in found.items()}
        self.open, self.groups = {}, []
        return faults, decided


class World:
    def __init__(self, folder, preset):
        program = built("discovery", preset)
        self.folder, self.port, self.round = folder, free_port(), 0
        self.ports = [self.port]
        self.rows, self.instances, self.counts = Rows(), {}, {"c/0": Counts(), "c/1": Counts()}
        self.large, self.large_sent = collections.Counter(), collections.Counter()
        self.sequencers = collections.defaultdict(list)  # of each lock: (when, which)
        self.highest = 0
        self.daemon = Program("discovery", [str(program)], {
            "PORT": str(self.port), "DISCOVERY_NODE_NAME": NODE, "DISCOVERY_DATA_DIR": str(folder / "data"), "DISCOVERY_DNS_PORT": "0",
            "LISTEN_ADDRESS": "127.0.0.1", "DEREGISTER_DELAY_SECONDS": "0"}, folder)
        self.wait_ready()

    def wait_ready(self):
        deadline = time.monotonic() + PATIENCE
        while not is_ready(self.port):
            if self.daemon.process.poll() is not None:
                sys.exit(f"the daemon ended with {self.daemon.process.returncode}; see {self.folder}")
            if time.monotonic() > deadline:
                sys.exit(f"the daemon is not ready within {PATIENCE} s; see {self.folder}")
            time.sleep(0.01)

    def get(self, path):
        answer = call(self.port, "GET", path, timeout=PATIENCE)
        if answer.status not in (200, 404):
            sys.exit(f"{path} was answered {answer.status} {answer.body}")
        return answer

    def judge(self):
        """Everything that the daemon holds against everything that anybody recorded."""
        found, faults, highest = {}, [], 0
        for prefix in ("w/", "t/", "d/"):
            answer = self.get(f"kv/{prefix}?recurse")
            for row in answer.json() if answer.status == 200 else []:
                found[row["Key"]] = (base64.b64decode(row["Value"]).decode(), row["ModifyIndex"])
        more, decided = self.rows.judge(found)
        faults += more
        faults += later_is_higher(found)
        for key, history in self.counts.items():
            answer = self.get(f"kv/{key}")
            if answer.status == 404:
                if history.highest > 0:
                    faults.append(f"{key} is lost")
                continue
            number, name = base64.b64decode(answer.json()[0]["Value"]).decode().split(" ")
            faults += history.saw(int(number), name)
            if int(number) < history.highest:
                faults.append(f"{key} is {number} after {history.highest}")
            faults += self.rows.belongs(answer.json()[0]["ModifyIndex"], f"{key} {number}")
        for number, sent in self.large_sent.items():
            answer = self.get(f"kv/big/{number}")
            kept = base64.b64decode(answer.json()[0]["Value"]) if answer.status == 200 else b"0"
            if kept != (large(int(kept[:12])) if int(kept[:12]) else b"0") or not self.large[number] <= int(kept[:12]) <= sent:
                faults.append(f"big/{number} is {int(kept[:12])} in {len(kept)} bytes, was acknowledged to {self.large[number]} and sent to {sent}")
            self.large[number] = int(kept[:12])
        faults += self.judge_instances()
        answer = self.get("catalog/services")
        highest = max([int(answer.headers["X-Consul-Index"]), *(index for _, index in found.values())])
        if int(self.get("kv/?keys").headers["X-Consul-Index"]) < max((index for _, index in found.values()), default=0):
            faults.append("the index of all keys is below that of one of them")
        if highest < self.highest:
            faults.append(f"the index of everything went back from {self.highest} to {highest}")
        self.highest = highest
        return faults, decided

    def judge_instances(self):
        faults = []
        services = {row["ID"]: row for row in self.get(f"catalog/node-services/{NODE}").json()["Services"] if row["ID"].startswith("i-")}
        checks = {row["ServiceID"]: row for row in self.get(f"health/node/{NODE}").json() if row["ServiceID"].startswith("i-")}
        if services.keys() != checks.keys():
            faults.append(f"instances without their check, or checks without their instance: {list(services.keys() ^ checks.keys())[:3]}")
        for identity, row in services.items():
            faults += self.rows.belongs(row["ModifyIndex"], f"registration of {identity}")
        for identity in services.keys() | self.instances.keys():
            state = checks[identity]["Status"] if identity in checks else None
            if state not in self.instances.get(identity, ()):
                faults.append(f"{identity} is {state}, which it can not be: {self.instances.get(identity)}")
            self.instances[identity] = {state}
        return faults

    def end(self):
        if self.daemon.process.poll() is None:
            self.daemon.kill()


def later_is_higher(found):
    """Of one writer's keys, which were written one after the other."""
    faults, last = [], {}
    for key, (_, index) in sorted(((k, v) for k, v in found.items() if k.startswith("w/")), key=lambda item: [int(part) for part in item[0][2:].split("/")]):
        number, writer, _ = key[2:].split("/")
        if index <= last.get((number, writer), 0):
            faults.append(f"{key} has index {index}, the one before it {last[number, writer]}")
        last[number, writer] = index
    return faults


def play(world, again):
    """One round. `again`: how often it is killed once more, in its start."""
    world.round += 1
    kinds = [Keys] * 24 + [Transactions] * 8 + [Counters] * 8 + [Registrations] * 8 + [Trees] * 4 + [Large] * 4
    writers = [kind(world, n) for n, kind in enumerate(kinds)]
    holders = [Holder(world, n) for n in range(8)]
    keys = [KeysWatcher(world), KeysWatcher(world)]
    sleepers = [Sleeper(world, f"kv/quiet/{world.round}"), Sleeper(world, f"health/service/quiet-{world.round}")]
    watchers = [*keys, *sleepers, GroupsWatcher(world), LargeWatcher(world, len(writers) - 1), InstancesWatcher(world, kinds.index(Registrations))]
    for load in watchers + holders + writers:
        load.start()
    time.sleep(random.uniform(0.3, 1.2))
    world.daemon.kill()
    for _ in range(again):
        world.daemon.start()
        time.sleep(random.uniform(0, 0.3))
        world.daemon.kill()
    world.daemon.start()
    world.wait_ready()
    time.sleep(random.uniform(0.2, 0.5))
    for load in writers + holders:
        load.ending.set()
    for load in writers + holders:
        load.join(PATIENCE)
    acknowledged = {key for key in list(world.rows.sure) if key.startswith(f"w/{world.round}/")}
    deadline = time.monotonic() + PATIENCE
    all_missed = [one.wait_for(acknowledged, deadline) for one in keys]
    faults = [f"a watcher misses {len(missed)} of {len(acknowledged)} keys, e.g. {sorted(missed)[:3]}" for missed in all_missed if missed]
    for watcher in watchers:
        watcher.ending.set()
    for watcher in watchers:
        if watcher not in sleepers:
            watcher.join(PATIENCE)
    faults += [f"{one.path} woke its watcher {one.answers} times" for one in sleepers if one.answers > 2 + again]
    faults += [fault for load in writers + holders + watchers for fault in load.faults]
    faults += [f"{type(load).__name__} does not end" for load in writers + holders + watchers if load.is_alive() and load not in sleepers]
    locks = 0
    for lock in (0, 1):
        mine = [holder for holder in holders if holder.number % 2 == lock]
        double = overlaps([holder.held for holder in mine])
        if double:
            faults.append(f"two held the lock at once: {double[:3]}")
        taken = sorted(sequencer for holder in mine for sequencer in holder.sequencers)
        world.sequencers[lock] += taken
        if any(b[1] <= a[1] for a, b in zip(world.sequencers[lock], world.sequencers[lock][1:])):
            faults.append(f"a sequencer of lock {lock} does not grow: {[one for _, one in world.sequencers[lock]][-20:]}")
        locks += sum(len(holder.held) for holder in mine)
    more, (there, not_there) = world.judge()
    print(f"round {world.round}: killed {1 + again} times; {sum(w.acknowledged for w in writers)} commands acknowledged, {sum(w.unknown for w in writers)} unanswered "
          f"({there} of their keys there, {not_there} not); lock taken {locks} times; {sum(w.answers for w in watchers)} answers to watchers; index {world.highest}", flush=True)
    if not acknowledged or not locks:
        faults.append("nothing was done in this round")
    for holder in holders:
        if holder.session is not None:
            call(world.port, "PUT", f"session/destroy/{holder.session}")
    return faults + more


play_rounds(__doc__, 5, World, lambda world, number: play(world, again=number % 3))
