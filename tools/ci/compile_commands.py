"""The compiler's command for each source of a build, as lists of words, with what the tools here need taken out or put in."""

import json
import pathlib
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(build: str) -> dict[str, tuple[str, list[str]]]:
    """Source, by its path in the checkout -> (folder to run in, words of the command)."""
    path = ROOT / build / "compile_commands.json"
    if not path.is_file():
        raise SystemExit(f"{build} is not configured: cmake --preset {pathlib.Path(build).name}")
    result = {}
    for entry in json.loads(path.read_text()):
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if source.is_relative_to(ROOT) and not source.is_relative_to(ROOT / build):
            result[source.relative_to(ROOT).as_posix()] = (entry["directory"], compiler_words(shlex.split(entry["command"])))
    return result


def compiler_words(words: list[str]) -> list[str]:
    """Without ccache and its environment before it, and without output and `-c`."""
    begin = next(index for index, word in enumerate(words) if pathlib.Path(word).name in ("c++", "cc", "g++", "gcc", "clang++"))
    kept, skip = [], False
    for word in words[begin:]:
        if skip:
            skip = False
        elif word in ("-o", "-MT", "-MF"):
            skip = True
        elif word not in ("-c", "-MD", "-MMD"):
            kept.append(word)
    return kept


def without_precompiled(words: list[str]) -> list[str]:
    result, skip = [], False
    for index, word in enumerate(words):
        if skip:
            skip = False
        elif word == "-include" and "cmake_pch" in words[index + 1]:
            skip = True
        elif word != "-Winvalid-pch":
            result.append(word)
    return result
