"""Move PostgreSQL's data to the newest major version that is installed (pg_upgrade), e.g. after a release upgrade of Debian.

The data is copied; the old one stays beside it until you delete it. Redis reads its older files itself."""

from .. import errors, lock, output, paths, store_upgrade
from ..errors import Failure
from ..platform_run import Platform


def add_arguments(parser):
    del parser  # it takes none


def run(arguments) -> int:
    instance = paths.main_instance()
    if not instance.directory.exists():
        output.say("There is no data yet.")
        return errors.OK
    with lock.exclusive(instance.directory, "upgrade-stores"):
        platform = Platform(instance)
        platform.take_over()
        if platform.running():
            raise Failure("The platform runs.", "`./gravity down` first.", errors.USAGE)
        store_upgrade.upgrade(platform.postgres, lambda text: output.say(f"{output.mark('ok')} {text}"))
    return errors.OK
