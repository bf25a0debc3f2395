#!/usr/bin/env python3
"""scimmy, SCIM for Node.js, on the client's side of user: every answer goes through its schemas, its filters choose whom ours choose, and its PATCH comes to
what ours comes to. Against the running platform."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import fetched  # noqa: E402

HERE = pathlib.Path(__file__).resolve()
CLIENT = "scimmy@1.3.5"


def main():
    if "GRAVITY_USER_URL" not in os.environ:
        fetched.skip("user is not running")
    node = fetched.node(18)
    modules = fetched.npm_modules("scimmy", CLIENT)
    passed = fetched.node_tests(node, HERE.with_suffix(".mjs"), {"GRAVITY_NODE_MODULES": str(modules)}, 120)
    print(f"{passed} tests with scimmy passed")


main()
