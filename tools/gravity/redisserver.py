"""A Redis of our own below var/, with one user per service that reaches only that service's keys."""

import hashlib
import shutil
import socket
from pathlib import Path

from . import derive_secrets
from .errors import UNFIT, Failure
from .manifest import Service, load_all
from .paths import Instance, store_user, write_private

DECLARED_PORT = 16379


class Redis:
    def __init__(self, instance: Instance):
        self.instance = instance
        self.data = instance.store_dir / "redis"
        self.socket_dir = instance.socket_dir / "redis"
        self.socket = self.socket_dir / "redis.sock"
        self.user = store_user()

    @property
    def port(self) -> int:
        return int(self.instance.state().get("redis_port", self.instance.port(DECLARED_PORT)))

    @property
    def config(self) -> Path:
        return self.data / "redis.conf"

    def command(self) -> list[str]:
        server = shutil.which("redis-server")
        if server is None:
            raise Failure("Redis is not installed.", "apt-get install redis-server", UNFIT)
        return [server, str(self.config)]

    def prepare(self, services: list[Service]) -> None:
        """Writes configuration and users. A running server takes over new users by `reload_users`."""
        for folder in (self.data, self.socket_dir):
            folder.mkdir(parents=True, exist_ok=True)
            self._give(folder)
        durable = any(s.store.redis_durable for s in load_all().values())
        lines = ["bind 127.0.0.1", f"port {self.port}", f"unixsocket {_quoted(self.socket)}", "unixsocketperm 700",
                 f"dir {_quoted(self.data)}", "daemonize no", "supervised no", 'logfile ""', "appendonly yes",
                 f"appendfsync {'always' if durable and not self.instance.test else 'everysec'}", 'save ""',
                 f"aclfile {_quoted(self.data / 'users.acl')}", "maxmemory-policy noeviction",
                 # A title is written over the environment, and with it goes the mark by which a crashed platform's Redis is found.
                 "set-proc-title no"]
        if self.instance.test:
            lines[lines.index("appendonly yes")] = "appendonly no"
        self._write(self.config, "# written by ./gravity at each start\n" + "\n".join(lines) + "\n")
        self._write(self.data / "users.acl", self._users(services))

    def _users(self, services: list[Service]) -> str:
        stores = derive_secrets.of_stores(self.instance)
        lines = [f"user default on #{_sha256(stores['REDIS_PASSWORD'])} ~* &* +@all",
                 # The bus: relays append to its streams, consumers read them, wherever their own keys are.
                 f"user events on #{_sha256(stores['EVENTS_PASSWORD'])} ~* &* +@all -@admin -@dangerous"]
        for service in services:
            if service.store.redis:
                secret = derive_secrets.of_service(self.instance, service)["REDIS_PASSWORD"]
                lines.append(f"user {service.name} on #{_sha256(secret)} ~{service.name}:* &* +@all -@admin -@dangerous +info +role")
        return "\n".join(lines) + "\n"

    def reload_users(self) -> None:
        answer = self.call("ACL", "LOAD")
        if answer != "OK":
            raise Failure(f"Redis refused its users: {answer}", "`./gravity logs redis` shows its log.")

    def _write(self, path: Path, text: str) -> None:
        if not path.exists() or path.read_text() != text:
            write_private(path, text)
        self._give(path)

    def _give(self, path: Path) -> None:
        if self.user:
            shutil.chown(path, self.user, self.user)

    def answers(self) -> bool:
        try:
            return self.call("PING") == "PONG"
        except OSError:
            return False

    def call(self, *command: str) -> str:
        """One command as the administrator; the answer's first line without its type sign. Errors come back as text."""
        password = derive_secrets.of_stores(self.instance)["REDIS_PASSWORD"]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket))
            with connection.makefile("rwb") as stream:
                for words in (("AUTH", password), command):
                    encoded = [word.encode() for word in words]
                    stream.write(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
                    stream.flush()
                    line = stream.readline().decode(errors="replace").strip()
                    if words[0] == "AUTH" and line != "+OK":
                        return line[1:]
                return line[1:]

    def url(self, user: str, password: str) -> str:
        return f"redis://{user}:{password}@127.0.0.1:{self.port}/0"

    def superuser_url(self) -> str:
        return self.url("default", derive_secrets.of_stores(self.instance)["REDIS_PASSWORD"])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _runs_here(instance: Instance) -> bool:
    """Whether a service that was chosen has it started; for the gateway alone nobody would."""
    services = load_all()
    chosen = (services[name] for name in instance.state().get("services", []) if name in services)
    return any(one.store.redis or (one.has_events and one.store.postgres) for one in chosen)


def environment(redis: Redis, service: Service) -> dict[str, str]:
    """What a service needs to reach its keys, and the bus if it has events."""
    result = {}
    if service.store.redis:
        result["REDIS_URL"] = redis.url(service.name, derive_secrets.of_service(redis.instance, service)["REDIS_PASSWORD"])
    if service.has_events and (service.store.postgres or _runs_here(redis.instance)):
        result["EVENTS_URL"] = redis.url("events", derive_secrets.of_stores(redis.instance)["EVENTS_PASSWORD"])
    return result
