#!/usr/bin/env python3
"""What each source of a service costs the compiler: lines after preprocessing, and seconds of the front end; the ten worst are printed.

    tools/ci/budget.py [--build build/dev] [--cold]

Lines decide, because they are the same on every machine: 70,000 at most, 100,000 for a file with coroutines (gcc 12's library is 45,000 of them, Asio's
coroutine another 30,000); 60,000 is aimed at, and how many keep to it is told. Seconds (parsing and templates, with the
precompiled header as the build has it) are shown for whoever knows the machine, and fail only beyond any machine's measure. Files whose text is as it
was are not compiled again: times are kept in the cache folder (GRAVITY_CI_CACHE, else var/ci)."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import compile_commands  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("GRAVITY_CI_CACHE", ROOT / "var" / "ci")) / "budget.json"
LINES, LINES_WITH_COROUTINES, LINES_AIMED_AT = 70_000, 100_000, 60_000
SECONDS = 30.0
SHOWN = 10


def preprocessed(folder: str, words: list[str]) -> bytes:
    ran = subprocess.run([*compile_commands.without_precompiled(words), "-E"], cwd=folder, capture_output=True)
    if ran.returncode != 0:
        raise SystemExit(ran.stderr.decode(errors="replace"))
    return ran.stdout


def count(text: bytes) -> int:
    """Lines that hold something; not the preprocessor's own notes."""
    return sum(1 for line in text.split(b"\n") if line.strip() and not line.startswith(b"#"))


def front_end(folder: str, words: list[str]) -> float:
    """Processor seconds of parsing and instantiating: what other work on the machine does not change."""
    before = time.monotonic()
    process = subprocess.Popen([*words, "-fsyntax-only"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        raise SystemExit(said.decode(errors="replace"))
    return min(usage.ru_utime + usage.ru_stime, time.monotonic() - before)


def measured(source: str, entry: tuple[str, list[str]], known: dict) -> dict:
    folder, words = entry
    text = preprocessed(folder, words)
    digest = hashlib.sha256(text.replace(str(ROOT).encode(), b".")).hexdigest()
    old = known.get(source, {})
    seconds = old["seconds"] if old.get("digest") == digest else front_end(folder, words)
    coroutines = "async/coroutine.hpp>" in (ROOT / source).read_text(encoding="utf-8") or b"/boost/asio/impl/awaitable.hpp" in text
    return {"digest": digest, "lines": count(text), "seconds": round(seconds, 2), "coroutines": coroutines}


def faults(results: dict[str, dict]) -> list[str]:
    """Pure: what is over its bound. Discovery and gateway use Asio themselves by design; they are shown, not bound."""
    found = []
    for source, result in sorted(results.items()):
        bound = LINES_WITH_COROUTINES if result["coroutines"] else LINES
        if source.startswith("services/") and result["lines"] > bound:
            found.append(f"{source}: {result['lines']} lines after preprocessing, {bound} are allowed")
        if result["seconds"] > SECONDS:
            found.append(f"{source}: {result['seconds']} s of the front end, {SECONDS:.0f} are allowed on any machine")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/dev")
    parser.add_argument("--cold", action="store_true", help="measure every file anew")
    arguments = parser.parse_args()
    commands = {source: entry for source, entry in compile_commands.load(arguments.build).items()
                if re.match(r"(discovery|gateway|services/[a-z0-9-]+)/src/", source)}
    try:
        known = {} if arguments.cold else json.loads(CACHE.read_text())
    except (FileNotFoundError, ValueError):
        known = {}
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = dict(zip(commands, pool.map(lambda source: measured(source, commands[source], known), commands)))
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    CACHE.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    for title, prefix in (("services", "services/"), ("discovery and gateway", ("discovery/", "gateway/"))):
        rows = sorted(((result["lines"], result["seconds"], source) for source, result in results.items() if source.startswith(prefix)), reverse=True)
        print(f"{title}: {len(rows)} files, the costliest:")
        for lines, seconds, source in rows[:SHOWN]:
            print(f"  {lines:7} lines  {seconds:5.2f} s  {source}")
    aimed = [result["lines"] <= LINES_AIMED_AT for source, result in results.items() if source.startswith("services/")]
    print(f"{sum(aimed)} of {len(aimed)} files of services keep to {LINES_AIMED_AT} lines")
    found = faults(results)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
