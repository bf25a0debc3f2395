"""A durable PostgreSQL and a product-catalog of one's own, for the scripts that kill or measure them. Nothing that runs is touched."""

import base64
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
import urllib.request

ROOT = pathlib.Path(os.environ.get("GRAVITY_ROOT", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT / "tools"))


def binary(name, preset):
    return ROOT / "build" / preset / "bin" / f"gravity-{name}"


reserved = []  # sockets that hold a port's name for as long as this process lives


def free_port(kind=socket.SOCK_STREAM):
    """A loopback port on which nothing listens, and which no other test takes meanwhile: as testkit's `free_port` does it, and in agreement with it."""
    for port in random.sample(range(10_000, 18_000), 1000):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0gravity-test-port-{port}")
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            name.close()
            continue
        reserved.append(name)
        return port
    raise RuntimeError("no free port")


class Cluster:
    """A durable PostgreSQL: fsync is on, for that is what is being asked."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.prefix:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
            os.chmod(folder, 0o755)
        self.run("initdb", "-D", f"{folder}/data", "-U", "postgres", "--auth=trust", "--no-sync")
        self.start()
        self.database("catalog")

    def database(self, name):
        for sql in (f"create role {name}_app login", f"create role {name}_owner login", f"create database {name} owner {name}_owner"):
            self.sql(sql)

    def run(self, program, *arguments):
        subprocess.run([*self.prefix, str(self.bin / program), *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def start(self):
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o",
                 f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1", "start")

    def kill(self):
        """The postmaster and all its children at once, as a power cut would."""
        pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
        for victim in [pid, *map(int, children)]:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while pathlib.Path(f"/proc/{pid}").exists():
            time.sleep(0.01)

    def stop(self):
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")

    def url(self, role):
        return f"postgres://{role}@127.0.0.1:{self.port}/{role.rsplit('_', 1)[0]}"

    def sql(self, text, database="postgres"):
        return subprocess.run([str(self.bin / "psql"), "-qAt", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-c", text],
                              check=True, capture_output=True, text=True).stdout.strip()


class Redis:
    """Keeps what it has acknowledged, or nothing at all, over a kill."""

    def __init__(self, folder, keeps):
        self.port = free_port()
        self.command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--logfile", "redis.log",
                        "--appendonly", "yes" if keeps else "no", "--appendfsync", "always"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command)
        while self.cli("ping") != "PONG":
            time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def cli(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True).stdout.strip()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"


class Daemon:
    def __init__(self, program, cluster, folder, environment, database="catalog"):
        self.program = program
        self.port = int(environment.get("PORT") or free_port())
        self.log = open(folder / f"{database}.log", "ab")
        self.environment = {"PATH": os.environ["PATH"], "PORT": str(self.port), "DATABASE_URL": cluster.url(f"{database}_app"),
                            "MIGRATION_DATABASE_URL": cluster.url(f"{database}_owner"), **environment}
        self.start()

    def start(self):
        self.process = subprocess.Popen([str(self.program)], env=self.environment, stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait_ready(self, limit=60):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"the service is not ready again within {limit} s")


def wait_for(port, process):
    """Until the process listens on the port; ends the script if it ends before, or does not within a minute."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"nothing listens on {port}")


def signed_token(folder, collections=("products",), more=()):
    from gravity import tokens  # the launcher's own signer
    identity = tokens.Identity(types.SimpleNamespace(secrets_dir=folder))
    identity.ensure()
    return identity.token([*(f"{name}:admin" for name in collections), *more], lifetime=7200), tokens.environment(identity)


def project_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["project"]


class Workshop:
    """A folder with cluster, keys and daemon; gone at the end. `events`: also a Redis and a consumer of the daemon's events. `public`: the token's
    project is the one that everybody sees."""

    def __init__(self, preset, events=False, redis_keeps=True, settings=None, collections=("products",), public=False):
        self.settings, self.collections, self.public = settings or {}, collections, public
        self.program, self.consumer_program = binary("product-catalog", preset), ROOT / "build" / preset / "bin" / "chaos-counter"
        for program in [self.program] + ([self.consumer_program] if events else []):
            if not program.exists():
                print(f"{program} is not built")
                sys.exit(77)
        self.events, self.redis_keeps = events, redis_keeps
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-workshop-"))
        os.chmod(self.folder, 0o755)

    def __enter__(self):
        (self.folder / "pg").mkdir()
        self.cluster = Cluster(self.folder / "pg")
        self.token, environment = signed_token(self.folder, self.collections)
        environment = {**environment, **self.settings}
        if self.public:
            environment["CATALOG_PUBLIC_PROJECT"] = project_of(self.token)
        self.daemons = []
        if self.events:
            (self.folder / "redis").mkdir()
            self.redis = Redis(self.folder / "redis", self.redis_keeps)
            environment = {**environment, "EVENTS_URL": self.redis.url}
            self.cluster.database("counter")
            self.consumer = Daemon(self.consumer_program, self.cluster, self.folder, environment, "counter")
            self.daemons.append(self.consumer)
        self.daemon = Daemon(self.program, self.cluster, self.folder, environment)
        self.daemons.append(self.daemon)
        for daemon in self.daemons:
            daemon.wait_ready()
        return self

    def __exit__(self, *_):
        for daemon in self.daemons:
            daemon.kill()
        if self.events:
            self.redis.kill()
        self.cluster.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
