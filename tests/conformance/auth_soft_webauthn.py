#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Passkeys by `soft-webauthn` (PyPI), an authenticator that others wrote, over Yubico's `fido2`: made and used as a second factor. It verifies no owner, so that it
must not do alone; it counts, so that an old answer of it is noticed. On an auth and a PostgreSQL of its own."""

import base64
import html
import json
import os
import pathlib
import re
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from browser import Browser  # noqa: E402
from fetched import python_with  # noqa: E402
from issuer import PASSWORD, issuer  # noqa: E402
from scripts import contains, same  # noqa: E402

try:
    from soft_webauthn import SoftWebauthnDevice
except ImportError:  # it wants older packages than the clients of requirements.txt: a Python of its own
    if os.environ.get("GRAVITY_SOFT_WEBAUTHN"):
        raise
    own = python_with("soft-webauthn", "soft-webauthn==0.1.4")
    os.execve(own, [str(own), __file__], {**os.environ, "GRAVITY_SOFT_WEBAUTHN": "1"})

HOME = "https://app.example.com/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def octets(data):
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


def asked(page):
    """What the page would have a browser ask, as the authenticator takes it: bytes instead of base64url."""
    options = json.loads(html.unescape(re.search(r'data-options="([^"]*)"', page.text)[1]))
    options["challenge"] = octets(options["challenge"])
    if "user" in options:
        options["user"]["id"] = octets(options["user"]["id"])
    return {"publicKey": options}


def said(credential):
    response = {name: text(value) for name, value in credential["response"].items()}
    return json.dumps({"id": text(credential["rawId"]), "rawId": text(credential["rawId"]), "type": credential["type"], "response": response})


def begin(auth, client):
    browser = Browser()
    request = {"response_type": "code", "client_id": client["id"], "redirect_uri": HOME, "scope": "openid", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return browser, browser.open(f"{auth.url}/oauth2/authorize?{urllib.parse.urlencode(request)}", HOME)


def at_password(auth, client, person):
    browser, page = begin(auth, client)
    return browser, browser.send(page, {"login_name": person.name, "password": PASSWORD}, HOME)


def use(auth):
    client = auth.client(redirect_uris=[HOME], first_party=True)
    person, _ = auth.person("ada@example.com")
    device = SoftWebauthnDevice()
    browser, page = at_password(auth, client, person)
    same("with a password alone, before", page.location.startswith(HOME), True)
    form = next(form for form in browser.open(f"{auth.url}/account/security").forms if form.action.endswith("/passkeys"))
    page = browser.step(auth.url + form.action, {**form.fields, "password": PASSWORD})
    page = browser.send(page, {"name": "Key", "credential": said(device.create(asked(page), auth.url))})
    same("the passkey is made", (page.status, page.text.count("<li><code>")), (200, 10))

    browser, page = at_password(auth, client, person)
    contains("what is asked behind the password", page.url, "/login/passkey")
    used = said(device.get(asked(page), auth.url))
    page = browser.send(page, {"credential": used}, HOME)
    same("with both", (page.location or "").startswith(HOME), True)
    other, page = at_password(auth, client, person)
    page = other.send(page, {"credential": used}, HOME)
    same("with an answer to another question", (page.status, page.location), (400, None))
    page = other.send(page, {"credential": said(device.get(asked(page), "http://elsewhere.localhost"))}, HOME)
    same("from another page", (page.status, page.location), (400, None))
    device.sign_count = 0
    page = other.send(page, {"credential": said(device.get(asked(page), auth.url))}, HOME)
    same("with a counter that went back", (page.status, page.location), (400, None))
    contains("what is said of it", browser.open(f"{auth.url}/account/security").text, "somebody may have a copy")
    device.sign_count = 100
    page = other.send(page, {"credential": said(device.get(asked(page), auth.url))}, HOME)
    same("with one that went forward", (page.location or "").startswith(HOME), True)

    alone, page = begin(auth, client)
    link = re.search(r'href="(/login/passkey\?[^"]*)"', page.text)[1]
    page = alone.open(auth.url + html.unescape(link))
    page = alone.send(page, {"credential": said(device.get(asked(page), auth.url))}, HOME)
    same("alone, without a word of who holds it", (page.status, page.location), (400, None))


def main():
    with issuer(host="localhost") as auth:
        use(auth)
    print("soft-webauthn's passkey let somebody in behind their password, once for each question")


main()
