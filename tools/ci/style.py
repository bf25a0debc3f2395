#!/usr/bin/env python3
"""Whether C++ files are formatted: `tools/ci/style.py [--all | --write | file ...]`; without words those that changed.

.clang-format leaves line breaks to whoever writes (a table of routes or a SQL text is laid out to be read), so the length of a line is looked at here."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import changes  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMAT = "clang-format-19"
LONGEST = 160


def all_files() -> list[str]:
    found = [path.relative_to(ROOT).as_posix() for top in ("common", "discovery", "gateway", "services") for path in (ROOT / top).rglob("*")]
    return sorted(changes.cxx_files(found))


def faults(name: str, text: str | None = None) -> list[str]:
    """Of the file as it is, or of another text of it."""
    text = (ROOT / name).read_text(encoding="utf-8") if text is None else text
    formatted = subprocess.run([FORMAT, "--style=file", f"--assume-filename={name}"], cwd=ROOT, input=text, capture_output=True, text=True, check=True).stdout
    found = [f"{name}:{number}: {len(line)} characters, {LONGEST} are allowed" for number, line in enumerate(text.splitlines(), 1) if len(line) > LONGEST]
    if formatted != text:
        lines = zip(text.splitlines() + [""], formatted.splitlines() + [""])
        first = next((number for number, (have, want) in enumerate(lines, 1) if have != want), len(text.splitlines()))
        found.append(f"{name}:{first}: not as .clang-format has it (tools/ci/style.py --write {name})")
    return found


def main(words: list[str]) -> int:
    if shutil.which(FORMAT) is None:
        raise SystemExit(f"{FORMAT} is not installed: apt-get install clang-format-19")
    flags = [word for word in words if word.startswith("--")]
    names = [word for word in words if not word.startswith("--")]
    if set(flags) - {"--all", "--write"}:
        raise SystemExit(__doc__)
    files = changes.cxx_files(names) if names else (all_files() if "--all" in flags else changes.cxx_files(changes.changed_paths()))
    if "--write" in flags and files:
        subprocess.run([FORMAT, "--style=file", "-i", *files], cwd=ROOT, check=True)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        by_file = {name: found for name, found in zip(files, pool.map(faults, files)) if found}
    print("\n".join(fault for found in by_file.values() for fault in found) if by_file else f"{len(files)} files looked at.")
    return 1 if by_file else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
