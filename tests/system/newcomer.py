#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Somebody nobody knows, through the gateway's port: they sign up at a client in Debian's Chromium, prove their address, set up an app and a passkey, sign in by password and code and by the
passkey, and by the flow API too; with the token they make an organisation, a project and an API key, which makes a product, is rotated with overlap, and is dead at both gateways within two
seconds of its revocation."""

import base64
import hashlib
import json
import pathlib
import re
import secrets
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import key_platform  # noqa: E402
from key_platform import Using, ask, expect, expect_dead, statuses, until_used  # noqa: E402
from scripts import same  # noqa: E402
from totp import STEP, totp  # noqa: E402
from webdriver import application, chromium  # noqa: E402

ADDRESS, PASSWORD = "grace@example.com", "correct horse battery staple"
SCOPES = ["organizations:write", "projects:write", "api-keys:write", "products:write"]  # nobody makes a key that may more than they
COLLECTIONS = (*key_platform.COLLECTIONS, "roles")


class Newcomer:
    def __init__(self, platform, browser, home):
        self.platform, self.browser, self.home, self.port = platform, browser, home, platform.ports[0]
        self.verifier = secrets.token_hex(32)
        developer = {"Authorization": f"Bearer {platform.developer}"}
        expect("the role of newcomers", ask(self.port, "POST", "/api/v1/roles", {"name": "newcomer", "scopes": SCOPES}, **self.administrator()), 201)
        client = {"name": "Shop", "scopes": SCOPES, "grant_types": ["authorization_code"], "redirect_uris": [home], "first_party": True}
        self.client = expect("the client", ask(platform.auth, "POST", "/api/v1/clients", client, **developer), 201)

    def administrator(self):
        form = "grant_type=client_credentials"
        token = expect("an administrator's token", ask(self.port, "POST", "/oauth2/token", form, Authorization=key_platform.basic(self.platform.people)), 200)
        return {"Authorization": f"Bearer {token['access_token']}"}

    def request(self):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        return {"client_id": self.client["id"], "redirect_uri": self.home, "scope": " ".join(["openid", "email", *SCOPES]), "code_challenge": challenge}

    def begin(self):
        request = {**self.request(), "response_type": "code", "code_challenge_method": "S256"}
        self.browser.open(f"{self.platform.url}/oauth2/authorize?{urllib.parse.urlencode(request)}")

    def type_password(self):
        self.browser.find("input[name=login_name]").type(ADDRESS)
        self.browser.find("input[name=password]").type(PASSWORD)
        self.browser.find("form[action='/login'] button").click()

    def type_code(self, action, code):
        self.browser.find(f"form[action='{action}'] input[name=code]").type(code)
        self.browser.find(f"form[action='{action}'] button").click()

    def mailed(self, kind):
        """What the platform's mail service would send."""
        return self.platform.cluster.sql(f"select data ->> 'code' from gravity.outbox where type = 'gravity.auth.{kind}.requested' order by position desc limit 1", "auth")

    def redeemed(self, what, address):
        """The access token of the code in an address, and how the ID token says that somebody signed in."""
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["code"][0]
        form = urllib.parse.urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": self.home, "code_verifier": self.verifier})
        tokens = expect(f"tokens {what}", ask(self.port, "POST", "/oauth2/token", form, Authorization=key_platform.basic(self.client)), 200)
        payload = tokens["id_token"].split(".")[1]
        return tokens["access_token"], json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["amr"]

    def back(self, what):
        self.browser.until(f"back at the client, {what}", lambda: self.browser.url.startswith(self.home + "?code="))
        return self.redeemed(what, self.browser.url)

    def has(self, text):
        return lambda: text in self.browser.text

    def sign_out(self):
        self.browser.open(f"{self.platform.url}/oauth2/logout")
        self.browser.find("form[action='/oauth2/logout'] button").click()
        self.browser.until("signed out", self.has("Signed out"))


def sign_up(newcomer):
    browser = newcomer.browser
    newcomer.begin()
    browser.link("New here? Sign up").click()
    browser.find("input[name=login_name]").type(ADDRESS)
    browser.find("input[name=new_password]").type(PASSWORD)
    browser.find("form[action='/login/sign-up'] button").click()
    browser.until("the page that asks for the code", newcomer.has("Look into your mailbox"))
    same("how many there are before the code is typed", newcomer.platform.cluster.sql("select count(*) from identity", "auth"), "0")
    newcomer.type_code("/login/sign-up/code", newcomer.mailed("registration"))
    token, amr = newcomer.back("signed up")
    same("how a newcomer signed in", amr, ["pwd"])
    told = expect("userinfo", ask(newcomer.port, "GET", "/oauth2/userinfo", Authorization=f"Bearer {token}"), 200)
    same("what the client is told", (told["email"], told["email_verified"]), (ADDRESS, True))


