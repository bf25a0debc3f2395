"""Derived files. A generator maps all services to {path: text}; writing and comparing is done here, once, for all of them."""

from pathlib import Path

from .. import manifest, paths
from . import compose, dockerfile, documents, environment, kubernetes, observability, systemd

GENERATORS = (documents.files, environment.files, dockerfile.files, compose.files, kubernetes.files, systemd.files, observability.files)

# Folders where every file is derived: one that no generator makes any more is left over and goes.
OWNED = ("deploy/kubernetes", "deploy/systemd")


def outputs() -> dict[Path, str]:
    """All derived files with their text, by path in the checkout."""
    services = manifest.load_all()
    result: dict[Path, str] = {}
    for generator in GENERATORS:
        for name, text in generator(services).items():
            path = paths.ROOT / name
            if path in result:
                raise AssertionError(f"two generators make {name}")
            result[path] = text
    return result


def leftovers(wanted: dict[Path, str]) -> list[Path]:
    found = []
    for folder in OWNED:
        found += [path for path in sorted((paths.ROOT / folder).rglob("*")) if path.is_file() and path not in wanted]
    return found


def differences(wanted: dict[Path, str]) -> list[tuple[Path, str]]:
    """What `generate` would change: (path, 'missing' | 'differs' | 'left over')."""
    result = []
    for path, text in wanted.items():
        try:
            if path.read_text(encoding="utf-8") != text:
                result.append((path, "differs"))
        except FileNotFoundError:
            result.append((path, "missing"))
    return result + [(path, "left over") for path in leftovers(wanted)]


def write(wanted: dict[Path, str]) -> list[tuple[Path, str]]:
    """Makes the checkout equal to `wanted`; untouched files keep their time, so builds stay quiet. Returns the changes."""
    changes = differences(wanted)
    for path, kind in changes:
        if kind == "left over":
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    for folder in OWNED:
        for path in sorted((paths.ROOT / folder).rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
    return changes
