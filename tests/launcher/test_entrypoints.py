"""The entry points of the store images, run for real on this machine: the same scripts with their fixed folders put below a temporary one."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import ROOT

from gravity.paths import STORE_USER, running_as_root

DOCKER = ROOT / "deploy" / "docker"
SECRETS = {"POSTGRES_PASSWORD": "root-of-all", "ALPHA_DATABASE_PASSWORD": "alpha-run", "ALPHA_OWNER_PASSWORD": "alpha-own",
           "DELTA_FILES_DATABASE_PASSWORD": "delta-run", "DELTA_FILES_OWNER_PASSWORD": "delta-own",
           "REDIS_PASSWORD": "redis-root", "EVENTS_PASSWORD": "bus", "DELTA_FILES_REDIS_PASSWORD": "delta-redis"}


class Container(unittest.TestCase):
    name, moved = "", {}

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gravity-entry-"))
        self.addCleanup(shutil.rmtree, self.folder)
        text = (DOCKER / self.name / "entrypoint.sh").read_text()
        for place, short in self.moved.items():
            self.assertIn(place, text)
            text = text.replace(place, str(self.folder / short))
            (self.folder / short).mkdir(exist_ok=True)
        text = text.replace("/usr/share/gravity/database.sql", str(self.folder / "database.sql"))
        shutil.copy(ROOT / "tools/gravity/data/database.sql", self.folder)
        (self.folder / "entrypoint.sh").write_text(text)
        if running_as_root():
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, STORE_USER, STORE_USER)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def as_user(self, *command: str) -> list[str]:
        return ["runuser", "-u", STORE_USER, "--", *command] if running_as_root() else list(command)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        log = open(self.folder / "log", "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(self.as_user("sh", str(self.folder / "entrypoint.sh"), *arguments), cwd="/", stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], **SECRETS, **environment}, start_new_session=True)
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process: subprocess.Popen, sign: int = signal.SIGINT) -> None:
        if process.poll() is None:
            os.killpg(process.pid, sign)
            process.wait(60)

    def until_answered(self, process: subprocess.Popen, *command: str) -> None:
        deadline = time.monotonic() + 60
        while subprocess.run(command, capture_output=True).returncode != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "log").read_text(errors="replace"))
            time.sleep(0.05)


class Postgres(Container):
    name, moved = "postgres", {"/var/lib/postgresql/data": "data", "/run/postgresql": "run"}

    def up(self, databases: str) -> subprocess.Popen:
        process = self.start("-c", f"port={self.port}", "-c", "fsync=off", GRAVITY_DATABASES=databases)
        self.until_answered(process, "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return process

    def psql(self, user: str, password: str, database: str, sql: str) -> subprocess.CompletedProcess:
        return subprocess.run(["psql", "-X", "-q", "-A", "-t", f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}", "-c", sql],
                              capture_output=True, text=True)

    def test_databases_come_and_data_stays(self):
        first = self.up("alpha:citext")
        made = self.psql("alpha_owner", "alpha-own", "alpha_db", "create table t as select 'A'::citext = 'a' as same; grant select on t to alpha_db")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(self.psql("alpha_db", "alpha-run", "alpha_db", "select same from t").stdout.strip(), "t")
        refused = self.psql("alpha_db", "alpha-run", "alpha_db", "create table u ()")
        self.assertIn("permission denied", refused.stderr, "the run-time role makes no tables")
        self.stop(first)
        self.assertEqual(first.returncode, 0, "SIGINT is a clean, fast shutdown")
        self.up("alpha:citext delta_files:")
        self.assertEqual(self.psql("alpha_db", "alpha-run", "alpha_db", "select same from t").stdout.strip(), "t")
        self.assertEqual(self.psql("delta_files_db", "delta-run", "delta_files_db", "select 1").stdout.strip(), "1")
        self.assertNotEqual(self.psql("alpha_db", "alpha-run", "delta_files_db", "select 1").returncode, 0, "another service's database is closed")
        self.assertNotEqual(self.psql("alpha_db", "wrong", "alpha_db", "select 1").returncode, 0)

    def test_a_half_made_cluster_is_made_again(self):
        half = self.folder / "data" / "cluster.new"
        half.mkdir(parents=True)
        (half / "rubbish").write_text("x")
        if running_as_root():
            shutil.chown(half, STORE_USER)
        self.up("alpha:")
        self.assertFalse(half.exists())

    def test_bad_lists_and_missing_passwords_end_it(self):
        for databases, said in (("alpha;drop:", "bad entry"), ("beta:", "BETA_DATABASE_PASSWORD")):
            process = self.start(GRAVITY_DATABASES=databases)
            self.assertNotEqual(process.wait(60), 0)
            self.assertIn(said, (self.folder / "log").read_text())
            # What the script had started in the background to set things up must not outlive it.
            subprocess.run(self.as_user("sh", "-c", f"/usr/lib/postgresql/*/bin/pg_ctl -D '{self.folder}/data/cluster' -m immediate stop"), capture_output=True)


class Redis(Container):
    name, moved = "redis", {"/var/lib/redis": "data", "/run/redis": "run"}

    def cli(self, user: str, password: str, *command: str) -> str:
        ran = subprocess.run(["redis-cli", "-p", str(self.port), "-e", "--user", user, "--pass", password, "--no-auth-warning", *command],
                             capture_output=True, text=True)
        return (ran.stdout + ran.stderr).strip()

    def test_users_reach_their_own_keys_only(self):
        process = self.start("--port", str(self.port), "--bind", "127.0.0.1", GRAVITY_REDIS_USERS="delta-files")
        self.until_answered(process, "redis-cli", "-e", "-p", str(self.port), "--user", "health", "--pass", "none", "--no-auth-warning", "ping")
        self.assertEqual(self.cli("delta-files", "delta-redis", "set", "delta-files:{p}:k", "1"), "OK")
        self.assertIn("NOPERM", self.cli("delta-files", "delta-redis", "set", "alpha:k", "1"))
        self.assertIn("NOPERM", self.cli("delta-files", "delta-redis", "config", "get", "*"))
        self.assertIn("WRONGPASS", self.cli("delta-files", "no", "ping"))
        self.assertRegex(self.cli("events", "bus", "xadd", "gravity.events", "*", "a", "b"), r"^\d+-\d+$")
        self.assertIn("NOPERM", self.cli("health", "x", "get", "delta-files:{p}:k"))
        self.assertNotIn("delta-redis", (self.folder / "run" / "users.acl").read_text(), "digests only")
        self.stop(process, signal.SIGTERM)
        again = self.start("--port", str(self.port), "--bind", "127.0.0.1", GRAVITY_REDIS_USERS="delta-files")
        self.until_answered(again, "redis-cli", "-e", "-p", str(self.port), "--user", "health", "--pass", "none", "--no-auth-warning", "ping")
        self.assertEqual(self.cli("delta-files", "delta-redis", "get", "delta-files:{p}:k"), "1", "what was acknowledged is kept")


if __name__ == "__main__":
    unittest.main()
