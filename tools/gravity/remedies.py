"""Known causes of a failed start, found in a service's own words or log, each with what to do."""

import re

_KNOWN = (
    (r"address already in use|EADDRINUSE", "Another program has the port: `./gravity doctor` names it, `--port-base N` moves all ports."),
    (r"error while loading shared libraries: (\S+)", "The library {0} is missing: `./gravity up` without --no-build installs the packages."),
    (r"password authentication failed|WRONGPASS", "Secrets and stores are out of step. `./gravity reset` begins anew (deletes the data in var/)."),
    (r"No space left on device", "The disk is full: `./gravity doctor` shows how much is used where."),
    (r"too many connections|remaining connection slots", "PostgreSQL's connection budget is used up: `./gravity down`, then `./gravity up`."),
    (r"unknown setting|is not a known setting", "A setting in var/env/<service>.env is misspelled, or the build is older than the manifest: `./gravity build`."),
    (r"permission denied", "A file belongs to another user: was `./gravity up` once run by root? `./gravity doctor` looks for it."),
    (r"checksum|migration .* (changed|differs)", "A migration that ran already was edited. Restore the file and add a new one instead."),
    (r"std::bad_alloc|Cannot allocate memory", "Not enough memory: start fewer services, e.g. `--profile core`."),
)


def remedy(text: str) -> str | None:
    for pattern, answer in _KNOWN:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return answer.format(*found.groups())
    return None
