#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Spring Security's introspector of opaque tokens (`spring-security-oauth2-resource-server`), as a resource server has it, before API keys of project. On a project and a PostgreSQL of
its own. Needs a JDK and Maven (Debian: openjdk-17-jdk-headless, maven)."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import project_service  # noqa: E402
import throwaway  # noqa: E402
from maven import archive_of  # noqa: E402
from scripts import same  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().with_suffix("")


def asked(java, archive, project, tokens, own=None):
    """A line for each token."""
    ran = subprocess.run([java, "-jar", str(archive), f"{project.url}/api/v1/api-keys/introspect", own or project.token, *tokens], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, timeout=180)
    if ran.returncode != 0:
        sys.exit(f"the resource server ended with {ran.returncode}: {ran.stdout[-4000:]}")
    return [line for line in ran.stdout.splitlines() if line.startswith(("GOOD ", "BAD", "FAILED"))]


def use(java, archive, project):
    shop = project.shop()
    project.ask("PUT", f"/api/v1/organizations/{shop['organization_id']}/plan", {"plan": "gold"})

    def made(**more):
        return project.ask("POST", "/api/v1/api-keys", {"project_id": shop["id"], "env": "production", "name": "x", "scopes": ["products:read", "projects:read"], **more})

    good, ending, revoked, counted = made(), made(expires_at="2999-01-01T00:00:00Z"), made(), made(uses_left=1)
    project.ask("DELETE", f"/api/v1/api-keys/{revoked['id']}")

    def line(key, end):
        return (f"GOOD api_key:{key['id']} [SCOPE_products:read, SCOPE_projects:read] project={shop['id']} env=production exp={end} plan=gold")

    keys = [good["key"], ending["key"], revoked["key"], counted["key"], counted["key"], "x", good["key"][:-1] + ("0" if good["key"][-1] != "0" else "1")]
    same("what Spring Security makes of keys", asked(java, archive, project, keys),
         [line(good, "null"), line(ending, "2999-01-01T00:00:00Z"), "BAD", line(counted, "null"), "BAD", "BAD", "BAD"])
    same("a resource server that may not ask", asked(java, archive, project, [good["key"]], own="x"), ["FAILED"])


def main():
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None or maven is None:
        print("there is no JDK with Maven to build the resource server with")
        sys.exit(77)
    program = throwaway.binary("project", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    archive = archive_of(maven, SOURCE, "Server", "resource-server-1.jar")
    with project_service.running(program) as project:
        use(java, archive, project)
    print("Spring Security's introspector takes API keys")


main()
