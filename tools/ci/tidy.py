#!/usr/bin/env python3
"""clang-tidy over what changed, then over files in turn while time is left: `tools/ci/tidy.py [--all] [--seconds 120] [file ...]`.

The checks are in .clang-tidy; each finding is an error. A file that was clean is not looked at again until it, a header it includes, the checks or its
flags change: its key is the digest of its preprocessed text and of those, kept in the cache folder (GRAVITY_CI_CACHE, else var/ci)."""

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import changes  # noqa: E402
import compile_commands  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("GRAVITY_CI_CACHE", ROOT / "var" / "ci")) / "tidy"
TIDY = "clang-tidy-14"
# clang 14 has coroutines but not yet the macro by which libstdc++ asks for them; the rest is gcc's own.
EXTRA = ["-D__cpp_impl_coroutine=201902L", "-Wno-everything"]
# Right in C++20, but clang has it only since 16: a structured binding that a lambda captures.
NOT_YET = "reference to local binding"
FOREIGN = ("-fcf-protection", "-fprofile-update=atomic")


def flags_of(words: list[str], source: str) -> list[str]:
    """clang's flags for a source: no precompiled header, no warnings of the compiler (gcc gives those)."""
    own = [word for word in compile_commands.without_precompiled(words)[1:] if word not in FOREIGN and not word.startswith("-W")]
    return [*(word for word in own if word != str(ROOT / source)), *EXTRA]


def key(words: list[str], folder: str, source: str) -> str:
    """Changes exactly when the outcome may: text after preprocessing, the flags, the checks. gcc preprocesses: it is there anyway."""
    text = subprocess.run(["g++", *words, "-E", str(ROOT / source)], cwd=folder, capture_output=True)
    if text.returncode != 0:
        return ""  # clang-tidy itself will say why
    total = hashlib.sha256(text.stdout.replace(str(ROOT).encode(), b"."))
    total.update((ROOT / ".clang-tidy").read_bytes())
    total.update(" ".join(words).replace(str(ROOT), ".").encode())
    return total.hexdigest()


def check(source: str, commands: dict) -> tuple[str, str]:
    """(source, what was found): nothing if it is clean or was."""
    folder, words = commands[source]
    words = flags_of(words, source)
    digest = key(words, folder, source)
    mark = CACHE / digest[:2] / digest
    if digest and mark.exists():
        os.utime(mark)
        return source, ""
    ran = subprocess.run([TIDY, "--quiet", str(ROOT / source), "--", "clang++", *words], cwd=folder, capture_output=True, text=True)
    found = findings(ran.stdout)
    if found or (ran.returncode != 0 and NOT_YET not in ran.stdout):
        return source, "\n".join(found) or ran.stderr.strip()[-2000:] or f"{TIDY} ended with {ran.returncode}"
    if digest:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return source, ""


def findings(text: str) -> list[str]:
    """What clang-tidy printed, finding by finding (its line, then code and notes), without what is not the code's fault."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if re.match(r".+:\d+:\d+: (error|warning): ", line):
            blocks.append([])
        if blocks and line.strip():
            blocks[-1].append(line)
    return ["\n".join(block) for block in blocks if NOT_YET not in block[0]]


def forget_old(days: int = 30) -> None:
    for mark in CACHE.rglob("*"):
        if mark.is_file() and time.time() - mark.stat().st_mtime > days * 86400:
            mark.unlink(missing_ok=True)


def wanted(arguments, commands: dict) -> tuple[list[str], list[str]]:
    """(must be looked at, may be while there is time)."""
    sources = sorted(commands)
    if arguments.files:
        return [str(pathlib.Path(name)) for name in arguments.files], []
    if arguments.all:
        return sources, []
    changed = changes.cxx_files(changes.changed_paths())
    # A header is looked at through the sources that have its name: api.hpp by api.cpp and api_test.cpp.
    stems = {str(pathlib.Path(name).with_suffix("")) for name in changed}
    names = {pathlib.Path(name).stem for name in changed if name.endswith(".hpp")}
    must = [source for source in sources if str(pathlib.Path(source).with_suffix("")) in stems
            or pathlib.Path(source).stem.removesuffix("_test") in names and any(same_module(source, name) for name in changed)]
    rest = [source for source in sources if source not in must]
    return must, changes.turn(rest, len(rest))


def same_module(one: str, other: str) -> bool:
    return one.split("/")[:2] == other.split("/")[:2] or one.split("/")[0] == other.split("/")[0] == "common"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--build", default="build/dev")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=float, default=120, help="for files whose turn it is (%(default)s)")
    parser.add_argument("--most", type=float, default=float("inf"), help="seconds for those that must be looked at; what is left over is said")
    arguments = parser.parse_args()
    if shutil.which(TIDY) is None:
        raise SystemExit(f"{TIDY} is not installed: apt-get install clang-tidy-14")
    commands = compile_commands.load(arguments.build)
    must, may = wanted(arguments, commands)
    unknown = [source for source in must if source not in commands]
    if unknown:
        raise SystemExit(f"not compiled by {arguments.build}: {', '.join(unknown)}")
    found, looked = {}, 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        def run(sources, seconds) -> int:
            """In small groups until the time is over; how many were left out."""
            nonlocal looked
            begun = time.monotonic()
            for start in range(0, len(sources), 8):
                if time.monotonic() - begun > seconds:
                    return len(sources) - start
                for source, text in pool.map(lambda name: check(name, commands), sources[start:start + 8]):
                    looked += 1
                    if text:
                        found[source] = text
                        print(f"{source}:\n{text}", flush=True)
            return 0
        left = run(must, arguments.most)
        if not left:
            run(may, arguments.seconds)
    forget_old()
    print(f"clang-tidy: {looked} of {len(commands)} files looked at ({len(must)} changed), {len(found)} with findings."
          + (f" {left} changed files were left out for lack of time." if left else ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
