#!/usr/bin/env python3
"""Runs the fuzz targets for a while each: `tools/ci/fuzz.py [--seconds 60] [target ...]`, e.g. `tools/ci/fuzz.py --seconds 600 http_request_head`.

Builds the preset `fuzz` first (clang, libFuzzer, address and undefined-behaviour sanitizers). What a run learns is kept in var/fuzz/<target>, so the next
goes on from there; tests/fuzz/seeds/<target> beside a target's source is where the first begins. An input that breaks something is kept as
var/fuzz/<target>.crash-*, and `build/fuzz/bin/fuzz_<target> FILE` runs it again."""

import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = ("common/tests/fuzz", "discovery/tests/fuzz", "gateway/tests/fuzz", "services/*/tests/fuzz")


def sources() -> dict[str, pathlib.Path]:
    """Every target by its name, which begins with its service's."""
    found = {}
    for place in PLACES:
        for path in sorted(ROOT.glob(f"{place}/*.cpp")):
            owner = path.relative_to(ROOT).parts[-4]
            found[path.stem if owner == "common" else f"{owner}_{path.stem}".replace("-", "_")] = path
    return found


def run(target: str, source: pathlib.Path, seconds: int) -> bool:
    folder = ROOT / "var" / "fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    begin = source.parent / "seeds" / target
    log = folder.with_suffix(".log")
    # A second for one input is far too long for any of them, the sanitizers' slowness counted in.
    command = [str(ROOT / "build/fuzz/bin" / f"fuzz_{target}"), f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=2048", "-max_len=8192", "-use_value_profile=1",
               "-print_final_stats=1", f"-artifact_prefix={folder}.", str(folder), *([str(begin)] if begin.is_dir() else [])]
    with open(log, "w", encoding="utf-8") as file:
        code = subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"}).returncode
    text = log.read_text(errors="replace")
    runs = re.search(r"number_of_executed_units:\s*(\d+)", text)
    print(f"{'✔' if code == 0 else '✘'} {target}: {runs[1] if runs else '?'} inputs in {seconds} s, {sum(1 for _ in folder.iterdir())} kept", flush=True)
    if code != 0:
        print("\n".join(text.splitlines()[-40:]), flush=True)
    return code == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (%(default)s)")
    known = sources()
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(known))
    arguments = parser.parse_args()
    unknown = [name for name in arguments.targets if name not in known]
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = arguments.targets or list(known)
    if not (ROOT / "build/fuzz/build.ninja").is_file():
        subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "build/fuzz", "--target", *(f"fuzz_{name}" for name in chosen)], cwd=ROOT, check=True)
    broken = [name for name in chosen if not run(name, known[name], arguments.seconds)]
    print(f"{len(chosen) - len(broken)} targets clean, {len(broken)} with a finding" + "".join(f"\n    {name}" for name in broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
