"""One command at a time changes an instance. The kernel drops the lock with the process, so none can be stale."""

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path

from .errors import Failure


@contextlib.contextmanager
def exclusive(directory: Path, doing: str, force: bool = False):
    """Holds `directory`/lock. `force` goes on without it (for `down --force` while an `up` hangs)."""
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not force:
                raise Failure(f"Another command is at work here: {_holder(file)}.",
                              "Wait for it, or end it (Ctrl-C in its terminal); `./gravity down --force` goes on regardless.") from None
        else:
            file.seek(0)
            file.truncate()
            json.dump({"pid": os.getpid(), "doing": doing, "since": time.strftime("%H:%M:%S")}, file)
            file.flush()
        yield


def _holder(file) -> str:
    file.seek(0)
    try:
        holder = json.load(file)
        return f"`./gravity {holder['doing']}`, process {holder['pid']}, since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "its lock file does not say which"
