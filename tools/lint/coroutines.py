#!/usr/bin/env python3
"""The patterns that gcc 12 compiles wrongly (docs/decisions/0003): a capturing lambda, or a braced aggregate with members, inside a
`co_await` expression, and `co_await` in an operand of `?:`. One line per fault, exit 1 if there is any."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = [path for pattern in ("common/**/*.[hc]pp", "discovery/**/*.[hc]pp", "gateway/**/*.[hc]pp", "services/**/*.[hc]pp") for path in sorted(ROOT.glob(pattern))]


def expression(text, start):
    """From `co_await` to the end of its full expression, and the characters of it that lie outside texts."""
    depth = 0
    for i in range(start, len(text)):
        c = text[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth < 0:
                return text[start:i]
        elif c == ";" and depth == 0:
            return text[start:i]
    return text[start:]


def strip(text):
    text = re.sub(r"//[^\n]*", lambda m: " " * len(m.group()), text)
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    text = re.sub(r'R"(\w*)\(.*?\)\1"', lambda m: re.sub(r"[^\n]", "_", m.group()), text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', lambda m: '"' + "_" * (len(m.group()) - 2) + '"', text)


faults = []
for path in SOURCES:
    text = strip(path.read_text())
    for match in re.finditer(r"\bco_await\b", text):
        line = text.count("\n", 0, match.start()) + 1
        expr = expression(text, match.start())
        where = f"{path.relative_to(ROOT)}:{line}"
        if re.search(r"[(,]\s*\[[^\]]+\]\s*(\([^)]*\))?\s*(mutable\s*)?(->[^{]*)?\{", expr):
            faults.append(f"{where}: a capturing lambda inside a co_await expression; name it first")
        if re.search(r"[(,]\s*(?:[A-Za-z_][\w:<>]*)?\{[^}]", expr):
            faults.append(f"{where}: a braced value inside a co_await expression; name it first")
        statement = text[max(text.rfind(c, 0, match.start()) for c in ";{}") + 1:match.start()]
        if re.search(r"\?[^?;{}]*$", statement):
            faults.append(f"{where}: co_await in an operand of ?:")
print("\n".join(faults) if faults else f"{len(SOURCES)} files keep to the rules for coroutines.")
sys.exit(1 if faults else 0)
