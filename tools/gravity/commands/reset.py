"""Stop everything and delete var/: databases, secrets, logs, test leftovers. Shows sizes and asks; sources and builds stay."""

import os
import shutil

from .. import errors, lock, output, paths, processes
from ..errors import Failure
from ..paths import Instance
from ..platform_run import Platform


def add_arguments(parser):
    parser.add_argument("--yes", action="store_true", help="do not ask")


def size(path) -> int:
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue  # a running store removes files of its own
    return total


def run(arguments) -> int:
    var = paths.ROOT / "var"
    main = paths.main_instance()
    elsewhere = main.store_dir if main.store_dir.exists() and not main.store_dir.is_relative_to(var) else None
    if not var.exists() and not elsewhere:
        output.say("There is nothing to delete.")
        return errors.OK
    rows = [[entry.name, output.human_bytes(size(entry) if entry.is_dir() else entry.stat().st_size)] for entry in sorted(var.iterdir())]
    if elsewhere:
        rows.append([str(elsewhere), output.human_bytes(size(elsewhere))])
    output.say(output.table(rows, ["below var/", "size"]))
    if not arguments.yes and not output.confirm("Delete all of it?"):
        raise Failure("Nothing was deleted.", "Give --yes where nobody can answer.")
    with lock.exclusive(var, "reset"):
        for directory in [var, *sorted(var.glob("test-*"))]:
            instance = Instance(directory)
            if (directory / "run").exists():
                Platform(instance).stop(False, lambda text: output.say(f"{output.mark('ok')} {text}"))
                processes.end_all(instance)
            if instance.socket_dir != instance.run_dir:
                shutil.rmtree(instance.socket_dir, ignore_errors=True)
        shutil.rmtree(var)
        if elsewhere:
            shutil.rmtree(elsewhere)
            if not any(elsewhere.parent.iterdir()):
                elsewhere.parent.rmdir()
    output.say(f"{output.mark('ok')} var/ is gone.")
    return errors.OK
