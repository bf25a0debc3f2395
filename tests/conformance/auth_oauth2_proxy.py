#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""A real relying party before a page that knows nothing of signing in: `oauth2-proxy`, as its authors have it, with auth as its provider. Who is not signed in is sent
to sign in and comes back; the page is told who they are, if they have confirmed their address; the proxy refreshes what it has; who may sign in no more does not get through. On an auth and a PostgreSQL of its own."""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from browser import Browser  # noqa: E402
from fetched import go_installed  # noqa: E402
from issuer import issuer  # noqa: E402
from scripts import same  # noqa: E402
from throwaway import free_port, wait_for  # noqa: E402

PACKAGE = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6"
REFRESH = 2  # seconds


class Upstream(http.server.BaseHTTPRequestHandler):
    """Says who it was told is there."""

    def do_GET(self):
        body = json.dumps({name: self.headers.get(f"X-Forwarded-{name}") for name in ("User", "Email", "Preferred-Username")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def proxy(program, auth, client, here, upstream):
    settings = {
        "provider": "oidc", "oidc-issuer-url": auth.url, "client-id": client["id"], "client-secret": client["client_secret"], "scope": "openid email profile",
        "code-challenge-method": "S256", "redirect-url": f"http://{here}/oauth2/callback", "http-address": here, "upstream": f"http://127.0.0.1:{upstream}",
        "email-domain": "*", "cookie-secret": base64.urlsafe_b64encode(os.urandom(32)).decode(), "cookie-secure": "false", "cookie-refresh": f"{REFRESH}s",
        "skip-provider-button": "true", "pass-user-headers": "true",
    }
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([str(program), *(f"--{name}={value}" for name, value in settings.items())], stdout=log, stderr=log)
        try:
            wait_for(int(here.split(":")[1]), process)
            yield
        except SystemExit:
            log.seek(0)
            print(log.read()[-4000:])
            raise
        finally:
            process.kill()
            process.wait()


def confirm(auth, browser):
    """What somebody does with the link in their mailbox; it is taken out of the event that whoever sends mail reads."""
    browser.send(browser.open(f"{auth.url}/account/security"), {})
    link = auth.sql("select data ->> 'link' from gravity.outbox where type = 'gravity.auth.confirmation.requested'")
    same("what the link leads to", browser.send(browser.open(link), {}).status, 200)


def use(auth, here):
    person, identity = auth.person("ada@example.com")
    page = f"http://{here}/orders?page=2"
    same("without a session", Browser().step(page).location.split("?")[0], f"{auth.url}/oauth2/authorize")
    refused = person.visit(page)
    same("with an address that nobody has confirmed", (refused.status, refused.url.split("?")[0]), (403, f"http://{here}/oauth2/callback"))
    confirm(auth, person.browsers[""])
    came = person.visit(page)
    same("where the person came to", (came.status, came.url), (200, page))
    same("what the page is told", json.loads(came.text), {"User": identity, "Email": "ada@example.com", "Preferred-Username": "ada"})

    browser = person.browsers[""]
    for _ in range(2):
        time.sleep(REFRESH + 1.5)
        same("a while later", browser.step(page).status, 200)
    same("it refreshed what it had", auth.sql("select max(generation) >= 1 from refresh_token"), "t")
    same("families that were refreshed", auth.sql("select count(*) from refresh_family where generation > 0"), "1")

    auth.call("POST", f"/api/v1/identities/{identity}/disable", {})
    time.sleep(REFRESH + 1.5)
    asked = browser.open(page)
    same("who may sign in no more", (asked.status, asked.url.split("?")[0]), (200, f"{auth.url}/login"))
    auth.call("POST", f"/api/v1/identities/{identity}/enable", {})
    same("and who may again", person.visit(page).url, page)

    browser.step(f"http://{here}/oauth2/sign_out")
    same("signed out there, signed in at the provider", browser.open(page).url, page)
    left = browser.open(f"{auth.url}/oauth2/logout")
    same("the question", left.text.count("Sign out?"), 2)
    browser.send(left, {})
    browser.step(f"http://{here}/oauth2/sign_out")
    same("signed out everywhere", browser.open(page).url.split("?")[0], f"{auth.url}/login")


def main():
    program = go_installed("oauth2-proxy", PACKAGE)
    with issuer(AUTH_LINKS_IN_EVENTS="true") as auth, http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        here = f"127.0.0.1:{free_port()}"
        client = auth.client(redirect_uris=[f"http://{here}/oauth2/callback"])
        with proxy(program, auth, client, here, upstream.server_address[1]):
            use(auth, here)
        upstream.shutdown()
    print(f"{PACKAGE} let people in whom auth knows, and no others")


main()
