#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""SCIM of user, held against the standard by a checker that others wrote: scim2-tester, whose models come from what the service says of itself; then a story
told by scim2-client, which validates every answer, and one typed at scim2-cli, by a directory and by somebody of themselves (`/Me`). On a user and a PostgreSQL of its own; once asked
itself, once at the root of a gateway."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import throwaway  # noqa: E402
from gravity import tokens  # noqa: E402
from neighbourhood import gateway, manifest_route  # noqa: E402
from scripts import same  # noqa: E402

try:
    from httpx2 import Client
    from scim2_client.engines.httpx2 import SyncSCIMClient
    from scim2_models import PatchOp, PatchOperation, SCIMException, SearchRequest
    from scim2_tester import Status, check_server
except ImportError as missing:
    print(f"{missing.name} is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)

SCIM = pathlib.Path(sys.executable).with_name("scim")
if not SCIM.exists():
    print("scim2-cli is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)
LEAST_CHECKS = 60  # that it has looked at something
# An account is active or not: removing the attribute leaves it as it is.
EXPECTED = {("check_remove_attribute", "User", "PATCH modify() did not remove attribute 'active'")}


def check(client):
    results = check_server(client)
    wrong = [f"{result.title} ({result.resource_type}): {result.status.name}: {result.reason}" for result in results
             if result.status in (Status.ERROR, Status.DEVIATION) and (result.title, result.resource_type, result.reason) not in EXPECTED]
    if wrong:
        sys.exit("\n".join(wrong))
    good = sum(result.status in (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE) for result in results)
    if good < LEAST_CHECKS:
        sys.exit(f"scim2-tester made {good} checks only")
    return good


def refused(status, scim_type, call):
    try:
        call()
    except SCIMException as error:
        told = error.to_error()
        same("the refusal", (told.status, told.scim_type), (status, scim_type))
    else:
        sys.exit(f"{status} {scim_type} was expected")


def tell(client):
    user_model, group_model = client.get_resource_model("User"), client.get_resource_model("Group")
    ada = client.create(user_model(user_name="Ada.Lovelace", emails=[{"value": "ada@example.com", "type": "work", "primary": True}]))
    refused(409, "uniqueness", lambda: client.create(user_model(user_name="ada.lovelace")))
    found = client.query(user_model, query_parameters=SearchRequest(filter='userName eq "ADA.LOVELACE" and emails[type eq "work" and value co "@example"]'))
    same("who was found", [one.id for one in found.resources], [ada.id])
    team = client.create(group_model(display_name="Engines", members=[{"value": ada.id}]))
    same("who is in it", [(one.value, str(one.type)) for one in team.members], [(ada.id, "User")])
    change = PatchOp[group_model](operations=[PatchOperation(op=PatchOperation.Op.remove, path=f'members[value eq "{ada.id}"]')])
    client.modify(group_model, team.id, change)
    same("who is in it then", client.query(group_model, team.id).members, None)
    client.delete(user_model, ada.id)
    refused(404, None, lambda: client.query(user_model, ada.id))
    client.delete(group_model, team.id)


class CommandLine:
    """scim2-cli, as somebody types it."""

    def __init__(self, url, token):
        self.url, self.environment = url, {**os.environ, "SCIM_CLI_HEADERS": f"Authorization: Bearer {token}"}

    def run(self, *words, document=None):
        typed = "" if document is None else json.dumps(document)
        return subprocess.run([SCIM, "--url", f"{self.url}/scim/v2", *words], input=typed, capture_output=True, text=True, timeout=120, env=self.environment)

    def ask(self, *words, document=None):
        ran = self.run(*words, document=document)
        if ran.returncode != 0:
            sys.exit(f"scim {' '.join(words)} ended with {ran.returncode}: {ran.stdout}{ran.stderr}")
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def refused(self, status, *words):
        ran = self.run(*words)
        if ran.returncode == 0 or f'"status": "{status}"' not in ran.stdout:
            sys.exit(f"{status} was expected of scim {' '.join(words)}: {ran.returncode}, {ran.stdout}{ran.stderr}")


def type_commands(url, folder, token):
    directory = CommandLine(url, token)
    person = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "cli.ada", "emails": [{"value": "cli@example.com", "type": "work"}]}
    ada = directory.ask("create", "user", document=person)
    directory.ask("modify", "user", ada["id"], "replace", "displayName", "Ada L", "remove", 'emails[type eq "work"]')
    found = directory.ask("query", "user", "--filter", 'userName eq "CLI.ADA"')
    same("who was found by a command", [(one["id"], one["displayName"], one.get("emails")) for one in found["Resources"]], [(ada["id"], "Ada L", None)])

    identity = tokens.Identity(types.SimpleNamespace(secrets_dir=folder))
    herself = CommandLine(url, identity.token(["scim:write", "profile", "users:self"], sub=ada["id"], lifetime=7200))  # the first, to ask for the schemas
    same("who the token is of", herself.ask("query", "--me")["id"], ada["id"])
    herself.ask("modify", "--me", "replace", "displayName", "Countess")
    same("what she calls herself", directory.ask("query", "user", ada["id"])["displayName"], "Countess")
    herself.refused(403, "modify", "--me", "replace", "userName", "queen")
    herself.refused(401, "delete", "--me")  # without a sign-in of just now
    directory.ask("delete", "user", ada["id"])
    herself.refused(404, "query", "--me")


def use(program, cluster, folder, environment, token, public_port):
    """A user that its directories reach itself, or at a gateway's root by this port."""
    port = throwaway.free_port()
    url = f"http://127.0.0.1:{public_port or port}"
    daemon = throwaway.Daemon(program, cluster, folder, {**environment, "PORT": str(port), "USER_PUBLIC_URL": url}, "people")
    try:
        daemon.wait_ready()
        with contextlib.ExitStack() as door:
            if public_port:
                (folder / "routes.json").write_text(json.dumps({"routes": [manifest_route("user", f"127.0.0.1:{port}")]}))
                door.enter_context(gateway(daemon, {"GATEWAY_ROUTES_FILE": str(folder / "routes.json"), "PORT": str(public_port)}, folder))
                throwaway.wait_for(public_port, daemon.process)
            http = door.enter_context(Client(base_url=f"{url}/scim/v2", headers={"Authorization": f"Bearer {token}"}, timeout=60))
            client = SyncSCIMClient(http)
            checks = check(client)
            client.discover()
            tell(client)
            type_commands(url, folder, token)
            same("users without a token", Client().get(f"{url}/scim/v2/Users").status_code, 401)
            return checks
    finally:
        daemon.kill()


def main():
    program = throwaway.binary("user", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-user-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    cluster = throwaway.Cluster(folder / "pg")
    cluster.database("people")
    token, environment = throwaway.signed_token(folder, [], more=["scim:write"])
    try:
        checks = [use(program, cluster, folder, environment, token, public_port) for public_port in (None, throwaway.free_port())]
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"scim2-tester found nothing wrong in {checks[0]} and {checks[1]} checks; scim2-client provisioned a user and a group, and scim2-cli one who changed herself.")


main()
