"""What this machine must offer before anything starts: each problem with its remedy. Looks, never changes."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from . import paths, postgres, processes
from .manifest import Service
from .paths import Instance

GIB = 1 << 30
MIB = 1 << 20
# A service's resident memory and the stores' share, generously: the check should not be passed by a hair.
SERVICE_MEMORY = 40 * MIB
BASE_MEMORY = 900 * MIB
BUILD_DISK = 4 * GIB
RUN_DISK = 1 * GIB


@dataclass(frozen=True)
class Problem:
    what: str
    remedy: str
    fatal: bool = True


def release() -> dict[str, str]:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines) if value}


def available_memory() -> int:
    """Bytes that can still be used, the container's limit included (cgroup v2, then v1)."""
    available = 0
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) * 1024
    for limit_file, used_file in (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")):
        try:
            limit = (Path("/sys/fs/cgroup") / limit_file).read_text().strip()
            used = int((Path("/sys/fs/cgroup") / used_file).read_text())
        except (FileNotFoundError, ValueError, PermissionError):
            continue
        if limit.isdigit():
            available = min(available, max(0, int(limit) - used))
    return available


def system_problems() -> list[Problem]:
    problems = []
    info = release()
    name = info.get("PRETTY_NAME", "an unknown system")
    if info.get("ID") != "debian" and "debian" not in info.get("ID_LIKE", ""):
        problems.append(Problem(f"This is {name}; the packages are Debian's", "Use Debian 12, or docker-compose.", False))
    elif info.get("ID") == "debian" and info.get("VERSION_ID", "12") != "12":
        problems.append(Problem(f"This is {name}; Debian 12 is what is tested", "Other releases may lack a package version.", False))
    machine = os.uname().machine
    if machine not in ("x86_64", "aarch64"):
        problems.append(Problem(f"The processor is {machine}; x86_64 and aarch64 are supported", "Use another machine."))
    if not processes.port_free(0):
        problems.append(Problem("127.0.0.1 cannot be bound", "Bring the loopback interface up: ip link set lo up"))
    year = time.gmtime().tm_year
    if year < 2024:
        problems.append(Problem(f"The clock says {year}; tokens and certificates will fail", "Set the clock (timedatectl set-ntp true)."))
    memory_error = postgres.shared_memory_error()
    if memory_error:
        problems.append(Problem(memory_error, "In a container: --shm-size=64m.", False))
    return problems


def memory_problem(services: list[Service]) -> Problem | None:
    needed = BASE_MEMORY + SERVICE_MEMORY * len(services)
    available = available_memory()
    if available >= needed:
        return None
    return Problem(f"{len(services)} services need about {needed / GIB:.1f} GiB of memory, {available / GIB:.1f} GiB is free",
                   "Start fewer: `./gravity up --profile core`, or name the services you want.")


def disk_problem(build: bool) -> Problem | None:
    needed = (BUILD_DISK if build and not (paths.ROOT / "build").is_dir() else 0) + RUN_DISK
    free = shutil.disk_usage(paths.ROOT).free
    if free >= needed:
        return None
    return Problem(f"{free / GIB:.1f} GiB of disk is free at {paths.ROOT}, {needed / GIB:.0f} GiB is needed", "Make room there.")


def port_problems(instance: Instance, services: list[Service], ours: set[str]) -> list[Problem]:
    """Ports of the chosen services that somebody else has. `ours`: programs of this instance that run already."""
    problems = []
    for service in services:
        if service.name in ours:
            continue
        wanted = [(service.port, "tcp")] + [(extra.port, protocol) for extra in service.ports if not extra.optional for protocol in extra.protocols]
        for declared, protocol in wanted:
            port = instance.port(declared)
            if port > 65535:
                problems.append(Problem(f"--port-base puts {service.name} on port {port}, which does not exist", "Give a lower --port-base."))
            elif not processes.port_free(port, udp=protocol == "udp"):
                problems.append(Problem(f"port {port}/{protocol} of {service.name} is taken by {processes.owner_of_port(port)}",
                                        "Stop that program, leave the service out (--without), or move all ports: --port-base 18000"))
    return problems


def ownership_problems(instance: Instance) -> list[Problem]:
    """Files in var/ that this user cannot write, left by an `up` of another user."""
    if paths.running_as_root() or not instance.directory.exists():
        return []
    foreign = [path for path in (instance.directory, instance.run_dir, instance.log_dir, instance.secrets_dir, instance.store_dir)
               if path.exists() and not os.access(path, os.W_OK)]
    return [Problem(f"{path} belongs to another user", f"sudo chown -R $(id -un) {instance.directory}") for path in foreign]
