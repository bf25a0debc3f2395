#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Go programs against project: usage by the CloudEvents SDK for Go (each encoding, attributes of each type, data of each kind that it makes), and API keys by
the resource server of Zitadel's OpenID library (RFC 7662). On a project and a PostgreSQL of its own."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import fetched  # noqa: E402
import project_service  # noqa: E402
import throwaway  # noqa: E402
from scripts import same  # noqa: E402

MODULES = ("github.com/cloudevents/sdk-go/v2@v2.16.2", "github.com/zitadel/oidc/v3@v3.52.0")


def main():
    binary = throwaway.binary("project", os.environ.get("GRAVITY_PRESET", "dev"))
    if not binary.exists():
        fetched.skip(f"{binary} is not built")
    program = fetched.go_program("project-go", pathlib.Path(__file__).resolve().with_suffix(".go").read_text(), *MODULES)
    with project_service.running(binary) as project:
        for slug, of, path in (("tokens", "prompt", {"value_path": "$.tokens"}), ("pings", "ping", {})):
            project.ask("POST", "/api/v1/meters", {"slug": slug, "event_type": of, "aggregation": "sum" if path else "count", **path})
        shop = project.shop()
        key = project.ask("POST", "/api/v1/api-keys", {"project_id": shop["id"], "env": "production", "name": "x", "scopes": ["products:read"],
                                                       "expires_at": "2100-01-01T00:00:00Z"})
        foreign = "eyJ" + "x" * 9000  # a token as other issuers make them
        told = fetched.run([str(program), key["key"], key["key"][:-1], foreign], None, "the Go program",
                           env={**os.environ, "GRAVITY_PROJECT_URL": project.url, "GRAVITY_TOKEN": project.token})
        learnt = json.loads(told)
        statuses = learnt["statuses"]
        same("data that are not JSON where it is read", statuses.pop("other data where JSON is read"), 422)
        same("the other events", set(statuses.values()), {204})
        same("how many", len(statuses), 11)
        counted = [project.ask("GET", f"/api/v1/meters/{slug}/query?subject=Gr%C3%BCn%20%E2%82%AC")["items"][0]["value"] for slug in ("tokens", "pings")]
        same("what is counted", counted, [32.3, 5])
        good, mistyped, other = learnt["keys"]
        same("a key", (good["active"], good["sub"], good["scope"], good["exp"]), (True, f"api_key:{key['id']}", "products:read", 4102444800))
        same("what is none", (mistyped["active"], other["active"]), (False, False))
    print(f"{' and '.join(MODULES)} are served as they should be")


main()
