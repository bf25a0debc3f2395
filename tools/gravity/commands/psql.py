"""A psql session on a service's database, as its runtime role (row-level security applies); --owner as the role that owns the tables.

Whatever follows `--` is given to psql: ./gravity psql order -- -c 'select count(*) from outbox'"""

import os

from .. import derive_secrets, errors, manifest, paths
from ..errors import Failure
from ..postgres import Postgres


def add_arguments(parser):
    parser.add_argument("service")
    parser.add_argument("--owner", action="store_true", help="as the owner of the tables")
    parser.add_argument("--superuser", action="store_true", help="as the cluster's administrator")


def run(arguments) -> int:
    instance = paths.main_instance()
    service = manifest.get(arguments.service)
    if not service.store.postgres:
        raise Failure(f"{service.name} has no PostgreSQL.", code=errors.USAGE)
    server = Postgres(instance)
    if not (server.data / "PG_VERSION").exists() or not server.answers():
        raise Failure("PostgreSQL does not run.", f"`./gravity up {service.name}`")
    secret = derive_secrets.of_service(instance, service)
    user, password = service.database, secret["DATABASE_PASSWORD"]
    if arguments.owner:
        user, password = service.owner, secret["MIGRATION_DATABASE_PASSWORD"]
    if arguments.superuser:
        user, password = "postgres", derive_secrets.of_stores(instance)["POSTGRES_PASSWORD"]
    client = str(server.bin_dir() / "psql")
    # By environment: an argument list is readable by every user of the machine.
    environment = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": user, "PGPASSWORD": password,
                   "PGDATABASE": service.database}
    os.execve(client, [client, *arguments.extra], environment)
