"""Starts, watches and stops one instance of the platform. Used by `up`, `down`, `restart` and the system tests alike."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import manifest, processes, programs, selection
from .errors import UNFIT, Failure
from .manifest import Service
from .paths import Instance, write_private
from .postgres import DECLARED_PORT as POSTGRES_PORT
from .postgres import Postgres
from .readiness import Prober, Verdict, with_ends
from .redisserver import DECLARED_PORT as REDIS_PORT
from .redisserver import Redis
from .supervisor import Supervisor
from .tokens import Identity

STORE_SECONDS = 60
# A service that is still starting after this long, or after a quarter of the time for all, no longer holds back others.
LEVEL_PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Outcome:
    service: Service
    verdict: Verdict
    seconds: float
    action: str  # started, restarted, kept


class Platform:
    def __init__(self, instance: Instance):
        self.instance = instance
        self.supervisor = Supervisor(instance)
        self.postgres = Postgres(instance)
        self.redis = Redis(instance)

    # --- what is there -------------------------------------------------------------------------------------------

    def known_services(self) -> list[Service]:
        """The services the last `up` chose and that still have a manifest."""
        services = manifest.load_all()
        return [services[name] for name in self.instance.state().get("services", []) if name in services]

    def prober(self) -> Prober:
        names = {service.name for service in self.known_services()}
        return Prober(self.instance, "discovery" in names, "gateway" in names)

    def needs(self, services: list[Service]) -> tuple[bool, bool]:
        """(PostgreSQL, Redis): which stores these services use."""
        return (any(s.store.postgres for s in services), any(s.store.redis or (s.has_events and s.store.postgres) for s in services))

    # --- stores --------------------------------------------------------------------------------------------------

    def take_over(self) -> list[int]:
        """Without a living supervisor nothing of this instance should run: what a crash left behind is ended."""
        return [] if self.supervisor.alive() else processes.end_all(self.instance)

    def choose_store_ports(self) -> None:
        """The declared ports, or the next free ones; a running store keeps its own."""
        running = self.running()
        for key, program, declared in (("postgres_port", "postgres", POSTGRES_PORT), ("redis_port", "redis", REDIS_PORT)):
            if program in running:
                continue
            state = self.instance.state()
            wanted = self.instance.port(declared)
            if not wanted <= int(state.get(key, 0)) < wanted + 200 or not processes.port_free(int(state[key])):
                self.instance.save_state(**{key: processes.next_free_port(wanted)})

    def running(self) -> dict[str, dict]:
        """Programs that have a process, by name."""
        if not self.supervisor.alive():
            return {}
        return {name: info for name, info in self.supervisor.info().items() if info["statename"] in ("RUNNING", "STARTING", "STOPPING")}

    def configure(self, services: list[Service], stores: tuple[bool, bool], successor: Service | None = None) -> None:
        listed = programs.store_programs(self.instance, with_postgres=stores[0], with_redis=stores[1])
        listed += [programs.service_program(self.instance, service.name) for service in services]
        if successor:
            listed.append(programs.service_program(self.instance, successor.name + programs.SUCCESSOR, successor.name))
        changed = self.supervisor.configure(listed)
        if not self.supervisor.alive():
            self.supervisor.start()
        elif changed:
            self.supervisor.adopt()

    def start_stores(self, services: list[Service], stores: tuple[bool, bool]) -> None:
        """Makes, starts and provisions PostgreSQL and Redis; returns when both answer."""
        self.instance.make_folders()
        self.choose_store_ports()
        if stores[0]:
            self.postgres.prepare()
        if stores[1]:
            self.redis.prepare(manifest.load_all().values())
        self.configure(services, stores)
        wanted = [(name, server) for name, server, used in (("postgres", self.postgres, stores[0]), ("redis", self.redis, stores[1])) if used]
        running = self.running()
        for name, _ in wanted:
            if name not in running:
                self.supervisor.start_program(name)
        for name, server in wanted:
            self._await_store(name, server)
        if stores[0]:
            self.postgres.provision(services)
        if stores[1] and "redis" in running:
            self.redis.reload_users()

    def _await_store(self, name: str, server) -> None:
        deadline = time.monotonic() + STORE_SECONDS
        while not server.answers():
            state = self.supervisor.info()[name]["statename"]
            if state == "FATAL" or time.monotonic() > deadline:
                lines = "\n    ".join(tail(self.instance, name, 10))
                raise Failure(f"{name} does not start ({state}). Its last lines:\n    {lines}", "`./gravity doctor` looks for the cause.", UNFIT)
            time.sleep(0.05)

    # --- services ------------------------------------------------------------------------------------------------

    def started_digests(self) -> dict[str, str]:
        try:
            return json.loads((self.instance.run_dir / "started.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def remember_started(self, name: str, digest: str) -> None:
        write_private(self.instance.run_dir / "started.json", json.dumps({**self.started_digests(), name: digest}, indent=1, sort_keys=True))

    def start_services(self, services: list[Service], seconds: float, report, reverse: bool = False) -> list[Outcome]:
        """Starts what does not run or is out of date, and waits for all. `report(outcome)` is called as each settles;
        a later loss of readiness is not looked at: dependents cope with it themselves."""
        Identity(self.instance).ensure()
        with_discovery = any(s.name == "discovery" for s in self.known_services())
        digests = {s.name: programs.write_script(self.instance, s, with_discovery) for s in services}
        level = selection.levels(services)
        waiting = sorted(services, key=lambda s: level[s.name], reverse=reverse)
        return _Wave(self, digests, level, waiting, seconds, report, gated=not reverse).run()

    def stop_services(self, names: list[str]) -> None:
        """Stops in parallel; each deregisters and drains by itself."""
        with ThreadPoolExecutor(max_workers=16) as pool:
            for _ in pool.map(self.supervisor.stop_program, names):
                pass

    def stop(self, keep_stores: bool, say) -> None:
        """Services in reverse of their start: first what callers see last, stores at the end."""
        if not self.supervisor.alive():
            ended = processes.end_all(self.instance)
            if ended:
                say(f"ended {len(ended)} processes that a crash had left behind")
            return
        running = self.running()
        services = [s for s in self.known_services() if s.name in running]
        level = selection.levels(services)
        for step in sorted(set(level.values()), reverse=True):
            names = [s.name for s in services if level[s.name] == step]
            self.stop_services(names)
            say("stopped " + ", ".join(names))
        strays = [name for name in self.running() if name not in ("postgres", "redis")]
        self.stop_services(strays)
        if keep_stores:
            return
        stores = [name for name in ("redis", "postgres") if name in running]
        self.stop_services(stores)
        if stores:
            say("stopped " + ", ".join(stores))
        self.supervisor.shutdown()


class _Wave:
    """One start of many services: at most 2 x cores at a time, lower levels first, each polled until it settles."""

    def __init__(self, platform: Platform, digests: dict[str, str], level: dict[str, int], waiting: list[Service], seconds: float,
                 report, gated: bool):
        self.platform, self.digests, self.level, self.report, self.gated = platform, digests, level, report, gated
        self.waiting = list(waiting)
        self.deadline = time.monotonic() + seconds
        self.patience = min(LEVEL_PATIENCE_SECONDS, seconds / 4)
        self.window = 2 * (os.cpu_count() or 1)
        self.prober = platform.prober()
        self.begun: dict[str, float] = {}
        self.action: dict[str, str] = {}
        self.pending: list[Service] = []
        self.outcomes: list[Outcome] = []

    def run(self) -> list[Outcome]:
        before = self.platform.running()
        old = self.platform.started_digests()
        pause = 0.02
        with ThreadPoolExecutor(max_workers=self.window) as pool:
            while self.waiting or self.pending:
                while self.waiting and self._may_start(self.waiting[0]):
                    self._begin(self.waiting.pop(0), before, old)
                    pause = 0.02
                info = self.platform.supervisor.info()
                states = [info.get(s.name, {}).get("statename", "STOPPED") for s in self.pending]
                verdicts = list(pool.map(self.prober.verdict, self.pending, states))
                late = time.monotonic() > self.deadline
                for service, verdict in zip(list(self.pending), verdicts):
                    if verdict.ready or verdict.hopeless or late:
                        self._settle(service, verdict)
                        pause = 0.02
                if late:
                    for service in self.waiting:
                        self.begun[service.name], self.action[service.name] = time.monotonic(), "not started"
                        self._settle(service, Verdict(False, "the time was over before its turn"))
                    self.waiting = []
                if self.pending:
                    time.sleep(pause)
                    pause = min(pause * 1.5, 0.3)
        return self.outcomes

    def _may_start(self, service: Service) -> bool:
        if not self.gated:
            return True
        now = time.monotonic()
        fresh = [s for s in self.pending if now - self.begun[s.name] < self.patience]
        return len(fresh) < self.window and all(self.level[s.name] >= self.level[service.name] for s in fresh)

    def _begin(self, service: Service, before: dict, old: dict) -> None:
        platform, name = self.platform, service.name
        self.begun[name] = time.monotonic()
        self.pending.append(service)
        if name in before and old.get(name) == self.digests[name]:
            self.action[name] = "kept"
            return
        if name in before:
            platform.supervisor.stop_program(name)
            self.action[name] = "restarted"
        else:
            self.action[name] = "started"
        programs.forget_starts(platform.instance, name)
        platform.supervisor.start_program(name)
        platform.remember_started(name, self.digests[name])

    def _settle(self, service: Service, verdict: Verdict) -> None:
        if service in self.pending:
            self.pending.remove(service)
        verdict = with_ends(verdict, programs.restarts(self.platform.instance, service.name))
        outcome = Outcome(service, verdict, time.monotonic() - self.begun[service.name], self.action[service.name])
        self.outcomes.append(outcome)
        self.report(outcome)


def tail(instance: Instance, name: str, count: int) -> list[str]:
    """The last lines of a program's log."""
    try:
        with open(instance.log_dir / f"{name}.log", "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - (64 << 10)))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except FileNotFoundError:
        return []
