"""What supervisor runs: one small shell script per service that sets its environment and becomes the daemon.

A script rather than supervisor's own `environment=`: values need one kind of quoting only, a person can read or run it,
and its text together with the daemon's digest says whether a running service is out of date."""

import hashlib
import json
import shlex
from pathlib import Path

from . import derive_secrets, paths, postgres, redisserver, sign_in, tokens
from .manifest import Service, settings_of
from .paths import Instance, write_private
from .postgres import Postgres
from .redisserver import Redis
from .supervisor import Program

SUCCESSOR = ".next"  # name suffix of the second process that serves while the first restarts


def environment(instance: Instance, service: Service, with_discovery: bool, port: int | None = None) -> dict[str, str]:
    """All settings a service gets here; last come the developer's own in var/env/<service>.env."""
    values = {"LISTEN_ADDRESS": "127.0.0.1", "PORT": str(port or instance.port(service.port)), "ADVERTISE_ADDRESS": "127.0.0.1"}
    for extra in service.ports:
        if not extra.optional:
            values[extra.env] = str(instance.port(extra.port))
    if service.store.postgres:
        values |= postgres.environment(Postgres(instance), service)
    values |= redisserver.environment(Redis(instance), service)
    if service.store.disk:
        values[service.store.disk] = str(instance.data_dir / service.name)
    if service.name != "discovery":
        values["DISCOVERY_MODE"] = "consul" if with_discovery else "off"
        values["DISCOVERY_URL"] = f"http://127.0.0.1:{instance.port(8500)}"
    else:
        values["DISCOVERY_MODE"] = "off"  # the registry does not register in itself
    values |= sign_in.environment(instance, service) if sign_in.by_auth(instance) else tokens.environment(tokens.Identity(instance))
    values["MASTER_KEY"] = derive_secrets.of_service(instance, service)["MASTER_KEY"]
    values |= {"LOG_LEVEL": "info", "DEREGISTER_DELAY_SECONDS": "0"}
    docs = paths.ROOT / "var" / "docs" / "swagger-ui"
    if docs.is_dir():
        values["DOCS_DIR"] = str(docs)
    if instance.test:
        values["GRAVITY_TEST_MODE"] = "true"
    values |= derive_secrets.read_env(instance.overrides_dir / f"{service.name}.env")
    return values


def script_path(instance: Instance, name: str) -> Path:
    return instance.programs_dir / name


def starts_path(instance: Instance, name: str) -> Path:
    return instance.run_dir / "starts" / name


def write_script(instance: Instance, service: Service, with_discovery: bool, name: str | None = None, port: int | None = None) -> str:
    """Writes the script and returns its digest together with the daemon's."""
    name = name or service.name
    starts = starts_path(instance, name)
    starts.parent.mkdir(parents=True, exist_ok=True)
    lines = ["#!/bin/sh", f"# {service.title}, as ./gravity up starts it. Written anew at each start.",
             # Counts starts, so that `status` can tell restarts; supervisor itself keeps no such number.
             f"echo x >> {shlex.quote(str(starts))}",
             "unset SUPERVISOR_ENABLED SUPERVISOR_SERVER_URL SUPERVISOR_PROCESS_NAME SUPERVISOR_GROUP_NAME"]
    values = environment(instance, service, with_discovery, port)
    lines += [f"export {key}={shlex.quote(value)}" for key, value in values.items()]
    lines.append(f"exec {shlex.quote(str(instance.binary(service.name)))}")
    text = "\n".join(lines) + "\n"
    path = script_path(instance, name)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_private(path, text, 0o700)
    if service.store.disk:
        (instance.data_dir / service.name).mkdir(parents=True, exist_ok=True)
    return hashlib.sha256((text + binary_digest(instance, service)).encode()).hexdigest()


def binary_digest(instance: Instance, service: Service) -> str:
    """SHA-256 of the daemon, remembered by size and time: 52 binaries are too much to read at each `up`."""
    binary = instance.binary(service.name)
    info = binary.stat()
    identity = f"{info.st_size}:{info.st_mtime_ns}:{info.st_ino}"
    memory = instance.run_dir / "digests" / f"{instance.preset}-{service.name}.json"
    try:
        known = json.loads(memory.read_text())
        if known["identity"] == identity:
            return known["digest"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass
    with open(binary, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    write_private(memory, json.dumps({"identity": identity, "digest": digest}))
    return digest


def restarts(instance: Instance, name: str) -> int:
    try:
        return max(0, starts_path(instance, name).stat().st_size // 2 - 1)
    except FileNotFoundError:
        return 0


def forget_starts(instance: Instance, name: str) -> None:
    starts_path(instance, name).unlink(missing_ok=True)


def store_programs(instance: Instance, with_redis: bool, with_postgres: bool) -> list[Program]:
    result = []
    if with_postgres:
        server = Postgres(instance)
        # SIGINT is PostgreSQL's fast shutdown: clients are cut, data is checkpointed.
        result.append(Program("postgres", server.command(), server.user, "INT", 90))
    if with_redis:
        server = Redis(instance)
        result.append(Program("redis", server.command(), server.user, "TERM", 60))
    return result


def service_program(instance: Instance, name: str, log_name: str = "") -> Program:
    return Program(name, ["/bin/sh", str(script_path(instance, name))], log_name=log_name)


