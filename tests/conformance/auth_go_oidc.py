#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Relying parties of Go against auth: a program with `github.com/coreos/go-oidc` and `golang.org/x/oauth2` (auth_go_oidc.go), what most Go programs sign people in with.
It verifies ID tokens, their nonce and `at_hash` itself, asks for userinfo and refreshes. On an auth and a PostgreSQL of its own."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from fetched import go_program  # noqa: E402
from issuer import issuer  # noqa: E402
from scripts import same  # noqa: E402
from throwaway import free_port, wait_for  # noqa: E402

MODULES = ("github.com/coreos/go-oidc/v3@v3.21.0", "golang.org/x/oauth2@v0.38.0")


def use(auth, program, **kind):
    here = f"127.0.0.1:{free_port()}"
    client = auth.client(redirect_uris=[f"http://{here}/callback"], **kind)
    person, identity = auth.person(f"{client['id']}@example.com")
    settings = {"GRAVITY_ISSUER": auth.url, "GRAVITY_APP": here, "GRAVITY_CLIENT": client["id"], "GRAVITY_SECRET": client.get("client_secret", "")}
    app = subprocess.Popen([str(program)], env={**os.environ, **settings})
    try:
        wait_for(int(here.split(":")[1]), app)
        page = person.visit(f"http://{here}/start")
        same(f"status of what the application says ({page.text})", page.status, 200)
        learnt = json.loads(page.text)
        same("the issuer and the audience", (learnt["claims"]["iss"], learnt["claims"]["aud"]), (auth.url, client["id"]))
        same("who it is, by ID token, userinfo and refresh", (learnt["claims"]["sub"], learnt["subject"], learnt["refreshed"]), (identity,) * 3)
        same("their address, and a token anew", (learnt["email"], learnt["rotated"]), (person.name, True))
        same("a code that was used", person.visit(page.url).status, 400)
    finally:
        app.kill()
        app.wait()


def main():
    program = go_program("go-oidc", pathlib.Path(__file__).resolve().with_suffix(".go").read_text(), *MODULES)
    with issuer() as auth:
        use(auth, program)
        use(auth, program, token_endpoint_auth_method="none")
    print(f"{' and '.join(MODULES)} signed people in, with a secret and without")


main()
