#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Codes by time against auth, by `oathtool` (Debian), which makes them as an app on a phone does: somebody sets one up, signs in with it, and not twice with one code.
On an auth and a PostgreSQL of its own."""

import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from browser import Browser  # noqa: E402
from issuer import PASSWORD, issuer, skip  # noqa: E402
from scripts import contains, same  # noqa: E402

HOME = "https://app.example.com/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B


def code(secret, steps=0):
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + 30 * steps))
    return subprocess.run(["oathtool", "--totp", "--base32", f"--now={at}", secret], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def early_in_a_step():
    """Waits for the next half minute where this one is nearly over: the code of the one before would be two old by the time it is looked at."""
    into = time.time() % 30
    if into > 15:
        time.sleep(30 - into)


def at_password(auth, client, person):
    browser = Browser()
    request = {"response_type": "code", "client_id": client["id"], "redirect_uri": HOME, "scope": "openid", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    page = browser.open(f"{auth.url}/oauth2/authorize?{urllib.parse.urlencode(request)}", HOME)
    return browser, browser.send(page, {"login_name": person.name, "password": PASSWORD}, HOME)


def use(auth):
    client = auth.client(redirect_uris=[HOME], first_party=True)
    person, _ = auth.person("ada@example.com")
    browser, page = at_password(auth, client, person)
    same("with a password alone, before", page.location.startswith(HOME), True)

    begun = next(form for form in browser.open(f"{auth.url}/account/security").forms if form.action.endswith("/totp"))
    page = browser.step(auth.url + begun.action, begun.fields)
    secret = re.search(r"secret=([A-Z2-7]+)", page.text)[1]
    same("a code of another time", browser.send(page, {"code": code(secret, 20), "password": PASSWORD}).status, 400)
    early_in_a_step()
    page = browser.send(page, {"code": code(secret, -1), "password": PASSWORD})
    same("the app is set up", (page.status, page.text.count("<li><code>")), (200, 10))

    browser, page = at_password(auth, client, person)
    contains("what is asked behind the password", page.url, "/login/code")
    now = code(secret)
    page = browser.send(page, {"code": now}, HOME)
    same("with both", (page.location or "").startswith(HOME), True)
    other, page = at_password(auth, client, person)
    page = other.send(page, {"code": now}, HOME)
    same("with a code that was used", (page.status, page.location), (400, None))


def main():
    if shutil.which("oathtool") is None:
        skip("there is no oathtool (Debian: oathtool) to make codes with")
    with issuer() as auth:
        use(auth)
    print("oathtool's codes let somebody in, once each")


main()
