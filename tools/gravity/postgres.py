"""A PostgreSQL cluster of our own below var/: made, configured, and given one database and two roles per service."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from urllib.parse import quote

from . import derive_secrets, manifest, processes
from .errors import UNFIT, Failure
from .manifest import Service
from .paths import Instance, store_user, write_private

SUPERUSER = "postgres"
INSTALLED = Path("/usr/lib/postgresql")  # Debian keeps every major version's programs apart
DECLARED_PORT = 15432


def installed() -> dict[int, Path]:
    """Major versions on this machine, with the folders of their programs."""
    found = {int(path.parent.parent.name): path.parent for path in INSTALLED.glob("*/bin/initdb") if path.parent.parent.name.isdigit()}
    if not found:
        raise Failure("PostgreSQL is not installed.", "apt-get install postgresql", UNFIT)
    return found


class Postgres:
    def __init__(self, instance: Instance):
        self.instance = instance
        self.data = instance.store_dir / "postgres"
        self.socket_dir = instance.socket_dir / "pg"
        self.user = store_user()

    @property
    def port(self) -> int:
        return int(self.instance.state().get("postgres_port", self.instance.port(DECLARED_PORT)))

    def major(self) -> int | None:
        """Of the cluster; None if there is none yet."""
        version_file = self.data / "PG_VERSION"
        return int(version_file.read_text().split(".")[0]) if version_file.exists() else None

    def bin_dir(self) -> Path:
        """The binaries of the cluster's own major version, or for a new cluster the newest ones there are."""
        there = installed()
        major = self.major()
        if major is None:
            return there[max(there)]
        if major not in there:
            raise Failure(f"The data in {self.data} is PostgreSQL {major}'s, but only {', '.join(map(str, sorted(there)))} is installed. "
                          "The data is kept as it is.",
                          f"apt-get install postgresql-{major}; `./gravity upgrade-stores` then moves the data to the newer one.", UNFIT)
        return there[major]

    def prepare(self) -> None:
        """Makes the cluster if there is none. A half-made one from an interrupted start is thrown away first."""
        folder = self.instance.store_dir
        folder.mkdir(parents=True, exist_ok=True)
        for owned in (self.socket_dir,):
            owned.mkdir(parents=True, exist_ok=True)
            self.give(owned)
        if not (self.data / "PG_VERSION").exists():
            if self.data.exists() and any(self.data.iterdir()):
                raise Failure(f"{self.data} holds something that is not a PostgreSQL cluster.", "Look at it, and move it away.")
            self._initialise(folder)
        self._configure()

    def _initialise(self, folder: Path) -> None:
        # A name of its own: the initdb of a start that was killed may still be writing into the old one.
        for left in [*folder.glob("postgres.new*"), *folder.glob("pwfile*")]:
            left.unlink() if left.is_file() else shutil.rmtree(left, ignore_errors=True)
        fresh = folder / f"postgres.new.{os.getpid()}"
        self.initdb(fresh, self.bin_dir())
        if self.data.exists():
            self.data.rmdir()
        fresh.rename(self.data)  # from here on the cluster exists: all or nothing

    def initdb(self, fresh: Path, programs: Path) -> None:
        """An empty cluster with our settings in `fresh`."""
        fresh.mkdir(mode=0o700)
        password_file = fresh.parent / f"pwfile.{os.getpid()}"
        write_private(password_file, derive_secrets.of_stores(self.instance)["POSTGRES_PASSWORD"] + "\n")
        self.give(fresh)
        self.give(password_file)
        command = [str(programs / "initdb"), "-D", str(fresh), "--data-checksums", "--auth=scram-sha-256", "--encoding=UTF8",
                   "--locale=C.UTF-8", f"--username={SUPERUSER}", f"--pwfile={password_file}"]
        if self.instance.test:
            command.append("--no-sync")
        made = processes.run(command, self.user)
        password_file.unlink()
        if made.returncode != 0:
            raise Failure(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
        with open(fresh / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\ninclude 'gravity.conf'\n")
        (fresh / "gravity.conf").touch()
        self.give(fresh / "gravity.conf")

    def _configure(self) -> None:
        lines = {
            "listen_addresses": "'127.0.0.1'",
            "port": str(self.port),
            "unix_socket_directories": _quoted(str(self.socket_dir)),
            "max_connections": str(max(100, manifest.connection_budget())),
            "shared_buffers": "'128MB'",
            "password_encryption": "'scram-sha-256'",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
            "log_line_prefix": "'%m [%p] %q%d %u '",
            "jit": "off",  # small statements: compiling them costs more than it saves
        }
        if self.instance.test:
            # Throw-away data: speed over survival of a power cut. Tests of durability start a cluster of their own.
            lines |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "400"}
        path = self.data / "gravity.conf"
        text = "# written by ./gravity at each start\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())
        if not path.exists() or path.read_text() != text:
            write_private(path, text)
            self.give(path)

    def give(self, path: Path) -> None:
        if self.user:
            shutil.chown(path, self.user, self.user)

    def command(self) -> list[str]:
        return [str(self.bin_dir() / "postgres"), "-D", str(self.data)]

    def answers(self) -> bool:
        return processes.run([str(self.bin_dir() / "pg_isready"), "-q", "-h", str(self.socket_dir), "-p", str(self.port)]).returncode == 0

    def url(self, user: str, password: str, database: str) -> str:
        return f"postgres://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def superuser_url(self, database: str = "postgres") -> str:
        return self.url(SUPERUSER, derive_secrets.of_stores(self.instance)["POSTGRES_PASSWORD"], database)

    def psql(self, script: str, database: str = "postgres") -> str:
        """Runs a script as superuser; any error ends it."""
        password = derive_secrets.of_stores(self.instance)["POSTGRES_PASSWORD"]
        ran = processes.run([str(self.bin_dir() / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.socket_dir),
                             "-p", str(self.port), "-U", SUPERUSER, "-d", database, "-f", "-"], input=script,
                            env={"PATH": "/usr/bin:/bin", "PGPASSWORD": password, "LANG": "C.UTF-8"})
        if ran.returncode != 0:
            raise Failure(f"PostgreSQL refused: {ran.stderr.strip()}", "`./gravity logs postgres` shows its log.")
        return ran.stdout

    def provision(self, services: list[Service]) -> None:
        """A database, its owner (migrates) and its runtime role (reads and writes rows) per service, once each."""
        record = self.instance.store_dir / "provisioned.json"
        try:
            done = json.loads(record.read_text())
        except (FileNotFoundError, ValueError):
            done = {}
        changed = False
        for service in services:
            if not service.store.postgres:
                continue
            secret = derive_secrets.of_service(self.instance, service)
            digest = hashlib.sha256(json.dumps([secret["DATABASE_PASSWORD"], secret["MIGRATION_DATABASE_PASSWORD"],
                                                service.store.extensions]).encode()).hexdigest()
            if done.get(service.name) == digest:
                continue
            self.psql(database_script(service, secret["DATABASE_PASSWORD"], secret["MIGRATION_DATABASE_PASSWORD"]))
            done[service.name] = digest
            changed = True
        if changed:
            write_private(record, json.dumps(done, indent=1, sort_keys=True))


def database_script(service: Service, password: str, owner_password: str) -> str:
    """The psql script that makes both roles and the database. Values are names and hex, so plain quotes hold them."""
    values = {"database": service.database, "owner": service.owner, "password": password, "owner_password": owner_password,
              "extensions": ",".join(service.store.extensions)}
    return "".join(f"\\set {name} '{value}'\n" for name, value in values.items()) + (manifest.DATA / "database.sql").read_text(encoding="utf-8")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def environment(postgres: Postgres, service: Service) -> dict[str, str]:
    """What a service needs to reach its database."""
    secret = derive_secrets.of_service(postgres.instance, service)
    return {"DATABASE_URL": postgres.url(service.database, secret["DATABASE_PASSWORD"], service.database),
            "MIGRATION_DATABASE_URL": postgres.url(service.owner, secret["MIGRATION_DATABASE_PASSWORD"], service.database)}


def shared_memory_error() -> str | None:
    """PostgreSQL needs shared memory; containers sometimes give it none."""
    info = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
    if info and info.f_bavail * info.f_frsize < 16 << 20:
        return "/dev/shm has less than 16 MiB free, which PostgreSQL needs"
    return None
