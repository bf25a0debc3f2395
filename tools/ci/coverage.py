#!/usr/bin/env python3
"""Line coverage per module from what the `coverage` preset's tests left behind: `tools/ci/coverage.py [--bar common=95 ...] [--missing PATH]`.

    ./gravity test common product-catalog --integration --preset coverage
    tools/ci/coverage.py --bar common=95 --bar product-catalog=95
    tools/ci/coverage.py --missing common/src/pg        the lines that no test reached

gcov's own JSON is read, one process a core; a line counts as covered if any translation unit or instantiation ran it. Counted are the sources and
public headers of the platform: no tests, no testkit, no third-party code. Exit 1 if a bar is missed."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
from collections import defaultdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
COUNTED = re.compile(r"^(common/(src|include/gravity)|(discovery|gateway|services/[a-z0-9-]+)/src)/")
LEFT_OUT = re.compile(r"^common/src/vendor/")


def object_files(build: pathlib.Path) -> list[pathlib.Path]:
    """The notes of every object: one that no test program ran has no counts, and its lines are uncovered, not unknown."""
    return sorted(path for path in build.rglob("*.gcno") if "pch" not in path.name and "/tests/" not in path.as_posix()
                  and "gravity_testkit" not in path.as_posix())


def lines_of(note: pathlib.Path, build: pathlib.Path) -> dict[str, dict[int, int]]:
    """gcov's counts of one object: file -> line -> how often."""
    ran = subprocess.run(["gcov-12", "--json-format", "--stdout", str(note)], cwd=build, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"gcov: {note}: {ran.stderr.strip()[:400]}")
    result: dict[str, dict[int, int]] = {}
    for document in filter(None, ran.stdout.split("\n")):
        parsed = json.loads(document)
        for file in parsed["files"]:
            path = pathlib.Path(os.path.normpath(build / parsed.get("current_working_directory", "") / file["file"]))
            if not path.is_relative_to(ROOT):
                continue
            name = path.relative_to(ROOT).as_posix()
            if not COUNTED.match(name) or LEFT_OUT.match(name):
                continue
            counts = result.setdefault(name, defaultdict(int))
            for line in file["lines"]:
                counts[line["line_number"]] += line["count"]
    return result


def collect(build: pathlib.Path) -> dict[str, dict[int, int]]:
    notes = object_files(build)
    if not notes:
        raise SystemExit(f"{build.relative_to(ROOT)} has no notes of gcov: run the tests with --preset coverage first.")
    total: dict[str, dict[int, int]] = {}
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for found in pool.map(lambda note: lines_of(note, build), notes):
            for name, counts in found.items():
                merged = total.setdefault(name, defaultdict(int))
                for number, count in counts.items():
                    merged[number] += count
    return total


def module_of(name: str) -> str:
    """common/pg, product-catalog, gateway."""
    parts = name.split("/")
    if parts[0] == "common":
        return f"common/{parts[3] if parts[1] == 'include' else parts[2]}"
    return parts[1] if parts[0] == "services" else parts[0]


def share(counts: list[int]) -> float:
    return 100.0 * sum(count > 0 for count in counts) / len(counts) if counts else 100.0


def ranges(numbers: list[int]) -> str:
    """1-3, 7"""
    parts, begin = [], None
    for index, number in enumerate(numbers):
        begin = number if begin is None else begin
        if index + 1 == len(numbers) or numbers[index + 1] != number + 1:
            parts.append(str(begin) if begin == number else f"{begin}-{number}")
            begin = None
    return ", ".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/coverage", help="build folder (%(default)s)")
    parser.add_argument("--bar", action="append", default=[], metavar="NAME=PERCENT", help="fail if this module, or common as a whole, has less")
    parser.add_argument("--missing", metavar="PATH", help="list the lines below this path that no test reached")
    parser.add_argument("--json", metavar="FILE", help="also write the shares as JSON")
    arguments = parser.parse_args()
    total = collect(ROOT / arguments.build)
    modules: dict[str, list[int]] = defaultdict(list)
    for name, counts in total.items():
        module = module_of(name)
        modules[module] += counts.values()
        if module.startswith("common/"):
            modules["common"] += counts.values()
    if arguments.missing:
        for name in sorted(total):
            lacking = sorted(number for number, count in total[name].items() if count == 0)
            if name.startswith(arguments.missing.rstrip("/")) and lacking:
                print(f"{name}: {share(list(total[name].values())):.1f} %  {ranges(lacking)}")
        return 0
    for name in sorted(modules):
        print(f"{share(modules[name]):6.1f} %  {sum(count > 0 for count in modules[name]):6} of {len(modules[name]):6} lines  {name}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({name: round(share(counts), 2) for name, counts in sorted(modules.items())}, indent=1) + "\n")
    missed = []
    for bar in arguments.bar:
        name, _, wanted = bar.partition("=")
        have = share(modules[name]) if name in modules else 0.0
        if have < float(wanted):
            missed.append(f"{name}: {have:.1f} % of its lines are covered, {wanted} % is wanted (tools/ci/coverage.py --missing)")
    print("\n".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
