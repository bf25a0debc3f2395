"""What a person sees: colours only on a terminal, marks only where the encoding has them, one place for both."""

import os
import re
import shutil
import sys
import threading

_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "grey": "90", "bold": "1"}
_lock = threading.Lock()
_progress_open = False
quiet = False  # set by --json: facts go to standard output, so progress must not


def is_terminal() -> bool:
    return sys.stdout.isatty()


def paint(text: str, colour: str) -> str:
    if not is_terminal() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{_CODES[colour]}m{text}\033[0m"


def mark(kind: str) -> str:
    """The tick, cross or warning sign, or a word where the terminal cannot show it."""
    signs = {"ok": ("✔", "ok  ", "green"), "bad": ("✘", "FAIL", "red"), "warn": ("!", "warn", "yellow"), "wait": ("…", "wait", "grey")}
    sign, word, colour = signs[kind]
    try:
        sign.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        sign = word
    return paint(sign, colour)


def say(text: str = "") -> None:
    global _progress_open
    if quiet:
        return
    with _lock:
        if _progress_open:
            sys.stdout.write("\r\033[K")
            _progress_open = False
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def progress(text: str) -> None:
    """A line that the next one replaces. Without a terminal it is not shown: logs should hold results, not motion."""
    global _progress_open
    if quiet or not is_terminal():
        return
    width = shutil.get_terminal_size().columns - 1
    with _lock:
        sys.stdout.write("\r\033[K" + text[:width])
        sys.stdout.flush()
        _progress_open = True


def warn(text: str) -> None:
    with _lock:
        sys.stderr.write(f"gravity: {text}\n")
        sys.stderr.flush()


def confirm(question: str) -> bool:
    """False when nobody can answer, so that a script never hangs on a question."""
    if not sys.stdin.isatty():
        return False
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def human_bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")


def visible_length(text: str) -> int:
    return len(re.sub(r"\033\[[0-9;]*m", "", text))


def table(rows: list[list[str]], header: list[str]) -> str:
    """Columns padded to their widest cell; colour codes do not count."""
    lines = [header, *rows]
    widths = [max(visible_length(line[column]) for line in lines) for column in range(len(header))]
    padded = []
    for line in lines:
        cells = [cell + " " * (width - visible_length(cell)) for cell, width in zip(line, widths)]
        padded.append("  ".join(cells).rstrip())
    return "\n".join(padded)
