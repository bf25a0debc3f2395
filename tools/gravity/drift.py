"""Whether an executable is what is committed about it: the settings of its manifest, and its openapi.json."""

import json
import subprocess

from . import manifest, paths
from .manifest import Service, Setting

PRESETS = ("release", "dev", "asan", "tsan", "coverage")


def newest_preset(executable: str) -> str | None:
    """The preset whose build of this executable is the newest."""
    built = [(path.stat().st_mtime, preset) for preset in PRESETS if (path := paths.ROOT / "build" / preset / "bin" / executable).is_file()]
    return max(built)[1] if built else None


def compare_all(preset: str | None = None, write: bool = False) -> tuple[list[str], list[str], list[str]]:
    """(differences, services that are not built from what is here, openapi.json files that were written). What a person must mend is only
    told; the document of the routes is written if `write` says so."""
    differences, unbuilt, written = [], [], []
    for service in manifest.load_all().values():
        chosen = preset or newest_preset(service.executable)
        binary = paths.ROOT / "build" / chosen / "bin" / service.executable if chosen else None
        if binary is None or not binary.is_file() or binary.stat().st_mtime < last_change(service):
            unbuilt.append(service.name)
            continue
        try:
            differences += difference(service, _asked(binary, "--print-config", "--json")["settings"])
            differences += roots_difference(service, _asked(binary, "--openapi"))
            if write:
                written += [openapi_name(service)] if write_openapi(service, binary) else []
            elif not _has_openapi(service, binary):
                differences.append(f"{openapi_name(service)} is not what {service.executable} --openapi prints; run `./gravity generate`")
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
            differences.append(f"{service.executable}: {error}")
    return differences, unbuilt, written


def roots_difference(service: Service, document: dict) -> list[str]:
    """The root prefixes of a standard: the manifest's, which folders for Kubernetes are made of, and those that the service registers."""
    registered = document.get("x-gravity-roots", [])
    if sorted(registered) == sorted(service.prefixes):
        return []
    return [f"{service.name}: prefixes of its manifest are {sorted(service.prefixes)}, it registers {sorted(registered)}"]


def last_change(service: Service) -> float:
    """Of the newest source that goes into its executable: an older executable says what was so before."""
    folders = [paths.ROOT / "common" / "include", paths.ROOT / "common" / "src", service.folder / "src"]
    return max((path.stat().st_mtime for folder in folders for path in folder.rglob("*.[ch]pp")), default=0.0)


def _asked(binary, *flags: str) -> dict:
    """What an executable says of itself, as JSON. It is asked without the caller's environment, whose settings would show."""
    ran = subprocess.run([str(binary), *flags], capture_output=True, text=True, timeout=20, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
    if ran.returncode != 0:
        raise ValueError(f"{' '.join(flags)} exits {ran.returncode}: {ran.stderr.strip()[:300]}")
    return json.loads(ran.stdout)


def openapi_name(service: Service) -> str:
    return f"{service.folder_name}/openapi.json"


def openapi_text(document: dict) -> str:
    """As it is committed: one member a line, so that a change of the API can be read in a diff."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _has_openapi(service: Service, binary) -> bool:
    try:
        there = (service.folder / "openapi.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        there = ""
    return there == openapi_text(_asked(binary, "--openapi"))


def write_openapi(service: Service, binary) -> bool:
    """True if the file was not as the executable says."""
    if _has_openapi(service, binary):
        return False
    (service.folder / "openapi.json").write_text(openapi_text(_asked(binary, "--openapi")), encoding="utf-8")
    return True


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
                "default": str(service.port) if declared.name == "PORT" else declared.default or None}
    result = []
    for key, want in expected.items():
        have = actual.get(key)
        if key == "default" and have is not None:
            have = ("true" if have else "false") if isinstance(have, bool) else str(have)
            have = have or None
        if have != want:
            result.append(f"{key} is {want!r} in the manifest and {have!r} in the executable")
    return result
