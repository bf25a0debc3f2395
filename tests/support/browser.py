"""A browser without scripts, for what people do at pages: it keeps cookies, follows redirects, and sends the forms that it finds."""

import contextlib
import html.parser
import http.cookiejar
import http.server
import json
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

MOST_STEPS = 20


class Form:
    def __init__(self, action, method):
        self.action, self.method, self.fields, self.buttons = action, method.lower(), {}, []


class Forms(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.inside = [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.found.append(Form(attributes.get("action", ""), attributes.get("method", "get")))
            self.inside = True
        elif tag in ("input", "button") and self.inside:
            name, value = attributes.get("name"), attributes.get("value", "")
            if tag == "button" or attributes.get("type") == "submit":
                self.found[-1].buttons.append((name, value))
            elif name:
                self.found[-1].fields[name] = value

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False


class Page:
    def __init__(self, answer, url):
        self.status, self.url, self.headers = answer.status, url, answer.headers
        self.text = answer.read().decode(errors="replace")
        place = self.headers.get("Location")
        self.location = urllib.parse.urljoin(url, place) if place and 300 <= self.status < 400 else None

    @property
    def forms(self):
        return Forms(self.text).found


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    def __init__(self):
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies), Stay())

    def step(self, url, form=None):
        """One answer, whatever its status; nothing is followed."""
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            answer = self.opener.open(urllib.request.Request(url, body), timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with contextlib.closing(answer):
            return Page(answer, url)

    def follow(self, page, home=None):
        """To the page that redirects lead to; not beyond one that goes to an address that begins with `home`."""
        for _ in range(MOST_STEPS):
            if page.location is None or (home and page.location.startswith(home)):
                return page
            page = self.step(page.location)
        sys.exit(f"redirected for ever: {page.location}")

    def open(self, url, home=None):
        return self.follow(self.step(url), home)

    def send(self, page, values, home=None):
        """The page's first form with these values in it; a button is a value too."""
        form = page.forms[0]
        fields, url = {**form.fields, **values}, urllib.parse.urljoin(page.url, form.action)
        answer = self.step(url, fields) if form.method == "post" else self.step(f"{url}?{urllib.parse.urlencode(fields)}")
        return self.follow(answer, home)


class Person:
    """Somebody with a name and a password, who lets clients know what they ask for."""

    def __init__(self, name, password):
        self.name, self.password, self.browsers = name, password, {}

    def visit(self, url, home=None, browser="", decision="allow"):
        """Through all pages that the address leads to: until one sends the browser `home`, or has no form that is known."""
        known = self.browsers.setdefault(browser, Browser())
        page = known.open(url, home)
        for _ in range(MOST_STEPS):
            form = page.forms[0] if page.location is None and page.forms else None
            if form is None:
                return page
            if "login_name" in form.fields:
                if 'role="alert"' in page.text:
                    return page
                page = known.send(page, {"login_name": self.name, "password": self.password}, home)
            elif form.fields.get("user_code"):
                page = known.send(page, {}, home)
            elif ("decision", decision) in form.buttons:
                page = known.send(page, {"decision": decision}, home)
            else:
                return page
        sys.exit(f"pages for ever: {page.url}")

    @contextlib.contextmanager
    def answering(self):
        """A place where a program of another language has the person visit addresses: POST {"url", "home", "browser", "decision"}; where they came to."""
        person = self

        class Visits(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                page = person.visit(**wanted)
                body = json.dumps({"status": page.status, "url": page.url, "location": page.location, "text": page.text}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visits) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_address[1]}/"
            server.shutdown()
