#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Passkeys as people use them: Debian's Chromium makes one at the security page, and signs in with it through the code flow, by itself and behind the password. Its
authenticator is made of software, all else is the browser as it is, so that what the script of the pages asks and sends is what browsers take and give.
On an auth and a PostgreSQL of its own."""

import base64
import json
import pathlib
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from issuer import PASSWORD, issuer  # noqa: E402
from scripts import contains, same  # noqa: E402
from webdriver import application, chromium  # noqa: E402

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class SignIns:
    def __init__(self, auth, browser, home):
        self.auth, self.browser, self.home = auth, browser, home
        self.client = auth.client(redirect_uris=[home], first_party=True)
        self.person, self.identity = auth.person("ada@example.com")

    def begin(self):
        request = {"response_type": "code", "client_id": self.client["id"], "redirect_uri": self.home, "scope": "openid", "code_challenge": CHALLENGE,
                   "code_challenge_method": "S256"}
        self.browser.open(f"{self.auth.url}/oauth2/authorize?{urllib.parse.urlencode(request)}")

    def type_password(self):
        self.browser.find("input[name=login_name]").type(self.person.name)
        self.browser.find("input[name=password]").type(PASSWORD)
        self.browser.find("form[action='/login'] button").click()

    def claims(self, how):
        """Of the ID token, once the browser has come back with a code."""
        self.browser.until(f"back at the application, {how}", lambda: self.browser.url.startswith(self.home + "?code="))
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(self.browser.url).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.home, "code_verifier": VERIFIER, "client_id": self.client["id"],
                "client_secret": self.client["client_secret"]}
        with urllib.request.urlopen(f"{self.auth.url}/oauth2/token", urllib.parse.urlencode(form).encode(), timeout=60) as answer:
            payload = json.loads(answer.read())["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        same(f"who signed in {how}", claims["sub"], self.identity)
        return claims["amr"], claims["acr"]

    def sign_out(self):
        self.browser.open(f"{self.auth.url}/oauth2/logout")
        self.browser.find("form[action='/oauth2/logout'] button").click()
        self.browser.until("signed out", lambda: "Signed out" in self.browser.text)

    def has(self, text):
        return lambda: text in self.browser.text


def make(people, authenticator):
    browser = people.browser
    people.begin()
    people.type_password()
    same("by the password, before", people.claims("by password"), (["pwd"], "urn:gravity:acr:1"))
    browser.open(f"{people.auth.url}/account/security")
    browser.find("#add-password").type(PASSWORD)
    browser.find("form[action='/account/security/passkeys'] button").click()
    browser.until("the page that makes one", people.has("What you call it"))
    browser.find("#name").type("Laptop <of> Ada")
    browser.find("form[data-passkey=create] button").click()
    browser.until("recovery codes", people.has("Recovery codes"))
    same("how many there are", browser.text.count("<li><code>"), 10)
    kept = browser.passkeys(authenticator)
    same("what the authenticator has", [(one["rpId"], one["isResidentCredential"]) for one in kept], [("localhost", True)])
    same("what is listed", people.auth.call("GET", "/api/v1/credentials?type=passkey")["items"][0]["name"], "Laptop <of> Ada")


def use(people, authenticator):
    browser = people.browser
    people.sign_out()
    people.begin()
    browser.link("Sign in with a passkey").click()
    same("by the passkey alone", people.claims("by passkey"), (["pop", "user", "mfa"], "urn:gravity:acr:2"))

    people.sign_out()
    people.begin()
    people.type_password()
    same("behind the password", people.claims("by both"), (["pwd", "pop", "user", "mfa"], "urn:gravity:acr:2"))

    people.sign_out()
    browser.verifies(authenticator, False)
    people.begin()
    browser.link("Sign in with a passkey").click()
    browser.until("that it does not go without its owner", people.has("There was no passkey, or you did not allow it."))
    browser.verifies(authenticator, True)
    browser.find("form[data-passkey=get] button").click()
    same("once its owner is there", people.claims("after all"), (["pop", "user", "mfa"], "urn:gravity:acr:2"))


def remove(people):
    browser = people.browser
    browser.open(f"{people.auth.url}/account/security")
    browser.link("Prove by a passkey that it is you").click()
    browser.until("proven", people.has('name="proven"'))
    contains("the page that lists it", browser.text, "Laptop &lt;of&gt; Ada", "last used on")
    browser.find("form[action='/account/security/passkeys/remove'] button").click()
    browser.until("removed", people.has("The passkey is removed"))
    same("what is left", people.auth.call("GET", "/api/v1/credentials?type=passkey")["items"], [])
    people.sign_out()
    people.begin()
    browser.link("Sign in with a passkey").click()
    browser.until("that it is of no use any more", people.has("This passkey does not sign you in here."))


def main():
    with chromium() as browser, issuer(host="localhost") as auth, application() as home:
        people, authenticator = SignIns(auth, browser, home), browser.authenticator()
        make(people, authenticator)
        use(people, authenticator)
        remove(people)
        refused = [line for line in browser.console() if "Content Security Policy" in line]
        same("what the policy of the pages kept the browser from", refused, [])
    print("Chromium made a passkey, signed in with it by itself and behind the password, proved by it who it is, and removed it")


main()
