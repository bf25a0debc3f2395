#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The picture of an app's secret against `zbarimg` (Debian), which reads it off the screen as a telephone does: what it says is the link beside it, in light and in dark colours, on a desk and on a phone.
On an auth and a PostgreSQL of its own, in Debian's Chromium."""

import base64
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from issuer import PASSWORD, issuer  # noqa: E402
from scripts import same  # noqa: E402
from webdriver import application, chromium, skip  # noqa: E402

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
SCREENS = {"a desk": (1280, 1400, False, "light"), "a desk in the dark": (1280, 1400, False, "dark"), "a phone in the dark": (360, 1400, True, "dark")}


def read(browser, folder):
    picture = pathlib.Path(folder) / "page.png"
    picture.write_bytes(base64.b64decode(browser.call("GET", "/screenshot")))
    return subprocess.run(["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def look(auth, browser, home, name):
    client = auth.client(redirect_uris=[home], first_party=True)
    auth.person(name)
    request = {"response_type": "code", "client_id": client["id"], "redirect_uri": home, "scope": "openid", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
               "prompt": "login"}
    browser.open(f"{auth.url}/oauth2/authorize?{urllib.parse.urlencode(request)}")
    browser.find("form[action='/login'] input[name=login_name]").type(name)
    browser.find("form[action='/login'] input[name=password]").type(PASSWORD)
    browser.find("form[action='/login'] button").click()
    browser.until("back at the application", lambda: browser.url.startswith(home + "?code="))
    browser.open(f"{auth.url}/account/security")
    browser.find("form[action='/account/security/totp'] button").click()
    browser.until("the picture", lambda: "<svg" in browser.text)
    link = re.search(r'href="(otpauth://[^"]+)"', browser.text)[1].replace("&amp;", "&")
    with tempfile.TemporaryDirectory() as folder:
        for screen, how in SCREENS.items():
            browser.look(*how)
            same(f"what is read of {name}'s, on {screen}", read(browser, folder), link)


def main():
    if shutil.which("zbarimg") is None:
        skip("there is no zbarimg (Debian: zbar-tools) to read pictures with")
    with chromium() as browser, issuer(host="localhost") as auth, application() as home:
        for name in ("ada@example.com", "grace.hopper.of.a.rather.long.name.indeed@department.of.analytical.engines.example.com"):
            look(auth, browser, home, name)
    print("zbarimg reads the link off the page, in light and in dark")


main()
