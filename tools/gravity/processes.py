"""Facts about processes and ports from /proc, and finding what an instance left behind."""

import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from .paths import Instance, store_user

# Every process of an instance carries this in its environment, so that it is recognised by what it is and not by a
# number in a file: a stale pid can never lead to a stranger being signalled.
MARK = "GRAVITY_INSTANCE"


def start_time(pid: int) -> int | None:
    """Clock ticks since boot at which the process began (proc(5) stat, field 22); with the pid it names one process."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2:].split()


def parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def alive(pid: int) -> bool:
    fields = _stat(pid)
    return fields is not None and fields[0] not in "ZX"


def memory_bytes(pid: int) -> int:
    """Proportional memory of the process without its children: what it shares counts in parts, so that the services' figures add up. 0 when it is gone,
    or is somebody else's."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    return 0


def cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


# Prints which of the processes carry the entry. A program of its own, because another user may not be able to reach this checkout.
_LOOK = """
import os, sys
for pid in sys.argv[2:]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            if os.fsencode(sys.argv[1]) in file.read().split(b"\\0"):
                print(pid)
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        pass
"""


def _as_their_owner_sees(pids: list[int], entry: str, user: str) -> list[int]:
    """In a container root may not look into the processes of others (it lacks CAP_SYS_PTRACE), so the stores would not be found. Their own user may."""
    try:
        owner = pwd.getpwnam(user)
    except KeyError:
        return []  # then nothing can run as that user
    own = [str(pid) for pid in pids if _owner(pid) == owner.pw_uid]
    if not own:
        return []
    looked = subprocess.run([sys.executable, "-I", "-c", _LOOK, entry, *own], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[], cwd="/",
                            stdout=subprocess.PIPE, text=True, check=True)
    return [int(pid) for pid in looked.stdout.split()]


def _owner(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except FileNotFoundError:
        return None


def of_instance(instance: Instance) -> list[int]:
    """All processes that carry this instance's mark."""
    entry = f"{MARK}={instance.directory}"
    found, closed = [], []
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()):
        try:
            if os.fsencode(entry) in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(pid)
        except PermissionError:
            closed.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass
    user = store_user()
    return found + (_as_their_owner_sees(closed, entry, user) if user else [])


def end_all(instance: Instance, patience: float = 20.0) -> list[int]:
    """Ends what an instance left running without a supervisor: politely, then by force. Returns the processes ended."""
    members = set(of_instance(instance))
    tops = [pid for pid in members if parent(pid) not in members]
    for pid in tops:
        # SIGINT is PostgreSQL's fast shutdown (SIGTERM would wait for clients); our daemons and Redis take it as well.
        _signal(pid, signal.SIGINT)
    deadline = time.monotonic() + patience
    while (left := of_instance(instance)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        _signal(pid, signal.SIGKILL)
    while left and any(alive(pid) for pid in left) and time.monotonic() < deadline + 10:
        time.sleep(0.02)
    return sorted(tops)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def port_free(port: int, address: str = "127.0.0.1", udp: bool = False) -> bool:
    """Whether a server could bind the port now. SO_REUSEADDR as servers set it: a lingering old connection is no obstacle."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as probe:
        if not udp:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            if not udp:
                probe.listen(1)
        except OSError:
            return False
    return True


def next_free_port(wanted: int, taken: set[int] = frozenset()) -> int:
    for port in range(wanted, wanted + 200):
        if port not in taken and port_free(port):
            return port
    raise OSError(f"no free port between {wanted} and {wanted + 199}")


_claims: dict[int, socket.socket] = {}


def free_base(declared: set[int], first: int = 18000, last: int = 24000) -> int:
    """A --port-base under which all these declared ports are free, below the kernel's range for outgoing connections. It is this process's until `give_back`
    or its end: an address without a file, gone with its process, keeps others away while nothing listens on the ports."""
    for base in range(first, last, 220):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0gravity-ports-{base}")
        except OSError:
            claim.close()
            continue
        if all(port_free(port + base - 8000) for port in declared):
            _claims[base] = claim
            return base
        claim.close()
    raise OSError("no range of free ports was found")


def give_back(base: int) -> None:
    _claims.pop(base).close()


def owner_of_port(port: int) -> str:
    """Who listens there, as far as this user may see: `nginx (pid 812, user www-data)`."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            fields = line.split()
            listening = fields[3] == "0A" if "tcp" in table else True
            if listening and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            held = any(os.readlink(link) in inodes for link in (entry / "fd").iterdir())
            if held:
                name = (entry / "comm").read_text().strip()
                user = pwd.getpwuid(entry.stat().st_uid).pw_name
                return f"{name} (pid {entry.name}, user {user})"
        except (FileNotFoundError, PermissionError, ProcessLookupError, KeyError):
            continue
    return "a process of another user" if inodes else "an unknown process"


def as_user(user: str | None, command: list[str]) -> list[str]:
    return ["runuser", "-u", user, "--", *command] if user else command


def run(command: list[str], user: str | None = None, **options) -> subprocess.CompletedProcess:
    """Runs a tool to its end with captured text; the caller looks at the exit code."""
    options.setdefault("timeout", 120)
    # The stores' user may not be able to enter the caller's folder, which tools then complain about.
    options.setdefault("cwd", "/")
    return subprocess.run(as_user(user, command), capture_output=True, text=True, **options)
