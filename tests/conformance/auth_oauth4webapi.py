#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The npm client `oauth4webapi` (certified by the OpenID Foundation), unchanged, against auth: dynamic registration, client credentials, DPoP with and without
nonces of the server's, its own check of the tokens as a resource server, token exchange. On an auth and a PostgreSQL of its own."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from fetched import node, node_tests, npm_modules  # noqa: E402
from issuer import issuer  # noqa: E402

VERSION = "3.8.8"
LIMIT = 120  # seconds for each run of it


def use(program, modules, nonces):
    with issuer(["clients", "products", "orders"], more=["clients:register"], AUTH_DPOP_NONCE=nonces) as auth:
        settings = {"GRAVITY_NODE_MODULES": str(modules), "GRAVITY_ISSUER": auth.url, "GRAVITY_TOKEN": auth.token, "GRAVITY_NONCES": nonces}
        return node_tests(program, pathlib.Path(__file__).resolve().with_suffix(".mjs"), settings, LIMIT)


def main():
    program = node(least=20)  # its Web Cryptography
    modules = npm_modules("oauth4webapi", f"oauth4webapi@{VERSION}")
    passed = [use(program, modules, nonces) for nonces in ("false", "true")]
    print(f"{passed[0]} tests of the npm client passed, and {passed[1]} where proofs need a nonce")


main()
