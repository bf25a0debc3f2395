#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Every page of auth as somebody meets it who has it read to them, who has a phone, or whose browser runs no scripts. Debian's Chromium goes through all of them; at each, npm's `axe-core` finds
nothing that is serious or critical, on a screen of a desk and of a phone, in light and in dark, and on the phone nothing is wider than its 360 pixels. Another Chromium that runs no scripts
sets up an app there and signs in with password and code. The policy of the pages stays as it is: what WebDriver runs is not bound by it. On an auth and a PostgreSQL of its own."""

import json
import pathlib
import re
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from fetched import node, npm_modules  # noqa: E402
from issuer import PASSWORD, issuer  # noqa: E402
from scripts import same  # noqa: E402
from totp import step_now, totp  # noqa: E402
from webdriver import application, chromium  # noqa: E402

VERSION = "4.14.1"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
SCREENS = {"a desk": (1280, 900, False, "light"), "a desk in the dark": (1280, 900, False, "dark"), "a phone": (360, 740, True, "light")}
GRAVE = ("serious", "critical")
AXE = """
return axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.map(one =>
  [one.impact, one.id, one.nodes.map(node => node.target.join(" ") + ": " + node.failureSummary.replace(/\\s+/g, " ")).join("; ")]));"""
# Nobody chooses these to be kind to narrow screens.
ADDRESS = "ada.lovelace.of.a.rather.long.name.indeed.and.more@department.of.analytical.engines.example.com"
SHOP = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


class Walk:
    def __init__(self, auth, browser, home, axe=None):
        self.auth, self.browser, self.home, self.axe, self.faults, self.seen = auth, browser, home, axe, [], set()

    def go(self, path):
        self.browser.open(self.auth.url + path)

    def begin(self, client, scope="openid email offline_access"):
        request = {"response_type": "code", "client_id": client["id"], "redirect_uri": self.home, "scope": scope, "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        self.go(f"/oauth2/authorize?{urllib.parse.urlencode(request)}")

    def fill(self, action, **fields):
        """The form that goes there, sent with these fields."""
        form = f"form[action='{action}']"
        for name, value in fields.items():
            self.browser.find(f"{form} input[name={name}]").type(value)
        self.browser.find(f"{form} button").click()

    def password(self, name, password=PASSWORD):
        self.fill("/login", login_name=name, password=password)

    def until(self, text):
        self.browser.until(text, lambda: text in self.browser.text)

    def home_again(self):
        self.browser.until("back at the application", lambda: self.browser.url.startswith(self.home + "?code="))

    def look(self, what, text):
        """At the page that has this text."""
        self.until(text)
        path = urllib.parse.urlsplit(self.browser.url).path
        self.seen.add(path)
        for screen, (width, height, phone, scheme) in SCREENS.items():
            self.browser.look(width, height, phone, scheme)
            where = f"{what} ({path}), {screen}"
            self.faults += [f"{where}: {rule}, {impact}: {nodes}" for impact, rule, nodes in self.browser.run(self.axe + AXE) if impact in GRAVE]
            wide = self.browser.run("return document.documentElement.scrollWidth")
            if wide > width:
                self.faults.append(f"{where}: {wide} pixels wide")
        self.browser.look(*SCREENS["a desk"])  # where it goes on

    def mailed(self, event, field):
        """What whoever sends mail would send."""
        return self.auth.sql(f"select data ->> '{field}' from gravity.outbox where type = 'gravity.auth.{event}.requested' order by position desc limit 1")

    def sign_out(self):
        self.go("/oauth2/logout")
        self.fill("/oauth2/logout")
        self.until("Signed out")


def strangers(walk):
    walk.go("/account/security")
    walk.look("one's security, signed out", "You are not signed in")
    walk.go("/oauth2/authorize?client_id=none")
    walk.look("an application that is not known", "is not known")
    walk.go("/login?flow=none")
    walk.look("a sign-in that has ended", "This sign-in has ended")
    walk.go("/login/reset?token=none")
    walk.look("a link that has ended", "This link was used before")
    for path in ("/login/regain", "/login/regain/cancel"):
        walk.go(f"{path}?token=none")
        walk.look("a link that has ended", "This link was used before")
    walk.go("/login/device")
    walk.look("where a device's code is typed", "Code that your device shows")
    walk.fill("/login/device", user_code="BBBB-BBBB")
    walk.look("a device's code that is not known", "This code is not known")


def newcomers(walk, shop):
    """And whoever has forgotten their password; last, for a link that sets one anew has confirmed the address too."""
    walk.sign_out()
    walk.begin(shop)
    walk.look("signing in", "Sign in with a passkey")
    walk.password(ADDRESS, "not this horse at all")
    walk.look("a password that is not right", "Name or password are not right")
    walk.browser.link("Forgotten your password?").click()
    walk.look("a forgotten password", "Send me a link")
    walk.fill("/login/recover", login_name=ADDRESS)
    walk.look("that a link was sent", "a link is on its way")
    walk.browser.open(walk.mailed("recovery", "link"))
    walk.look("setting a password anew", "Set your password")
    walk.fill("/login/reset", new_password="password123")
    walk.look("a new password that is too weak", 'role="alert"')
    walk.fill("/login/reset", new_password=PASSWORD)
    walk.look("that the password is set", "Your password is set")
    walk.begin(shop)
    walk.browser.link("New here? Sign up").click()
    walk.look("signing up", "Sign in instead")
    walk.fill("/login/sign-up", login_name="grace@example.com", new_password=PASSWORD)
    walk.look("the code that was mailed", "Look into your mailbox")
    walk.fill("/login/sign-up/code", code="00000000")
    walk.look("a mailed code that is not right", "This code is not right")


def regainers(walk, shop):
    """Whoever has passkeys alone, and has lost them."""
    sql = walk.auth.sql
    sql("delete from credential c using login_name n where n.identity_id = c.identity_id and n.canonical = '" + ADDRESS.lower() + "' and c.type = 'password'")

    def by_link():
        walk.begin(shop)
        walk.browser.link("Forgotten your password?").click()
        walk.fill("/login/recover", login_name=ADDRESS)
        walk.until("a link is on its way")
        walk.browser.open(walk.mailed("recovery", "link"))

    by_link()
    walk.look("an account with passkeys alone", "By waiting")
    walk.fill("/login/regain/code", code="000000")
    walk.look("a code that does not regain it", "This code is not right")
    walk.fill("/login/regain/wait")
    walk.look("that one waits", "Now you wait")
    by_link()
    walk.look("that one waits already", "You are waiting already")
    walk.browser.open(sql("select data ->> 'link' from gravity.outbox where type = 'gravity.auth.recovery.begun' order by position desc limit 1"))
    walk.look("what stops it", "Was this not you?")
    walk.fill("/login/regain/cancel")
    walk.look("that it is stopped", "It is stopped")
    by_link()
    walk.fill("/login/regain/wait")
    walk.until("Now you wait")
    sql("update regaining set good_from = begun_at")
    by_link()
    walk.look("what may be set up", "With it come recovery codes")
    walk.fill("/login/regain/passkey")
    walk.look("a passkey beside those that were lost", "What you call it")
    by_link()
    walk.fill("/login/regain/password", new_password=PASSWORD)
    walk.look("a password beside lost passkeys", "Your password is set")


def at_the_security_page(walk, shop, authenticator):
    browser = walk.browser
    walk.begin(shop)
    walk.password(ADDRESS)
    walk.look("consent", "asks to know")
    browser.find("button[value=allow]").click()
    walk.home_again()
    walk.go("/account/security")
    walk.look("one's security, by password alone", "Set up an app")
    walk.fill("/account/security/addresses")
    walk.look("that a link to confirm was sent", "Look into your mailbox")
    browser.open(walk.mailed("confirmation", "link"))
    walk.look("confirming an address", "It is mine")
    walk.fill("/login/confirm")
    walk.look("that it is confirmed", "Your e-mail address is confirmed")
    walk.go("/account/security")
    walk.fill("/account/security/totp")
    walk.look("setting up an app", "Have your app")
    secret = re.search(r"secret=([A-Z2-7]+)", browser.text)[1]
    walk.fill("/account/security/totp/confirm", code=totp(secret, step_now() + 20), password=PASSWORD)
    walk.look("a first code that is not right", "Password or code are not right")
    walk.fill("/account/security/totp/confirm", code=totp(secret, step_now()), password=PASSWORD)
    walk.look("recovery codes", "they are shown this once")
    walk.go("/account/security")
    walk.fill("/account/security/passkeys", password=PASSWORD, code=totp(secret, step_now() + 1))
    walk.look("making a passkey", "What you call it")
    walk.fill("/account/security/passkeys/add", name="W" * 64)
    walk.look("that the passkey is made", "Your passkey is made")
    walk.go("/account/security")
    walk.look("one's security, with all there is", "Remove this passkey")
    browser.verifies(authenticator, False)
    browser.link("Prove by a passkey that it is you").click()
    walk.look("a passkey as a proof", "There was no passkey, or you did not allow it.")
    browser.verifies(authenticator, True)


def by_two_factors(walk, shop, authenticator):
    browser = walk.browser
    walk.go("/oauth2/logout")
    walk.look("signing out", "Sign out?")
    walk.fill("/oauth2/logout")
    walk.look("that one is signed out", "You may close this page")
    walk.begin(shop)
    walk.password(ADDRESS)
    walk.look("the code behind the password", "Use a passkey instead")
    walk.fill("/login/code", code="000000")
    walk.look("a code that is not right", "This code is not right")
    walk.begin(shop)
    browser.verifies(authenticator, False)
    browser.link("Sign in with a passkey").click()
    walk.look("a passkey alone", "There was no passkey, or you did not allow it.")
    browser.verifies(authenticator, True)
    browser.find("form[data-passkey=get] button").click()
    walk.home_again()


def devices(walk, device):
    form = urllib.parse.urlencode({"client_id": device["id"], "scope": "openid email offline_access"}).encode()
    for decision, said in (("allow", "Your device is signed in"), ("deny", "The device is not signed in")):
        with urllib.request.urlopen(f"{walk.auth.url}/oauth2/device_authorization", form, timeout=60) as answer:
            asked = json.loads(answer.read())
        walk.browser.open(asked["verification_uri_complete"])
        walk.look("a device's code that came by its link", asked["user_code"])
        walk.fill("/login/device")
        walk.look("consent for a device", "Go on only if it is in front of you")
        walk.browser.find(f"button[value={decision}]").click()
        walk.look(f"a device that was answered: {decision}", said)


def without_scripts(auth, home, client):
    person, _ = auth.person("grace.hopper@example.com")
    with chromium(scripts=False) as browser:
        walk = Walk(auth, browser, home)
        walk.begin(client)
        walk.password(person.name)
        walk.home_again()
        walk.go("/account/security")
        walk.fill("/account/security/totp")
        walk.until("Have your app")
        secret = re.search(r"secret=([A-Z2-7]+)", browser.text)[1]
        walk.fill("/account/security/totp/confirm", code=totp(secret, step_now()), password=PASSWORD)
        walk.until("they are shown this once")
        walk.sign_out()
        walk.begin(client)
        walk.password(person.name)
        walk.until("One more step")
        walk.fill("/login/code", code=totp(secret, step_now() + 1))
        walk.home_again()


def main():
    node(least=18)
    axe = (npm_modules("axe-core", f"axe-core@{VERSION}") / "node_modules/axe-core/axe.min.js").read_text()
    with chromium() as browser, issuer(host="localhost", AUTH_LINKS_IN_EVENTS="true", AUTH_SIGN_UP_PROJECTS="*") as auth, application() as home:
        shop = auth.client(name=SHOP, redirect_uris=[home])
        device = auth.client(name=SHOP, grant_types=["device_code", "refresh_token"], token_endpoint_auth_method="none")
        auth.person(ADDRESS)
        walk, authenticator = Walk(auth, browser, home, axe), browser.authenticator()
        strangers(walk)
        at_the_security_page(walk, shop, authenticator)
        by_two_factors(walk, shop, authenticator)
        devices(walk, device)
        newcomers(walk, shop)
        regainers(walk, shop)
        for fault in walk.faults:
            print(fault)
        same("what axe finds serious or critical, or is too wide", len(walk.faults), 0)
        pages = {path for path, methods in auth.call("GET", "/openapi.json")["paths"].items() if "get" in methods and path.startswith(("/login", "/account/"))}
        same("pages that nobody looked at", sorted(pages - {"/login/passkeys.js", "/login/form_post.js"} - walk.seen), [])
        without_scripts(auth, home, auth.client(redirect_uris=[home], first_party=True))
    print(f"axe-core {VERSION} finds nothing grave at {len(walk.seen)} addresses of pages, on {len(SCREENS)} screens; and somebody signed in by password and code without scripts")


main()
