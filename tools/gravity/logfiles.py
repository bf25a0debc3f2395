"""Reading log files: one JSON object a line from services, plain lines from stores; rotation; filters."""

import json
import os
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from . import output

LEVELS = ("trace", "debug", "info", "warn", "error", "critical")
_SYNONYMS = {"warning": "warn", "err": "error", "fatal": "critical"}
_COLOURS = {"trace": "grey", "debug": "grey", "info": "blue", "warn": "yellow", "error": "red", "critical": "red"}
_SHOWN_APART = ("ts", "level", "service", "msg")


@dataclass(frozen=True)
class Line:
    time: float  # seconds since 1970; a line without a time has that of the line before it
    source: str
    text: str
    level: str = ""
    fields: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    level: str | None = None
    trace: str | None = None
    since: float | None = None

    def accepts(self, line: Line) -> bool:
        if self.since is not None and line.time < self.since:
            return False
        if self.trace is not None and not str(line.fields.get("trace_id", "")).startswith(self.trace):
            return False
        # A line without a level (a crash's last words) is never filtered away by level.
        return self.level is None or not line.level or LEVELS.index(line.level) >= LEVELS.index(self.level)


def parse_since(text: str, now: float) -> float:
    """Raises ValueError with the reason."""
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found:
        return now - int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
    return parse_time(text)


def parse_time(text: str) -> float:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def parse_line(text: str, source: str, before: float) -> Line:
    """Never fails: what is no JSON object is a plain line."""
    try:
        fields = json.loads(text) if text.startswith("{") else None
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return Line(_plain_time(text) or before, source, text)
    try:
        moment = parse_time(str(fields.get("ts", "")))
    except ValueError:
        moment = before
    level = str(fields.get("level", "")).lower()
    level = _SYNONYMS.get(level, level)
    return Line(moment, source, str(fields.get("msg", "")), level if level in LEVELS else "", fields)


def _plain_time(text: str) -> float | None:
    """PostgreSQL's and supervisor's `2026-01-31 08:00:00.123` at the start of a line."""
    found = re.match(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[.,](\d{3})", text)
    try:
        return parse_time(f"{found[1]}.{found[2]}") if found else None
    except ValueError:
        return None


class Reader:
    """One program's log with its rotated parts; `fresh` goes on where the last read ended, across rotations."""

    def __init__(self, path: Path, source: str):
        self.path, self.source = path, source
        self.time = 0.0
        self.inode, self.position = 0, 0
        self.rest = b""

    def past(self) -> list[Line]:
        lines: list[Line] = []
        parts = sorted(self.path.parent.glob(self.path.name + ".[0-9]*"), key=lambda p: -int(p.suffix[1:]))
        for part in parts:
            lines += self._lines(part.read_bytes())
        return lines + self.fresh()

    def fresh(self) -> list[Line]:
        try:
            with open(self.path, "rb") as file:
                info = os.fstat(file.fileno())
                lines: list[Line] = []
                if self.inode and (info.st_ino != self.inode or info.st_size < self.position):
                    lines += self._end_of_rotated()
                    self.position, self.rest = 0, b""
                self.inode = info.st_ino
                file.seek(self.position)
                data = file.read()
                self.position += len(data)
        except FileNotFoundError:
            return []
        *whole, self.rest = (self.rest + data).split(b"\n")
        return lines + self._lines(b"\n".join(whole))

    def _end_of_rotated(self) -> list[Line]:
        """What was written between our last read and the rotation is at the end of `.1`."""
        first = self.path.with_name(self.path.name + ".1")
        try:
            if first.stat().st_ino != self.inode:
                return []
            with open(first, "rb") as file:
                file.seek(self.position)
                return self._lines(self.rest + file.read())
        except FileNotFoundError:
            return []

    def _lines(self, data: bytes) -> list[Line]:
        result = []
        for raw in data.split(b"\n"):
            text = raw.decode("utf-8", "replace").rstrip("\r")
            if text:
                line = parse_line(text, self.source, self.time)
                self.time = line.time
                result.append(line)
        return result


def pretty(line: Line) -> str:
    clock = datetime.fromtimestamp(line.time).strftime("%H:%M:%S.%f")[:-3] if line.time else " " * 12
    level = output.paint(f"{line.level or '-':<5}", _COLOURS.get(line.level, "grey"))
    extra = " ".join(f"{output.paint(key + '=', 'grey')}{_short(value)}" for key, value in line.fields.items() if key not in _SHOWN_APART)
    return f"{output.paint(clock, 'grey')} {line.source:<18} {level} {line.text}" + (f"  {extra}" if extra else "")


def _short(value) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(text, ensure_ascii=False) if " " in text else text
