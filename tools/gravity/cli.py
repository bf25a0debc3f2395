"""Arguments in, exit code out. Each command's own arguments stand in its file under commands/."""

import argparse
import sys

from . import errors, output, paths

# name: (module, one line for the overview)
COMMANDS = {
    "up": ("up", "build and start the platform, wait until it is ready"),
    "down": ("down", "drain and stop everything; data is kept"),
    "status": ("status", "state, port, readiness, memory of every service"),
    "logs": ("logs", "logs of all services merged by time"),
    "restart": ("restart", "restart services one at a time, each drained"),
    "test": ("test", "run the tests on stores and ports of their own"),
    "build": ("build", "compile the chosen services"),
    "bench": ("bench", "measure services against a peer in the same run"),
    "doctor": ("doctor", "name each problem of this machine with its remedy"),
    "open": ("open", "open the platform's page in a browser"),
    "env": ("env", "the environment a service runs with"),
    "psql": ("psql", "a psql session on a service's database"),
    "redis-cli": ("rediscli", "a redis-cli session as a service"),
    "token": ("token", "print an access token for development"),
    "new": ("new", "make a new service that compiles and passes its tests"),
    "export": ("export", "write one service out as a repository of its own"),
    "generate": ("generate", "derive all generated files from the manifests"),
    "upgrade-stores": ("upgradestores", "move the data to a newer PostgreSQL"),
    "reset": ("reset", "stop everything and delete var/"),
}

WITH_EXTRA = ("psql", "redis-cli", "test")


def build_parser(importlib, only: str | None = None) -> argparse.ArgumentParser:
    """Only the chosen command's module is loaded: `./gravity token` should not pay for `up`."""
    parser = argparse.ArgumentParser(prog="./gravity", description="Runs, tests and packages the Gravity platform.",
                                     epilog="Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 the machine lacks something, 4 not ready in time.")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, (module_name, summary) in COMMANDS.items():
        if only is not None and name != only:
            commands.add_parser(name, help=summary)
            continue
        module = importlib.import_module(f"gravity.commands.{module_name}") if only else None
        command = commands.add_parser(name, help=summary, description=module.__doc__ if module else None,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
        if module:
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def main(arguments: list[str], importlib) -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    # What follows `--` belongs to a program that the command starts (psql, redis-cli, ctest).
    own, extra = arguments, []
    if "--" in arguments:
        cut = arguments.index("--")
        own, extra = arguments[:cut], arguments[cut + 1:]
    parser = build_parser(importlib, chosen if chosen in COMMANDS else None)
    parsed = parser.parse_args(own)
    if extra and chosen not in WITH_EXTRA:
        parser.error(f"{chosen} takes nothing after --")
    parsed.extra = extra
    try:
        paths.check_root()
        output.quiet = bool(getattr(parsed, "json", False))
        return parsed.run(parsed)
    except errors.Failure as failure:
        output.warn(failure.message)
        if failure.remedy:
            sys.stderr.write(f"  {failure.remedy}\n")
        return failure.code
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        output.warn("interrupted. What was started keeps running: `./gravity status` shows it, `./gravity up` goes on, `./gravity down` stops it.")
        return 130
