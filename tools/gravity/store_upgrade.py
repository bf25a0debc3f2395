"""Moves PostgreSQL's data to the newest major version that is installed, by its own pg_upgrade. The old data stays beside, until somebody deletes it."""

import os
import shutil
import subprocess
from pathlib import Path

from . import derive_secrets, postgres, processes
from .errors import USAGE, Failure
from .postgres import SUPERUSER, Postgres

UPGRADE_SECONDS = 6 * 3600  # a large database is copied whole


def upgrade(server: Postgres, say) -> bool:
    """False if there is nothing to do. The server must not run."""
    there, old = postgres.installed(), server.major()
    new = max(there)
    if old is None:
        say("There is no PostgreSQL data yet.")
        return False
    if old >= new:
        say(f"The data is PostgreSQL {old}'s, the newest that is installed.")
        return False
    if old not in there:
        raise Failure(f"Moving the data from PostgreSQL {old} to {new} takes the programs of both; those of {old} are not installed.",
                      f"apt-get install postgresql-{old}")
    if (server.data / "postmaster.pid").exists() and server.answers():
        raise Failure("PostgreSQL runs.", "`./gravity down` first.", USAGE)
    kept = server.data.with_name(f"postgres.{old}")
    if kept.exists():
        raise Failure(f"{kept} is there already, from an earlier upgrade.", "Delete it if what runs now is well.")
    needed, free = size(server.data), shutil.disk_usage(server.data).free
    if free < needed + (1 << 30):
        raise Failure(f"The data is copied, which takes {needed >> 20} MiB and some to spare; {free >> 20} MiB are free.", "Make room there.")
    fresh = server.data.with_name(f"postgres.new.{os.getpid()}")
    try:
        say(f"moving the data from PostgreSQL {old} to {new}")
        server.initdb(fresh, there[new])
        _pg_upgrade(server, there[old], there[new], fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    server.data.rename(kept)
    fresh.rename(server.data)
    server.prepare()
    _statistics(server, there[new])
    say(f"the data is PostgreSQL {new}'s now. What it was is in {kept}: delete it when all is well.")
    return True


def size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _environment(server: Postgres) -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "PGPASSWORD": derive_secrets.of_stores(server.instance)["POSTGRES_PASSWORD"]}


def _pg_upgrade(server: Postgres, old: Path, new: Path, fresh: Path) -> None:
    """Copies (no --link): whatever happens, the old cluster stays as it was."""
    scratch = server.socket_dir / "upgrade"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    server.give(scratch)
    ran = processes.run([str(new / "pg_upgrade"), "--old-datadir", str(server.data), "--new-datadir", str(fresh), "--old-bindir", str(old), "--new-bindir", str(new),
                         "--username", SUPERUSER, "--socketdir", str(scratch)], server.user, cwd=str(scratch), env=_environment(server), timeout=UPGRADE_SECONDS)
    if ran.returncode != 0:
        raise Failure("pg_upgrade failed; the data is as it was:\n    " + "\n    ".join((ran.stdout + ran.stderr).strip().splitlines()[-15:]))
    shutil.rmtree(scratch)


def _statistics(server: Postgres, programs: Path) -> None:
    """The planner's statistics do not come along; without them the first queries would be slow."""
    log = server.data / "upgrade.log"
    started = processes.run([str(programs / "pg_ctl"), "-D", str(server.data), "-l", str(log), "-w", "start"], server.user, stdin=subprocess.DEVNULL)
    if started.returncode != 0:
        raise Failure(f"PostgreSQL does not start on the moved data: see {log}.", f"The old data is in {server.data.parent}.")
    try:
        ran = processes.run([str(programs / "vacuumdb"), "--all", "--analyze-in-stages", "-h", str(server.socket_dir), "-p", str(server.port), "-U", SUPERUSER],
                            env=_environment(server), timeout=UPGRADE_SECONDS)
        if ran.returncode != 0:
            raise Failure(f"vacuumdb: {ran.stderr.strip()}", "The data is moved; `./gravity up` works, with slow queries at first.")
    finally:
        processes.run([str(programs / "pg_ctl"), "-D", str(server.data), "-m", "fast", "-w", "stop"], server.user)
    log.unlink(missing_ok=True)
