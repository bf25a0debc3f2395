#!/usr/bin/env python3
"""Three discovery daemons over three members of etcd; one after the other, each of the six is killed, and stopped for longer than its lease, under load:
no acknowledged write is lost, no watcher misses a change, no index goes back, checks go on within ten seconds, and a lock never has two holders
(judged from the history that all contenders recorded).

    tests/chaos/discovery_etcd.py [--rounds 30]"""

import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from chaos import Program, play_rounds  # noqa: E402
from discovery_load import NODE, Cluster, play, program_for_etcd  # noqa: E402
from throwaway import free_port  # noqa: E402


class World(Cluster):
    def __init__(self, folder, preset):
        program = program_for_etcd(preset)
        super().__init__(folder, [free_port() for _ in range(3)])
        clients, peers = [free_port() for _ in range(3)], [free_port() for _ in range(3)]
        cluster = ",".join(f"m{i}=http://127.0.0.1:{peers[i]}" for i in range(3))
        self.members = []
        for i in range(3):
            client, peer = f"http://127.0.0.1:{clients[i]}", f"http://127.0.0.1:{peers[i]}"
            self.members.append(Program(f"etcd{i}", [
                "etcd", "--name", f"m{i}", "--data-dir", str(folder / f"m{i}"), "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, "--max-txn-ops", "1024"], {}, folder))
        self.daemons = []
        for i in range(3):
            urls = [f"http://127.0.0.1:{port}" for port in clients[i:] + clients[:i]]
            self.daemons.append(Program(f"daemon{i}", [str(program)], {
                "PORT": str(self.ports[i]), "DISCOVERY_STORE_URL": ",".join(urls), "DISCOVERY_STORE_OPERATIONS": "1024", "DISCOVERY_NODE_NAME": NODE,
                "DISCOVERY_DATA_DIR": str(folder / f"d{i}"), "DISCOVERY_DNS_PORT": "0", "LISTEN_ADDRESS": "127.0.0.1", "DEREGISTER_DELAY_SECONDS": "0"}, folder))
        self.wait_ready()
        self.register_targets()

    def end(self):
        for program in self.daemons + self.members:
            if program.process.poll() is None:
                program.send(signal.SIGCONT)
                program.kill()


def suffer(victim, fault):
    if fault == "killed":
        victim.kill()
        time.sleep(2)
        victim.start()
    else:
        victim.send(signal.SIGSTOP)
        time.sleep(7)
        victim.send(signal.SIGCONT)


def turn(world, number):
    victims = [(victim, fault) for fault in ("killed", "stopped") for pair in zip(world.daemons, world.members) for victim in pair]
    # A short run has a daemon killed, a member stopped, a daemon stopped.
    order = [victims[0], victims[7], victims[8], *(victims[i] for i in (1, 2, 3, 4, 5, 6, 9, 10, 11))]
    victim, fault = order[number % len(order)]
    return play(world, f"{victim.name} {fault}", lambda: suffer(victim, fault))


play_rounds(__doc__, 3, World, turn)
