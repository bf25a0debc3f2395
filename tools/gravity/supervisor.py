"""Debian's supervisor, private to an instance: its configuration, its start, and its XML-RPC over a unix socket."""

import contextlib
import http.client
import os
import shlex
import shutil
import socket
import subprocess
import time
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path

from . import paths, processes
from .errors import UNFIT, Failure
from .paths import Instance, write_private


@dataclass(frozen=True)
class Program:
    name: str
    command: list[str]
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 40  # above SHUTDOWN_GRACE_SECONDS, so that the daemon ends itself
    log_name: str = ""  # shared by a service and its successor during a restart


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(90)
        self.sock.connect(str(self.path))


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        return _UnixConnection(self.path)


class Supervisor:
    def __init__(self, instance: Instance):
        self.instance = instance
        self.socket = instance.socket_dir / "supervisor.sock"
        self.config = instance.run_dir / "supervisord.conf"

    @contextlib.contextmanager
    def _there(self):
        """For calls that need it alive: one that went away meanwhile (`down --force`, a crash) is a clear line, not a traceback."""
        try:
            yield self.rpc()
        except (ConnectionError, FileNotFoundError, http.client.HTTPException):
            raise Failure("supervisor does not run any more: the platform was stopped meanwhile, or it crashed.", "`./gravity up` starts it again.") from None

    def rpc(self):
        """A fresh proxy: xmlrpc's connections must not be shared between threads."""
        return xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(self.socket)).supervisor

    def alive(self) -> bool:
        try:
            return self.rpc().getState()["statecode"] == 1
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def configure(self, programs: list[Program]) -> bool:
        """Writes the configuration; true if it differs from the one before."""
        text = configuration(self.instance, self.socket, programs)
        if self.config.exists() and self.config.read_text(encoding="utf-8") == text:
            return False
        write_private(self.config, text)
        return True

    def start(self) -> None:
        daemon = shutil.which("supervisord")
        if daemon is None:
            raise Failure("supervisor is not installed.", "apt-get install supervisor", UNFIT)
        self.socket.unlink(missing_ok=True)
        # A clean environment: nothing of the caller's shell (PORT, DATABASE_URL ...) may reach a service.
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC",
                       "HOME": os.environ.get("HOME", "/"), processes.MARK: str(self.instance.directory)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        started = subprocess.run([daemon, "-c", str(self.config)], env=environment, cwd="/", capture_output=True, text=True, timeout=60)
        if started.returncode != 0:
            raise Failure(f"supervisord did not start: {(started.stderr or started.stdout).strip()}",
                          f"{self.instance.log_dir / 'supervisord.log'} may say more.")
        deadline = time.monotonic() + 20
        while not self.alive():
            if time.monotonic() > deadline:
                raise Failure("supervisord started but does not answer.", f"See {self.instance.log_dir / 'supervisord.log'}.")
            time.sleep(0.02)

    def adopt(self) -> None:
        """Takes over a changed configuration without touching programs that are the same."""
        with self._there() as rpc:
            added, changed, removed = rpc.reloadConfig()[0]
            for name in (*removed, *changed):
                rpc.stopProcessGroup(name)
                rpc.removeProcessGroup(name)
            for name in (*added, *changed):
                rpc.addProcessGroup(name)

    def info(self) -> dict[str, dict]:
        """Every program: `statename`, `pid`, `start`, `exitstatus`, `spawnerr`."""
        with self._there() as rpc:
            return {item["name"]: item for item in rpc.getAllProcessInfo()}

    def start_program(self, name: str) -> None:
        try:
            with self._there() as rpc:
                rpc.startProcess(name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != 60:  # ALREADY_STARTED
                raise Failure(f"supervisor cannot start {name}: {fault.faultString}") from None

    def stop_program(self, name: str) -> None:
        """Returns when the process has ended."""
        try:
            with self._there() as rpc:
                rpc.stopProcess(name, True)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in (10, 70):  # BAD_NAME, NOT_RUNNING
                raise Failure(f"supervisor cannot stop {name}: {fault.faultString}") from None

    def shutdown(self, patience: float = 120) -> None:
        """Ends the daemon and what still runs below it."""
        try:
            self.rpc().shutdown()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return
        deadline = time.monotonic() + patience
        while self.socket.exists() and self.alive() or processes.of_instance(self.instance):
            if time.monotonic() > deadline:
                raise Failure("supervisord does not end.", "`./gravity down --force` ends it.")
            time.sleep(0.03)


def configuration(instance: Instance, control: Path, programs: list[Program]) -> str:
    """supervisord.conf(5). `%` is its expansion sign and is doubled; commands are split like a shell's words."""
    def literal(value) -> str:
        return str(value).replace("%", "%%")

    root_line = "user=root\n" if paths.running_as_root() else ""
    text = f"""; written by ./gravity; start and stop with ./gravity up and ./gravity down
[unix_http_server]
file={literal(control)}
chmod=0700

[supervisord]
logfile={literal(instance.log_dir / 'supervisord.log')}
logfile_maxbytes=5MB
logfile_backups=2
pidfile={literal(instance.run_dir / 'supervisord.pid')}
childlogdir={literal(instance.log_dir)}
{root_line}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    for program in programs:
        text += f"""
[program:{program.name}]
command={literal(shlex.join(program.command))}
directory=/
{f'user={program.user}' if program.user else ''}
autostart=false
autorestart=true
startsecs=1
startretries=3
stopsignal={program.stop_signal}
stopwaitsecs={program.stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={literal(instance.log_dir / ((program.log_name or program.name) + '.log'))}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""
    return text
