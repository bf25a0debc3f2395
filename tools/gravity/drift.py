"""Whether an executable knows exactly the settings that its manifest lists."""

import json
import subprocess

from . import manifest, paths
from .manifest import Service, Setting

PRESETS = ("release", "dev", "asan", "tsan", "coverage")


def newest_preset(executable: str) -> str | None:
    """The preset whose build of this executable is the newest."""
    built = [(path.stat().st_mtime, preset) for preset in PRESETS if (path := paths.ROOT / "build" / preset / "bin" / executable).is_file()]
    return max(built)[1] if built else None


def compare_all(preset: str | None = None) -> tuple[list[str], list[str]]:
    """(differences, services that are not built)."""
    differences, unbuilt = [], []
    for service in manifest.load_all().values():
        chosen = preset or newest_preset(service.executable)
        binary = paths.ROOT / "build" / chosen / "bin" / service.executable if chosen else None
        if binary is None or not binary.is_file():
            unbuilt.append(service.name)
            continue
        differences += compare(service, binary)
    return differences, unbuilt


def compare(service: Service, binary) -> list[str]:
    try:
        run = subprocess.run([str(binary), "--print-config", "--json"], capture_output=True, text=True, timeout=20,
                             env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        if run.returncode != 0:
            return [f"{service.executable} --print-config --json exits {run.returncode}: {run.stderr.strip()[:300]}"]
        reported = json.loads(run.stdout)["settings"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        return [f"{service.executable} --print-config --json: {error}"]
    return difference(service, reported)


def difference(service: Service, reported: list[dict]) -> list[str]:
    """Compares names, types, defaults, required and secret. Pure."""
    declared = {item.name: item for item in manifest.settings_of(service)}
    actual = {item["name"]: item for item in reported}
    result = [f"{service.name}: {name} is in the manifest, but {service.executable} does not know it" for name in declared if name not in actual]
    result += [f"{service.name}: {service.executable} knows {name}, which is not in the manifest" for name in actual if name not in declared]
    for name in declared.keys() & actual.keys():
        result += [f"{service.name}: {name}: {text}" for text in _differs(service, declared[name], actual[name])]
    return sorted(result)


def _differs(service: Service, declared: Setting, actual: dict) -> list[str]:
    expected = {"type": declared.type, "required": declared.required, "secret": declared.secret,
                "default": str(service.port) if declared.name == "PORT" else declared.default}
    result = []
    for key, want in expected.items():
        have = actual.get(key)
        if key == "default" and have is not None:
            have = ("true" if have else "false") if isinstance(have, bool) else str(have)
            have = have or None
        if have != want:
            result.append(f"{key} is {want!r} in the manifest and {have!r} in the executable")
    return result
