#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Authlib's protector of resources with its validator of introspected tokens (RFC 7662), unchanged, before API keys of project. On a project and a PostgreSQL of its
own."""

import os
import pathlib
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import project_service  # noqa: E402
import throwaway  # noqa: E402
from scripts import same  # noqa: E402

try:
    import requests
    from authlib.oauth2.rfc6749 import ResourceProtector
    from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
    from authlib.oauth2.rfc7662 import IntrospectTokenValidator
except ImportError as missing:
    print(f"{missing.name} is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)


def main():
    program = throwaway.binary("project", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    with project_service.running(program) as project:
        class Keys(IntrospectTokenValidator):
            def introspect_token(self, token_string):
                answer = requests.post(f"{project.url}/api/v1/api-keys/introspect", data={"token": token_string, "token_type_hint": "access_token"},
                                       headers={"Authorization": f"Bearer {project.token}"}, timeout=60)
                answer.raise_for_status()
                return answer.json()

        protector = ResourceProtector()
        protector.register_token_validator(Keys())

        def acquire(key, scopes=None):
            return protector.validate_request(scopes, types.SimpleNamespace(headers={"Authorization": f"Bearer {key}"}))

        def refused(what, error, key, scopes=None):
            try:
                acquire(key, scopes)
            except error:
                return
            sys.exit(f"not refused: {what}")

        shop = project.shop()
        made = project.ask("POST", "/api/v1/api-keys", {"project_id": shop["id"], "env": "production", "name": "x", "scopes": ["products:read", "projects:read"]})
        token = acquire(made["key"], ["products:read"])
        same("the subject", token["sub"], f"api_key:{made['id']}")
        same("the project", token["project"], shop["id"])
        acquire(made["key"], ["products:read projects:read"])
        refused("a scope that it lacks", InsufficientScopeError, made["key"], ["products:write"])
        refused("a key that is none", InvalidTokenError, "x")
        refused("a mistyped key", InvalidTokenError, made["key"][:-1] + ("0" if made["key"][-1] != "0" else "1"))
        same("giving it back", requests.post(f"{project.url}/api/v1/api-keys/revoke", data={"token": made["key"]}, timeout=60).status_code, 200)
        refused("a key that was given back", InvalidTokenError, made["key"])
        same("who says nothing of themselves", requests.post(f"{project.url}/api/v1/api-keys/introspect", data={"token": "x"}, timeout=60).status_code, 401)
    print("Authlib is served as it should be")


main()
