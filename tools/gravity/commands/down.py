"""Stop all services, each deregistering and draining by itself, then the stores. Data is kept."""

import time

from .. import errors, lock, output, paths, processes
from ..platform_run import Platform


def add_arguments(parser):
    parser.add_argument("--keep-stores", action="store_true", help="leave PostgreSQL and Redis running")
    parser.add_argument("--force", action="store_true", help="do not wait for another command, and end what does not end by itself")


def run(arguments) -> int:
    instance = paths.main_instance()
    begun = time.monotonic()
    if not instance.directory.exists():
        output.say("Nothing runs.")
        return errors.OK
    with lock.exclusive(instance.directory, "down", arguments.force):
        platform = Platform(instance)
        try:
            platform.stop(arguments.keep_stores, lambda text: output.say(f"{output.mark('ok')} {text}"))
        except errors.Failure:
            if not arguments.force:
                raise
        if arguments.force and not arguments.keep_stores:
            processes.end_all(instance)
        left = [] if arguments.keep_stores else processes.of_instance(instance)
    if left:
        raise errors.Failure(f"{len(left)} processes still run: {left}.", "`./gravity down --force` ends them.")
    output.say(f"Down in {time.monotonic() - begun:.1f} s; data is kept in {instance.store_dir}.")
    return errors.OK
