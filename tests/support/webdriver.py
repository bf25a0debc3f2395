"""A browser with scripts: Debian's Chromium without a screen, driven by its WebDriver (W3C), with an authenticator that is made of software (Web Authentication Level 2,
section 11)."""

import contextlib
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import throwaway

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver section 12.1
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def skip(why):
    print(why)
    sys.exit(77)


class Element:
    def __init__(self, chromium, name):
        self.chromium, self.path = chromium, f"/element/{name}"

    def click(self):
        self.chromium.call("POST", f"{self.path}/click", {})

    def type(self, text):
        self.chromium.call("POST", f"{self.path}/value", {"text": text})


class Chromium:
    def __init__(self, driver, profile, scripts):
        self.root = driver
        self.session = f"{driver}/session"
        # As root there is no sandbox; the pages are this test's own.
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server", f"--user-data-dir={profile}"]
        options = {"args": arguments, "binary": shutil.which("chromium")}
        if not scripts:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}  # as somebody who blocks them in the browser's settings
        made = self.call("POST", "", {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = f"{driver}/session/{made['sessionId']}"

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.session + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
        try:
            with OPENER.open(request, timeout=120) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            told = json.loads(error.read())["value"]
            raise RuntimeError(f"{method} {path}: {told['error']}: {told['message']}") from None

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    @property
    def url(self):
        return self.call("GET", "/url")

    @property
    def text(self):
        return self.call("GET", "/source")

    def run(self, script, *arguments):
        """What the script returns, or its promise comes to. What the policy of the page lets scripts do does not bind it (WebDriver section 13.2)."""
        return self.call("POST", "/execute/sync", {"script": script, "args": arguments})

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, width, height, phone=False, scheme="light"):
        """As on a screen of this size, in this colour scheme."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def find(self, css):
        return Element(self, self.call("POST", "/element", {"using": "css selector", "value": css})[ELEMENT])

    def link(self, text):
        return Element(self, self.call("POST", "/element", {"using": "link text", "value": text})[ELEMENT])

    def until(self, what, condition, limit=60):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.1)
        sys.exit(f"not within {limit} s: {what}; the browser is at {self.url}:\n{self.text[:4000]}\n{self.console()}")

    def console(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]

    def authenticator(self, **more):
        """What a laptop or a phone has: it keeps passkeys, and verifies its owner. Its name."""
        return self.call("POST", "/webauthn/authenticator", {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                                                             "isUserConsenting": True, "isUserVerified": True, **more})

    def verifies(self, authenticator, does):
        self.call("POST", f"/webauthn/authenticator/{authenticator}/uv", {"isUserVerified": does})

    def passkeys(self, authenticator):
        return self.call("GET", f"/webauthn/authenticator/{authenticator}/credentials")


@contextlib.contextmanager
def chromium(scripts=True):
    """Without `scripts` it runs none that a page has."""
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        skip("there is no Chromium with its driver (Debian: chromium, chromium-driver) to see pages with")
    port = throwaway.free_port()
    with tempfile.TemporaryDirectory(prefix="gravity-chromium-", ignore_cleanup_errors=True) as folder:
        driver = subprocess.Popen(["chromedriver", f"--port={port}", f"--log-path={folder}/driver.log"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            throwaway.wait_for(port, driver)
            browser = Chromium(f"http://127.0.0.1:{port}", f"{folder}/profile", scripts)
            try:
                yield browser
            finally:
                browser.call("DELETE", "")
        finally:
            driver.terminate()
            driver.wait(30)


@contextlib.contextmanager
def application():
    """Where people come back to."""
    class Callback(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Callback) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/cb"
        server.shutdown()