def set_up_factors(newcomer):
    """An app and a passkey; the app's key, and the step that its last code was of."""
    browser = newcomer.browser
    browser.open(f"{newcomer.platform.url}/account/security")
    browser.find("form[action='/account/security/totp'] button").click()
    browser.until("the app's key", newcomer.has("Have your app"))
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", browser.text)[1].replace(" ", "")
    step = int(time.time()) // STEP
    browser.find("input[name=password]").type(PASSWORD)
    newcomer.type_code("/account/security/totp/confirm", totp(secret, step))
    browser.until("recovery codes", newcomer.has("Recovery codes"))
    recovery = re.findall(r"<li><code>([A-Z2-7-]+)</code>", browser.text)
    same("how many recovery codes there are", len(recovery), 10)
    browser.open(f"{newcomer.platform.url}/account/security")
    browser.find("#add-password").type(PASSWORD)
    browser.find("#add-code").type(recovery[0])
    browser.find("form[action='/account/security/passkeys'] button").click()
    browser.until("the page that makes a passkey", newcomer.has("What you call it"))
    browser.find("#name").type("Laptop")
    browser.find("form[data-passkey=create] button").click()
    browser.until("that it is made", newcomer.has("Your passkey is made"))
    return secret, step


def sign_in(newcomer, secret, step):
    browser = newcomer.browser
    newcomer.sign_out()
    newcomer.begin()
    newcomer.type_password()
    browser.until("the page that asks for a code", newcomer.has("/login/code"))
    newcomer.type_code("/login/code", totp(secret, step + 1))
    same("by password and code", newcomer.back("by password and code")[1], ["pwd", "otp", "mfa"])
    newcomer.sign_out()
    newcomer.begin()
    browser.link("Sign in with a passkey").click()
    token, amr = newcomer.back("by passkey")
    same("by passkey", amr, ["pop", "user", "mfa"])
    return token


def sign_in_by_api(newcomer, secret, step):
    """Through the gateway, which asks for no token there."""
    flow = expect("a flow", ask(newcomer.port, "POST", "/api/v1/login-flows", {**newcomer.request(), "headless": True}), 201)
    steps, token = f"/api/v1/login-flows/{flow['id']}/steps", {"Flow_Token": flow["flow_token"]}
    typed = expect("the password", ask(newcomer.port, "POST", steps, {"step": "password", "login_name": ADDRESS, "password": PASSWORD}, **token), 200)
    same("what comes next", typed["next_steps"][:2], ["totp", "recovery_code"])
    while int(time.time()) // STEP <= step:
        time.sleep(0.2)  # a code is good once, and none of a step before it
    done = expect("the code", ask(newcomer.port, "POST", steps, {"step": "totp", "code": totp(secret, step + 2)}, **token), 200)
    same("by the flow API", newcomer.redeemed("by the flow API", done["redirect_to"])[1], ["pwd", "otp", "mfa"])


def use_a_key(newcomer, token):
    first, second = newcomer.platform.gateways
    bearer = {"Authorization": f"Bearer {token}"}
    organization = expect("an organisation", ask(first, "POST", "/api/v1/organizations", {"slug": "grace", "name": "Grace"}, **bearer), 201)
    project = expect("a project", ask(first, "POST", "/api/v1/projects", {"organization_id": organization["id"], "slug": "shop", "name": "Shop"}, **bearer), 201)
    key = expect("a key", ask(first, "POST", "/api/v1/api-keys", {"project_id": project["id"], "env": "production", "name": "Back end", "scopes": ["products:write"]}, **bearer), 201)
    end = time.monotonic() + 30
    while ask(first, "GET", "/api/v1/products", X_Api_Key=key["key"])[0] == 503 and time.monotonic() < end:
        time.sleep(0.2)  # auth may not have heard yet where project is
    product = expect("a product", ask(first, "POST", "/api/v1/products", {"name": "Mug", "slug": "mug"}, X_Api_Key=key["key"]), 201)
    same("it, at the other gateway", ask(second, "GET", f"/api/v1/products/{product['id']}", X_Api_Key=key["key"])[0], 200)

    users = [Using(port, key["key"]) for port in (first, second)]
    until_used(users)
    successor = expect("rotating", ask(first, "POST", f"/api/v1/api-keys/{key['id']}/rotate", {"grace_seconds": 3600}, **bearer), 201)
    users += [Using(port, successor["key"]) for port in (first, second)]
    until_used(users)
    same("statuses of both while they overlap", [statuses(user.end()) for user in users], [[200]] * 4)
    for what, one in (("the successor", successor), ("the first", key)):
        users = [Using(port, one["key"]) for port in (first, second)]
        until_used(users)
        expect(f"revoking {what}", ask(first, "DELETE", f"/api/v1/api-keys/{one['id']}", **bearer), 204)
        expect_dead(what, users, time.monotonic())


def main():
    settings = {"AUTH_LINKS_IN_EVENTS": "true", "AUTH_SIGN_UP_PROJECTS": "*", "AUTH_SIGN_UP_ROLE": "newcomer"}
    with chromium() as browser, key_platform.running(collections=COLLECTIONS, host="localhost", **settings) as platform, application() as home:
        newcomer = Newcomer(platform, browser, home)
        browser.authenticator()
        sign_up(newcomer)
        secret, step = set_up_factors(newcomer)
        token = sign_in(newcomer, secret, step)
        sign_in_by_api(newcomer, secret, step)
        use_a_key(newcomer, token)
    print("somebody signed up, proved their address, signed in by password and code, by passkey and by the API, and had a key that is dead now")


main()
