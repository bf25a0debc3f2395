#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The npm client `openid-client` (certified by the OpenID Foundation), unchanged, against auth: it signs people in with nothing but the issuer's address. The pages
are gone through as a browser without scripts does it. On an auth and a PostgreSQL of its own, with and without nonces of the server's for proofs of possession."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from fetched import node, node_tests, npm_modules  # noqa: E402
from issuer import issuer  # noqa: E402

VERSION = "6.9.0"
LIMIT = 120  # seconds for each run of it


def use(program, modules, nonces):
    with issuer(AUTH_DPOP_NONCE=nonces) as auth:
        person, identity = auth.person("ada@example.com")
        with person.answering() as visits:
            settings = {"GRAVITY_NODE_MODULES": str(modules), "GRAVITY_ISSUER": auth.url, "GRAVITY_TOKEN": auth.token, "GRAVITY_VISITS": visits,
                        "GRAVITY_SUBJECT": identity, "GRAVITY_NONCES": nonces}
            return node_tests(program, pathlib.Path(__file__).resolve().with_suffix(".mjs"), settings, LIMIT)


def main():
    program = node(least=20)
    modules = npm_modules("openid-client", f"openid-client@{VERSION}")
    passed = [use(program, modules, nonces) for nonces in ("false", "true")]
    print(f"{passed[0]} tests of openid-client {VERSION} passed, and {passed[1]} where proofs need a nonce")


main()
