"""A redis-cli session as a service, which reaches only its own keys; --superuser reaches all.

Whatever follows `--` is given to redis-cli: ./gravity redis-cli session -- scan 0"""

import os
import shutil

from .. import derive_secrets, errors, manifest, paths
from ..errors import Failure
from ..redisserver import Redis


def add_arguments(parser):
    parser.add_argument("service")
    parser.add_argument("--superuser", action="store_true", help="as the administrator")


def run(arguments) -> int:
    instance = paths.main_instance()
    service = manifest.get(arguments.service)
    if not service.store.redis and not arguments.superuser:
        raise Failure(f"{service.name} has no Redis.", "--superuser looks at the whole server (events are there).", errors.USAGE)
    server = Redis(instance)
    client = shutil.which("redis-cli")
    if client is None or not server.answers():
        raise Failure("Redis does not run.", f"`./gravity up {service.name}`")
    user, password = service.name, derive_secrets.of_service(instance, service).get("REDIS_PASSWORD", "")
    if arguments.superuser:
        user, password = "default", derive_secrets.of_stores(instance)["REDIS_PASSWORD"]
    os.execve(client, [client, "-p", str(server.port), "--user", user, *arguments.extra], {**os.environ, "REDISCLI_AUTH": password})
