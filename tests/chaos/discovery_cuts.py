#!/usr/bin/env python3
"""Three discovery daemons over three members of etcd, each of the six with a network of its own; one after the other they are cut off under load, or made
deaf (what they say arrives, what they are told does not). Clients still reach a daemon that is cut off from etcd: it must not pretend. No acknowledged write
is lost, no watcher misses a change, no index goes back, checks go on within ten seconds, and a lock never has two holders (judged from the history that all
contenders recorded).

    tests/chaos/discovery_cuts.py [--rounds 30]         (in network namespaces that nobody else sees: root, or user namespaces; Debian: iproute2)"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from chaos import Program, call, play_rounds  # noqa: E402
from discovery_load import NODE, Cluster, play, program_for_etcd  # noqa: E402

ALONE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
ALONE += [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
CUT = 8  # seconds: longer than a lease, and than what a daemon knows counts as the state of things


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Machine:
    """A network namespace, with a cable to each of the switches that it is on."""

    def __init__(self, name, **addresses):
        self.name = name
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        for switch, address in addresses.items():
            ip("link", "add", f"{name}-{switch}", "type", "veth", "peer", "name", switch, "netns", name)
            ip("-n", name, "addr", "add", f"{address}/24", "dev", switch)
            ip("-n", name, "link", "set", switch, "up")
            ip("link", "set", f"{name}-{switch}", "master", switch, "up")

    def command(self, *words):
        return ["ip", "netns", "exec", self.name, *words]

    def begin(self, fault):
        """Of its cable to etcd's switch."""
        cable = f"{self.name}-etcd"
        if fault == "cut off":
            ip("link", "set", cable, "nomaster")
        else:  # what goes towards it is dropped
            subprocess.run(["tc", "qdisc", "add", "dev", cable, "root", "pfifo", "limit", "0"], check=True)

    def end(self, fault):
        cable = f"{self.name}-etcd"
        if fault == "cut off":
            ip("link", "set", cable, "master", "etcd")
        else:
            subprocess.run(["tc", "qdisc", "del", "dev", cable, "root"], check=True)


def pretences(port):
    """Of a daemon that has not heard of etcd for longer than what it knows counts as the state of things."""
    written = call(port, "PUT", "kv/pretence", b"x", timeout=20)
    read, stale = call(port, "GET", "kv/pretence"), call(port, "GET", "catalog/nodes?stale")
    if written.status != 500 or read.status != 500:
        yield f"a daemon that is cut off answers a write {written.status}, a read {read.status}"
    if stale.status != 200 or stale.headers["X-Consul-KnownLeader"] != "false":
        yield f"a daemon that is cut off answers a stale read {stale.status}, leader known: {stale.headers['X-Consul-KnownLeader']}"


def make_switches():
    # Names of namespaces are kept in a folder that others must not see.
    os.makedirs("/run/netns", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True, capture_output=True)
    ip("link", "set", "lo", "up")
    for switch in ("clients", "etcd"):
        ip("link", "add", switch, "type", "bridge")
        ip("link", "set", switch, "up")
    ip("addr", "add", "10.77.1.1/24", "dev", "clients")


class World(Cluster):
    def __init__(self, folder, preset):
        program = program_for_etcd(preset)
        make_switches()
        super().__init__(folder, [(f"10.77.1.{10 + i}", 8500) for i in range(3)])
        self.machines = [Machine(f"daemon{i}", clients=f"10.77.1.{10 + i}", etcd=f"10.77.2.{10 + i}") for i in range(3)]
        self.machines += [Machine(f"member{i}", etcd=f"10.77.2.{20 + i}") for i in range(3)]
        members = [f"10.77.2.{20 + i}" for i in range(3)]
        cluster = ",".join(f"m{i}=http://{address}:2380" for i, address in enumerate(members))
        self.programs = []
        for i, address in enumerate(members):
            client, peer = f"http://{address}:2379", f"http://{address}:2380"
            self.programs.append(Program(f"etcd{i}", self.machines[3 + i].command(
                "etcd", "--name", f"m{i}", "--data-dir", str(folder / f"m{i}"), "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, "--max-txn-ops", "1024"), {}, folder))
        for i in range(3):
            urls = [f"http://{address}:2379" for address in members[i:] + members[:i]]
            self.programs.append(Program(f"daemon{i}", self.machines[i].command(str(program)), {
                "PORT": "8500", "DISCOVERY_STORE_URL": ",".join(urls), "DISCOVERY_STORE_OPERATIONS": "1024", "DISCOVERY_NODE_NAME": NODE,
                "DISCOVERY_DATA_DIR": str(folder / f"d{i}"), "DISCOVERY_DNS_PORT": "0", "LISTEN_ADDRESS": self.ports[i][0],
                "DEREGISTER_DELAY_SECONDS": "0"}, folder))
        self.wait_ready()
        self.register_targets("10.77.1.1")

    def end(self):
        for program in self.programs:
            program.kill()


def turn(world, number):
    victims = [(machine, fault) for fault in ("cut off", "deaf") for pair in zip(world.machines[:3], world.machines[3:]) for machine in pair]
    # A short run has a daemon cut off, a member cut off, a daemon deaf.
    order = [victims[0], victims[3], victims[8], *(victims[i] for i in (1, 2, 4, 5, 6, 7, 9, 10, 11))]
    machine, fault = order[number % len(order)]
    daemon = world.machines.index(machine) if machine in world.machines[:3] else None
    faults = []

    def suffer():
        machine.begin(fault)
        time.sleep(CUT)
        if daemon is not None:
            faults.extend(pretences(world.ports[daemon]))
        machine.end(fault)

    more = play(world, f"{machine.name} {fault}", suffer)
    return faults + more


def is_permitted():
    probe = "mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip netns add probe && ip link add probe type veth peer name probe2 netns probe"
    return shutil.which("ip") and shutil.which("unshare") and subprocess.run([*ALONE, "sh", "-c", probe], capture_output=True).returncode == 0


if os.environ.get("GRAVITY_NETWORK_ALONE"):
    play_rounds(__doc__, 3, World, turn)
elif not is_permitted():
    print("network namespaces are not permitted here, or there is no ip (Debian: iproute2)")
    sys.exit(77)
else:
    os.execvpe(ALONE[0], [*ALONE, sys.executable, *sys.argv], {**os.environ, "GRAVITY_NETWORK_ALONE": "1"})
