"""What the scripts of tests/conformance say when something is not as it should be: one line, and exit 1."""

import sys


def same(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r} instead of {wanted!r}")


def contains(what, text, *needles):
    for needle in needles:
        if needle not in text:
            sys.exit(f"{what}: no {needle!r} in\n{text}")
