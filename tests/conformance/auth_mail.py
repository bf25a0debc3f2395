#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Mail of auth, taken by a server that nobody here wrote (aiosmtpd) with STARTTLS and a login, and read by Python's `email`: somebody who has forgotten their
password is sent a link, and sets another. The server says "later" once, and gets one and the same mail again. Servers whose certificate is not believed, that offer no
TLS or want another password get nothing. On an auth and a PostgreSQL of its own."""

import email
import email.policy
import pathlib
import queue
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import throwaway  # noqa: E402
from browser import Browser  # noqa: E402
from issuer import issuer  # noqa: E402
from scripts import contains, same  # noqa: E402

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult
except ImportError as missing:
    print(f"{missing.name} is not installed (tests/conformance/requirements.txt, or Debian: python3-aiosmtpd)")
    sys.exit(77)

HOME = "https://app.example.com/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
NAME = "Der große Buchladen „Ü“, Köln"
USER, PASSWORD = "app@example.com", "p:ß@/?"


class Mailbox:
    """Takes mail; what it answers first is `answers`, by turns."""

    def __init__(self, answers=()):
        self.answers, self.got, self.logins = list(answers), queue.Queue(), []

    def let_in(self, server, session, envelope, mechanism, data):
        self.logins.append((mechanism, session.ssl is not None))
        return AuthResult(success=(data.login.decode(), data.password.decode()) == (USER, PASSWORD), handled=False)

    async def handle_DATA(self, server, session, envelope):
        self.got.put(envelope)
        return self.answers.pop(0) if self.answers else "250 2.0.0 taken"


def certificate(folder, name):
    """Of this machine, and by nobody but itself."""
    key, chain = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", chain, "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    chain.chmod(0o644)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return chain, context


class Server:
    def __init__(self, mailbox, context=None, login=True):
        more = {"tls_context": context, "require_starttls": True} if context else {}
        if login and context:
            more |= {"auth_required": True, "authenticator": mailbox.let_in}
        self.controller = Controller(mailbox, hostname="127.0.0.1", port=throwaway.free_port(), enable_SMTPUTF8=True, **more)

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()

    def url(self, password=PASSWORD):
        quoted = [urllib.parse.quote(text, safe="") for text in (USER, password)]
        return f"smtp://{quoted[0]}:{quoted[1]}@127.0.0.1:{self.controller.port}?tls=starttls"


def ask(auth, name):
    client = auth.client(redirect_uris=[HOME], first_party=True)
    browser = Browser()
    request = {"response_type": "code", "client_id": client["id"], "redirect_uri": HOME, "scope": "openid", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    page = browser.open(f"{auth.url}/oauth2/authorize?{urllib.parse.urlencode(request)}", HOME)
    flow = urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)["flow"][0]
    page = browser.open(f"{auth.url}/login/recover?flow={flow}")
    same("asking for a link", browser.send(page, {"login_name": name}).status, 200)


def read(envelope):
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    same("faults of the mail", [message.defects, *[message[name].defects for name in ("From", "To", "Subject", "Date", "Message-ID")]], [[], (), (), (), (), ()])
    return message


def health(auth):
    with urllib.request.urlopen(f"{auth.url}/health/ready", timeout=10) as answer:
        return answer.read().decode()


def until_health_says(auth, text):
    end = time.monotonic() + 60
    while text not in health(auth):
        if time.monotonic() > end:
            sys.exit(f"/health/ready does not say {text!r}: {health(auth)}")
        time.sleep(0.1)


def arrive(folder):
    chain, context = certificate(folder, "here")
    mailbox = Mailbox(["451 4.7.1 later"])
    with Server(mailbox, context) as server, issuer(SMTP_URL=server.url(), MAIL_FROM=f"{NAME} <no-reply@example.com>", SMTP_CA_FILE=str(chain)) as auth:
        auth.person("ada@bücher.example")
        ask(auth, "Ada@BÜCHER.example")
        first, second = mailbox.got.get(timeout=30), mailbox.got.get(timeout=30)
        same("what comes again", second.content, first.content)
        same("how it came in", set(mailbox.logins), {("PLAIN", True)})
        same("the envelope", (second.mail_from, second.rcpt_tos), ("no-reply@example.com", ["ada@xn--bcher-kva.example"]))
        message = read(second)
        same("from whom", [(one.display_name, one.addr_spec) for one in message["From"].addresses], [(NAME, "no-reply@example.com")])
        same("to whom", str(message["To"]), "ada@xn--bcher-kva.example")
        same("of what kind", (message.get_content_type(), message.get_content_charset(), message["Auto-Submitted"]), ("text/plain", "utf-8", "auto-generated"))
        same("of one id", bool(re.fullmatch(r"<[0-9a-f-]{36}@example\.com>", message["Message-ID"])), True)
        text = message.get_content()
        contains("what it says", text, "If it was not you", "for 30 minutes")
        link = re.search(rf"{re.escape(auth.url)}/login/reset\?token=\S+", text)[0]
        browser = Browser()
        page = browser.send(browser.open(link), {"new_password": "a better horse altogether"})
        contains("the link", page.text, "Your password is set")
        told = read(mailbox.got.get(timeout=30))
        same("what comes of it", told["Subject"], "Somebody got back into your account")
        contains("what that says", told.get_content(), "see to your account here", f"{auth.url}/account/security")
        same("what lies in the table of jobs", auth.sql("select count(*) from gravity.job where payload::text like '%gln_%'"), "0")


def refuse(folder):
    chain, context = certificate(folder, "elsewhere")
    other, _ = certificate(folder, "other")
    for what, settings, said in (
            ("a certificate that is not believed", {"SMTP_CA_FILE": str(other)}, "TLS with the mail server failed"),
            ("another password", {"SMTP_CA_FILE": str(chain), "password": "wrong"}, "the mail server answers 535"),
            ("no TLS", {"SMTP_CA_FILE": str(chain), "context": None}, "the mail server offers no STARTTLS")):
        mailbox = Mailbox()
        with Server(mailbox, settings.pop("context", context)) as server:
            url = server.url(settings.pop("password", PASSWORD))
            with issuer(SMTP_URL=url, MAIL_FROM="no-reply@example.com", **settings) as auth:
                auth.person("ada@example.com")
                ask(auth, "ada@example.com")
                until_health_says(auth, said)
                same(f"mails behind {what}", mailbox.got.qsize(), 0)


def main():
    with tempfile.TemporaryDirectory(prefix="gravity-mail-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        arrive(folder)
        refuse(folder)
    print("aiosmtpd takes auth's mail behind STARTTLS and a login, and Python's email reads it")


main()
