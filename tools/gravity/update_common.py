#!/usr/bin/env python3
"""Brings the library in third_party/gravity-common up to date from a checkout of the platform, or checks that nobody changed it here.

    tools/update-common --check
    tools/update-common <checkout> [--force]      --force: even if it was changed here (the changes are lost)

Only the standard library; this file is a part of the platform's `export` as well as of every exported repository."""

import hashlib
import re
import shutil
import sys
from pathlib import Path

PLACE = Path("third_party") / "gravity-common"
RECORD = "COMMON_VERSION"
EXECUTABLE = (".sh",)


def collect(checkout: Path) -> dict[str, bytes]:
    """The library in a checkout of the platform, by path: sources, testkit, CMake modules; not its own tests."""
    result = {}
    for source, target in (("common", ""), ("cmake", "cmake/")):
        for path in sorted((checkout / source).rglob("*")):
            name = path.relative_to(checkout / source).as_posix()
            if path.is_file() and "__pycache__" not in name and not (source == "common" and name.startswith("tests/")):
                result[target + name] = path.read_bytes()
    if "CMakeLists.txt" not in result:
        raise SystemExit(f"update-common: {checkout} is no checkout of the platform")
    result["LICENSE"] = (checkout / "LICENSE").read_bytes()
    return result


def digest(files: dict[str, bytes]) -> str:
    """SHA-256 over names and contents in the order of the names."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return total.hexdigest()


def version(checkout: Path) -> str:
    found = re.search(r"project\(\s*\w+\s+VERSION\s+([0-9.]+)", (checkout / "CMakeLists.txt").read_text(encoding="utf-8"))
    return found[1] if found else "0.0.0"


def record(checkout: Path, files: dict[str, bytes]) -> bytes:
    return f"version {version(checkout)}\nsha256 {digest(files)}\n".encode()


def present(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file() and path.name != RECORD}


def untouched(place: Path) -> bool:
    try:
        return f"sha256 {digest(present(place))}\n" in (place / RECORD).read_text()
    except FileNotFoundError:
        return False


def write(place: Path, checkout: Path) -> None:
    """Replaces the library as a whole: made beside, then moved into its place."""
    files = collect(checkout)
    fresh = place.with_name(place.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, content in {**files, RECORD: record(checkout, files)}.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if path.suffix in EXECUTABLE else 0o644)
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)


def main(words: list[str]) -> int:
    place = Path(__file__).resolve().parents[1] / PLACE
    wanted = [word for word in words if not word.startswith("--")]
    if "--check" in words and not wanted:
        print(f"{PLACE} is as {RECORD} says." if untouched(place) else f"{PLACE} was changed: its digest is not that of {RECORD}.")
        return 0 if untouched(place) else 1
    if len(wanted) != 1 or set(words) - set(wanted) - {"--force"}:
        print(__doc__)
        return 2
    if not untouched(place) and "--force" not in words:
        print(f"{PLACE} was changed here. Carry the changes over to the platform first, or give --force.")
        return 1
    write(place, Path(wanted[0]).resolve())
    print((place / RECORD).read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
