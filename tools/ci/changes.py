#!/usr/bin/env python3
"""What differs from the main line, as modules (common, discovery, gateway, a service) and as files; and whose turn it is.

    tools/ci/changes.py modules                     changed modules
    tools/ci/changes.py pick <count> [module ...]   changed ones among these (default: all); if they are fewer than `count`, others in turn
    tools/ci/changes.py files                       changed C++ files

The base is GRAVITY_CI_BASE, or where this branch left main; on main itself the commit before. Without git everything counts as unchanged, and the
rotation alone chooses. The rotation goes by the number of commits, so that it moves on and a repeat chooses alike."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A change of these can change every object.
FOR_ALL = ("CMakeLists.txt", "CMakePresets.json", "cmake/")


def git(*words: str) -> str | None:
    try:
        ran = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return ran.stdout.strip() if ran.returncode == 0 else None


def base() -> str | None:
    wanted = os.environ.get("GRAVITY_CI_BASE")
    if wanted:
        return git("rev-parse", "--verify", "--quiet", wanted + "^{commit}")
    head = git("rev-parse", "HEAD")
    for main in ("origin/main", "main"):
        left = git("merge-base", "HEAD", main)
        if left and left != head:
            return left
    return git("rev-parse", "--verify", "--quiet", "HEAD~1")


def changed_paths() -> list[str]:
    """Committed since the base, and not committed yet."""
    since = base()
    if since is None:
        return []
    committed = git("diff", "--name-only", "--no-renames", since, "HEAD") or ""
    local = git("status", "--porcelain", "--untracked-files=all", "--no-renames") or ""
    return sorted({*committed.splitlines(), *(line.strip().split(maxsplit=1)[1].strip('"') for line in local.splitlines())})


def all_modules() -> list[str]:
    services = sorted(path.parent.name for path in ROOT.glob("services/*/service.yaml"))
    return ["common", *(name for name in ("discovery", "gateway") if (ROOT / name / "service.yaml").is_file()), *services]


def modules_of(names: list[str], known: list[str]) -> list[str]:
    """Which modules these paths belong to; what the whole build hangs on touches all."""
    if any(name == whole or (whole.endswith("/") and name.startswith(whole)) for name in names for whole in FOR_ALL):
        return known
    found = set()
    for name in names:
        parts = name.split("/")
        module = parts[1] if parts[0] == "services" and len(parts) > 2 else parts[0]
        if pathlib.Path(name).suffix in (".cpp", ".hpp", ".sql") or parts[-1] == "CMakeLists.txt":
            found.add(module)
    return [module for module in known if module in found]


def turn(items: list, count: int) -> list:
    """`count` of the items, others each time there are more commits."""
    if not items:
        return []
    number = int(git("rev-list", "--count", "HEAD") or 0)
    return [items[(number * count + step) % len(items)] for step in range(min(count, len(items)))]


def pick(count: int, among: list[str]) -> list[str]:
    known = all_modules()
    among = [module for module in known if module in among or not among]
    changed = [module for module in modules_of(changed_paths(), known) if module in among]
    return changed + turn([module for module in among if module not in changed], max(0, count - len(changed)))


def cxx_files(names: list[str]) -> list[str]:
    return [name for name in names if name.endswith((".cpp", ".hpp")) and not name.startswith("tools/") and (ROOT / name).is_file()]


if __name__ == "__main__":
    words = sys.argv[1:]
    if words == ["modules"]:
        print(" ".join(modules_of(changed_paths(), all_modules())))
    elif words[:1] == ["pick"] and len(words) > 1 and words[1].isdigit():
        print(" ".join(pick(int(words[1]), words[2:])))
    elif words == ["files"]:
        print("\n".join(cxx_files(changed_paths())))
    else:
        sys.exit(__doc__)
