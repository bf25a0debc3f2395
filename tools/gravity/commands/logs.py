"""The JSON logs of all services, merged by time. Plain lines of stores are shown at the time they have.

    ./gravity logs order -f          ./gravity logs --level warn --since 10m          ./gravity logs --trace 4bf92f3577b3"""

import json
import time

from .. import errors, logfiles, output, paths
from ..errors import Failure


def add_arguments(parser):
    parser.add_argument("services", nargs="*", metavar="service", help="services, postgres, redis or supervisord (default: all services)")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    parser.add_argument("-n", "--lines", type=int, default=200, help="at most so many lines from the past (%(default)s)")
    parser.add_argument("--level", choices=logfiles.LEVELS, help="this level and above")
    parser.add_argument("--trace", metavar="ID", help="only lines whose trace_id begins so")
    parser.add_argument("--since", metavar="T", help="a duration (30s, 10m, 2h, 1d) or a time in RFC 3339")
    parser.add_argument("--json", action="store_true", help="the lines as they are, one JSON object each")


def run(arguments) -> int:
    instance = paths.main_instance()
    names = arguments.services or [path.stem for path in sorted(instance.log_dir.glob("*.log"))
                                   if path.stem not in ("postgres", "redis", "supervisord")]
    for name in names:
        if not (instance.log_dir / f"{name}.log").exists():
            raise Failure(f"There is no log of `{name}`.", "It has not been started here yet: `./gravity up`.")
    try:
        since = logfiles.parse_since(arguments.since, time.time()) if arguments.since else None
    except ValueError as error:
        raise Failure(f"--since {arguments.since}: {error}", "Give 30s, 10m, 2h, 1d, or 2026-01-31T08:00:00Z.", errors.USAGE) from None
    wanted = logfiles.Filter(arguments.level, arguments.trace, since)
    readers = [logfiles.Reader(instance.log_dir / f"{name}.log", name) for name in names]
    lines = [line for reader in readers for line in reader.past() if wanted.accepts(line)]
    lines.sort(key=lambda line: line.time)
    for line in lines[-arguments.lines:]:
        _print(line, arguments.json)
    while arguments.follow:
        fresh = sorted((line for reader in readers for line in reader.fresh() if wanted.accepts(line)), key=lambda line: line.time)
        for line in fresh:
            _print(line, arguments.json)
        if not fresh:
            time.sleep(0.2)
    return errors.OK


def _print(line: logfiles.Line, as_json: bool) -> None:
    if as_json:
        print(json.dumps(line.fields, ensure_ascii=False) if line.fields else json.dumps({"service": line.source, "msg": line.text}), flush=True)
        return
    output.say(logfiles.pretty(line))
