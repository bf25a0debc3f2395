"""Runs CMake and Ninja with the presets of the root, only for the targets that are asked for."""

import os
import re
import subprocess
import time
from pathlib import Path

from . import machine, output, paths
from .errors import FAILED, Failure
from .manifest import Service

PRESETS = ("dev", "asan", "tsan", "coverage", "release")
MEMORY_PER_JOB = int(1.5 * machine.GIB)


def jobs() -> int:
    """One compiler per core, but no more than memory allows: an optimised C++ file can take 1.5 GiB."""
    return max(1, min(len(os.sched_getaffinity(0)), machine.available_memory() // MEMORY_PER_JOB))


def directory(preset: str) -> Path:
    return paths.ROOT / "build" / preset


def has_build(service: Service) -> bool:
    return (service.folder / "CMakeLists.txt").is_file()


def configure(preset: str) -> None:
    """Once; afterwards the generated build looks by itself whether CMake must run again."""
    if (directory(preset) / "build.ninja").is_file():
        return
    output.say(f"configuring build/{preset}")
    log = directory(preset) / "configure.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as file:
        ran = subprocess.run(["cmake", "--preset", preset], cwd=paths.ROOT, stdout=file, stderr=subprocess.STDOUT)
    if ran.returncode != 0:
        raise Failure("CMake could not configure the build:\n    " + "\n    ".join(log.read_text().splitlines()[-15:]), f"All of it: {log}")


def compile_targets(preset: str, targets: list[str], count: int | None = None) -> float:
    """Builds; shows progress as `[231/880] order`; on an error the compiler's words, whole. Returns the seconds."""
    configure(preset)
    begun = time.monotonic()
    command = ["cmake", "--build", str(directory(preset)), "--parallel", str(count or jobs())]
    if targets:
        command += ["--target", *targets]
    # Ninja prints "[n/m] step" lines; whatever follows one that is no such line belongs to a warning or an error.
    environment = {**os.environ, "NINJA_STATUS": "[%f/%t] ", "CCACHE_SLOPPINESS": "pch_defines,time_macros"}
    process = subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               env=environment)
    said: list[str] = []
    try:
        for line in process.stdout:
            line = line.rstrip("\n")
            found = re.match(r"\[(\d+/\d+)\] (.*)", line)
            if found:
                output.progress(f"[{found[1]}] {subject(found[2])}")
            elif line and not line.startswith("ninja: no work"):
                said.append(line)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.wait() != 0:
        raise Failure("The build failed:\n" + "\n".join(said[-120:]), code=FAILED)
    for line in said:
        if "warning:" in line:
            output.say(line)
    return time.monotonic() - begun


def subject(step: str) -> str:
    """Which part of the platform a build step is about."""
    found = re.search(r"(?:services/)?([a-z0-9-]+)/(?:CMakeFiles|generated|src|tests)", step)
    if found:
        return found[1]
    found = re.search(r"bin/(?:gravity-)?([A-Za-z0-9_-]+)", step)
    return found[1] if found else step[-60:]
