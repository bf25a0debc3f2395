"""Where everything is. Nothing outside the checkout is written, with one exception that `Instance.store_dir` explains."""

import hashlib
import json
import os
import pwd
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import UNFIT, Failure

ROOT = Path(__file__).resolve().parents[2]
STORE_USER = "postgres"  # PostgreSQL refuses to run as root; Debian's packages bring this user
DEFAULT_BASE = 8000
SOCKET_LIMIT = 107  # sun_path holds 108 bytes with the closing zero (unix(7))


def check_root() -> None:
    """CMake, supervisor's configuration and shells each quote these differently; better one clear sentence now."""
    if re.search(r"[\x00-\x1f\"'\\`$;]", str(ROOT)):
        raise Failure(f"The path of this checkout holds a quote, backslash, dollar, semicolon or control character: {str(ROOT)!r}",
                      "Move it to a path without these (blanks and letters of any script are fine).", UNFIT)


def running_as_root() -> bool:
    return os.geteuid() == 0


def store_user() -> str | None:
    """The user that the stores run as, or None when they run as the caller."""
    return STORE_USER if running_as_root() else None


def _passable(path: Path, user: str) -> bool:
    """Whether `user` may pass through every folder down to `path`."""
    account = pwd.getpwnam(user)
    groups = os.getgrouplist(user, account.pw_gid)
    for folder in [path, *path.parents]:
        if not folder.exists():
            continue
        info = folder.stat()
        if info.st_uid == account.pw_uid:
            allowed = info.st_mode & stat.S_IXUSR
        elif info.st_gid in groups:
            allowed = info.st_mode & stat.S_IXGRP
        else:
            allowed = info.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


@dataclass(frozen=True)
class Instance:
    """One running platform: the developer's own in `var/`, or a throw-away one of the tests below `var/test-*`."""

    directory: Path
    preset: str = "release"
    test: bool = False

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def run_dir(self) -> Path:
        return self.directory / "run"

    @property
    def log_dir(self) -> Path:
        return self.directory / "log"

    @property
    def secrets_dir(self) -> Path:
        return self.directory / "secrets"

    @property
    def programs_dir(self) -> Path:
        return self.run_dir / "programs"

    @property
    def overrides_dir(self) -> Path:
        return self.directory / "env"

    @property
    def data_dir(self) -> Path:
        """Files of services that keep some (a registry's store, uploaded files)."""
        return self.directory / "data"

    @property
    def digest(self) -> str:
        return hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]

    @property
    def store_dir(self) -> Path:
        """Data of PostgreSQL and Redis. When root started us in a folder that the stores' user cannot reach (a
        private home, say), it lies in /var/lib/gravity instead; `status` shows the place."""
        user = store_user()
        if user is None or not _user_exists(user) or _passable(self.directory, user):
            return self.directory / "stores"
        return Path("/var/lib/gravity") / self.digest

    @property
    def socket_dir(self) -> Path:
        """Sockets live in var/run unless that path is too long for the kernel."""
        longest = len(os.fsencode(self.run_dir / "supervisor.sock.12345678"))
        user = store_user()
        if longest <= SOCKET_LIMIT and (user is None or not _user_exists(user) or _passable(self.directory, user)):
            return self.run_dir
        base = os.environ.get("XDG_RUNTIME_DIR") if user is None else None
        return Path(base or tempfile.gettempdir()) / f"gravity-{os.geteuid()}-{self.digest}"

    def binary(self, service: str) -> Path:
        return ROOT / "build" / self.preset / "bin" / f"gravity-{service}"

    def state(self) -> dict:
        """What the last `up` decided: ports and services. Absent or damaged means: nothing decided yet."""
        try:
            state = json.loads((self.directory / "state.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def save_state(self, **changes) -> None:
        write_private(self.directory / "state.json", json.dumps({**self.state(), **changes}, indent=2, sort_keys=True) + "\n")

    @property
    def offset(self) -> int:
        return int(self.state().get("port_base", DEFAULT_BASE)) - DEFAULT_BASE

    def port(self, declared: int) -> int:
        """The port that stands for a manifest's declared one under this instance's --port-base."""
        return declared + self.offset

    def make_folders(self) -> None:
        for folder in (self.directory, self.run_dir, self.log_dir, self.programs_dir, self.overrides_dir, self.data_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket_dir != self.run_dir:
            self.socket_dir.mkdir(mode=0o755, exist_ok=True)
            if self.socket_dir.lstat().st_uid != os.geteuid() or self.socket_dir.is_symlink():
                raise Failure(f"{self.socket_dir} belongs to somebody else.", "Remove it, or set XDG_RUNTIME_DIR.", UNFIT)


def _user_exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def main_instance(preset: str | None = None) -> Instance:
    """The developer's own platform, with the build that the last `up` ran."""
    instance = Instance(ROOT / "var")
    return Instance(instance.directory, preset or instance.state().get("preset", "release"))


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replaces a file as a whole, never readable by others in between: a reader sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
