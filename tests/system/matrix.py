#!/usr/bin/env python3
"""Every route of every running service, from its own /openapi.json, against every scope there is and against another project.

Scopes: each route with each single scope of the platform. One that does not grant it is 403 with `insufficient_scope` (RFC 6750 section 3.1), no token is 401, and one that does is
neither. Projects: what services/<name>/tests/matrix.yaml makes is made in two projects. Whoever has every scope in the second is answered for the first one's things as for things
that never were, by every method, and nothing of the first one has changed after that; no list of the second names anything of the first, and no body may refer to it.

matrix.yaml: `made` are requests that make something, in their order, each with a name; `paths` say what stands for the parameters of a path (for the longer paths that begin with it as
well); `sent` are bodies of other requests; `apart` are paths that belong to no project, with the reason. `$name` is the identifier of what was made, `$name.field` a field of it, `$tag` a
word of the project's own, `$project` the project, `$subject` who made it all."""

import http.client
import json
import os
import pathlib
import re
import sys
import urllib.parse
import uuid

import yaml

ROOT = pathlib.Path(os.environ.get("GRAVITY_ROOT", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT / "tools"))
from gravity import paths, sign_in, tokens  # noqa: E402

IDENTITY = tokens.Identity(paths.Instance(pathlib.Path(os.environ["GRAVITY_INSTANCE_DIR"]), test=True))
RUNNING = os.environ.get("GRAVITY_SERVICES", "").replace(",", " ").split()
METHODS = ("get", "head", "put", "post", "patch", "delete")
GREATER = {"read": ("write", "admin"), "write": ("admin",)}
SCOPES = sorted({scope for named in (tokens.default_scopes(), sign_in.scopes()) for scope in named})
NAMED = "its project is the one that is named, for who may do so in all of them"
APART = {"/internal/projects/{id}": NAMED, "/internal/projects/{id}/people/{subject}": NAMED}
problems = []


def wrong(text):
    problems.append(text)
    print(text, flush=True)


class Service:
    def __init__(self, name):
        self.name = name
        known = f"GRAVITY_{name.replace('-', '_').upper()}"
        port = os.environ.get(f"{known}_ADMIN_PORT")  # the gateway's own routes are not where everybody's are
        self.address = f"127.0.0.1:{port}" if port else urllib.parse.urlsplit(os.environ[f"{known}_URL"]).netloc
        self.connection = None
        self.document = self.ask("get", "/openapi.json").json()
        file = next((folder / name / "tests" / "matrix.yaml" for folder in (ROOT / "services", ROOT) if (folder / name).is_dir()))
        self.matrix = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if method in METHODS and not endless(operation):
                    yield path, method, operation

    def ask(self, method, target, token=None, body=None, etag=None):
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        if etag:
            fields["If-Match"] = etag
        if body is not None:
            fields["Content-Type"] = "application/json"
        for last in (False, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.address, timeout=60)
            try:
                self.connection.request(method.upper(), target, None if body is None else json.dumps(body), fields)
                return Answer(self.connection.getresponse())
            except (http.client.HTTPException, ConnectionError):  # an idle connection that was closed
                self.connection.close()
                self.connection = None
                if last:
                    raise


class Answer:
    def __init__(self, answer):
        self.status, self.fields, self.text = answer.status, answer.headers, answer.read().decode(errors="replace")

    def json(self):
        return json.loads(self.text) if self.text else {}

    def why(self):
        """What a program may go by: the status, and the type of the problem."""
        try:
            kind = self.json().get("type", "") if self.status >= 400 else ""
        except (ValueError, AttributeError):
            kind = ""
        return self.status, kind

    def wants_sign_in(self):
        """Of just now, or a better one (RFC 9470), which a token of the tests has not."""
        return self.status == 401 and "insufficient_user_authentication" in self.fields.get("WWW-Authenticate", "")

    def lacks_scope(self):
        return self.status == 403 and "insufficient_scope" in self.fields.get("WWW-Authenticate", "")


def endless(operation):
    """Events without an end, and connections that become others, have tests of their own."""
    answers = operation.get("responses", {})
    return "101" in answers or any("text/event-stream" in answer.get("content", {}) for answer in answers.values())


def bodied(operation):
    return "requestBody" in operation


def asked_scopes(operation):
    """The scopes a bearer token needs; None where a route is anybody's or has credentials of its own."""
    ways = operation.get("security", [])
    named = [way["bearer"] for way in ways if way.get("bearer")]
    return named[0] if named and {} not in ways else None


def grants(scope, asked):
    subject, _, verb = asked.rpartition(":")
    return scope == asked or any(scope == f"{subject}:{greater}" for greater in GREATER.get(verb, ()))


# --- scopes -------------------------------------------------------------------------------------------------------------

def never(path):
    """The path with parameters that no resource has."""
    return re.sub(r"\{(\w+)\}", lambda name: "999999" if name[1] in ("number", "start") else tokens.uuid7(), path)


def try_scopes(service, single):
    tried = 0
    for path, method, operation in service.operations():
        asked = asked_scopes(operation)
        if asked is None:
            continue
        target, body = never(path) + ("?wait=0" if waits(operation) else ""), [] if bodied(operation) else None
        where = f"{service.name}: {method.upper()} {path}"
        none = service.ask(method, target, None, body)
        if none.status != 401 or "Bearer" not in none.fields.get("WWW-Authenticate", ""):
            wrong(f"{where} without a token: {none.status}")
        for scope, token in single.items():
            answer = service.ask(method, target, token, body)
            tried += 1
            if len(asked) == 1 and grants(scope, asked[0]):
                if (answer.status == 401 and not answer.wants_sign_in()) or answer.lacks_scope() or answer.status >= 500:
                    wrong(f"{where} with {scope}: {answer.status} {answer.text[:300]}")
            elif not answer.lacks_scope():
                wrong(f"{where} with {scope}, though it asks for {' '.join(asked)}: {answer.status} {answer.text[:300]}")
    return tried


def waits(operation):
    return any(parameter.get("name") == "wait" for parameter in operation.get("parameters", []))


# --- projects -----------------------------------------------------------------------------------------------------------

class World:
    """What was made in one project, by somebody who has every scope there."""

    def __init__(self, service, tag):
        self.service, self.tag = service, tag
        self.project = tokens.uuid7()
        subject = tokens.uuid7()
        self.token = IDENTITY.token(SCOPES, project=self.project, sub=subject)
        self.things = {"tag": {"id": tag}, "project": {"id": self.project}, "subject": {"id": subject}}

    def make(self):
        for row in self.service.matrix.get("made", []):
            answer = self.send(row)
            if not 200 <= answer.status < 300:
                wrong(f"{self.service.name}: {row['name']} was not made: {answer.status} {answer.text[:500]}")
                return False
            self.things[row["name"]] = made(answer)
        return True

    def send(self, row, referred=None):
        """A request of `made`; its body may refer to other things than this project's."""
        return self.service.ask(row.get("method", "post"), filled(row["path"], self.things), self.token, filled(row.get("body"), referred or self.things))

    def path(self, path):
        """The path with this project's things for its parameters."""
        values = {}
        for begin, parameters in self.service.matrix.get("paths", {}).items():
            if path == begin or path.startswith(begin + "/"):
                values |= parameters
        missing = [name for name in re.findall(r"\{(\w+)\}", path) if name not in values]
        if missing:
            wrong(f"{self.service.name}: nothing stands for {missing} of {path} in tests/matrix.yaml")
            return None
        return re.sub(r"\{(\w+)\}", lambda name: urllib.parse.quote(str(filled(values[name[1]], self.things)), safe=""), path)


def made(answer):
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def filled(value, things):
    if isinstance(value, dict):
        return {name: filled(part, things) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, things) for part in value]
    if isinstance(value, str):
        def stands(name):
            thing, _, field = name[1].partition(".")
            return str(things[thing].get(field or "id"))
        return re.sub(r"\$([a-z][a-z_]*(?:\.\w+)?)", stands, value)
    return value


def refers(value):
    """Whether a body names other things (a word of the project's own is none)."""
    return bool(re.search(r"\$(?!tag\b)[a-z]", json.dumps(value)))


def nobody(things):
    """The same things, as if they had never been."""
    def other(value):
        if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
            return tokens.uuid7()
        if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value):
            return value[::-1]
        return value + "-none" if isinstance(value, str) else value
    return {name: {field: other(value) for field, value in thing.items()} if name != "tag" else thing for name, thing in things.items()}


def renamed(text, things, others):
    """A text as it were with other things: what only says again what it was asked for tells nothing."""
    for name, thing in things.items():
        for field, value in thing.items():
            if isinstance(value, str) and field in ("id", "key"):
                text = text.replace(value, str(others[name][field]))
    return text


def crossed(service):
    """How many requests of a second project for things of the first were tried."""
    apart = APART | service.matrix.get("apart", {})
    first, second = World(service, f"zebra{uuid.uuid4().hex[:8]}"), World(service, f"okapi{uuid.uuid4().hex[:8]}")
    if not (first.make() and second.make()):
        return 0
    absent = World(service, "")
    absent.things, absent.token = nobody(first.things) | {"tag": {"id": "nothing" + uuid.uuid4().hex[:8]}}, second.token
    placed = [(path, method, operation) for path, method, operation in service.operations() if "{" in path and path not in apart]
    readable, tried = {}, 0
    for path, method, _ in placed:
        if method == "get" and (target := first.path(path)):
            readable[path] = service.ask("get", target, first.token)
            if readable[path].status >= 400 and path not in service.matrix.get("unread", []):
                wrong(f"{service.name}: GET {target} by its own project: {readable[path].status} {readable[path].text[:300]}")
    for path, method, operation in placed:
        target, none = first.path(path), absent.path(path)
        if target is None:
            continue
        etag = readable[path].fields.get("ETag") if path in readable else None
        body = filled(service.matrix.get("sent", {}).get(f"{method} {path}", {} if bodied(operation) else None), first.things)
        theirs, nones = service.ask(method, target, second.token, body, etag), service.ask(method, none, second.token, body, etag)
        tried += 1
        if theirs.why() != nones.why() or (theirs.status < 400 and renamed(theirs.text, first.things, absent.things) != nones.text):
            wrong(f"{service.name}: {method.upper()} {target} from another project: {theirs.status} {theirs.text[:300]}\n    of what never was: {nones.status} {nones.text[:300]}")
    for path, before in readable.items():
        after = service.ask("get", first.path(path), first.token)
        if after.why() != before.why() or (after.status < 400 and after.text != before.text):
            wrong(f"{service.name}: GET {path} is not what it was before another project tried:\n    {before.text[:400]}\n    {after.text[:400]}")
    for row in service.matrix.get("made", []):
        if refers(row.get("body")):
            theirs = second.send(row, second.things | {name: thing for name, thing in first.things.items() if name != "tag"})
            nones = second.send(row, second.things | {name: thing for name, thing in absent.things.items() if name != "tag"})
            tried += 1
            if theirs.why() != nones.why():
                wrong(f"{service.name}: {row['name']} that refers to another project's things: {theirs.status} {theirs.text[:300]}\n    to what never was: {nones.status} {nones.text[:300]}")
    hidden = [first.tag] + [thing["id"] for name, thing in first.things.items() if name != "tag" and isinstance(thing.get("id"), str)]
    lists, seen = 0, set()
    for path, method, operation in service.operations():
        if method != "get" or "{" in path or path in apart:
            continue
        target = path + ("?wait=0" if waits(operation) else "")
        seen |= {word for word in hidden if word in service.ask(method, target, first.token).text}
        answer = service.ask(method, target, second.token)
        lists += 1
        found = [word for word in hidden if word in answer.text]
        if found:
            wrong(f"{service.name}: GET {target} names another project's {found}: {answer.text[:400]}")
    if service.matrix.get("made") and lists and not seen:
        wrong(f"{service.name}: no list shows its own project what was made")
    return tried + lists


# A token for each single scope, and for one that nobody asks for.
single = {scope: IDENTITY.token([scope]) for scope in [*SCOPES, "zebras:read"]}
for name in RUNNING:
    service = Service(name)
    routes = sum(1 for _ in service.operations())
    tried, across = try_scopes(service, single), crossed(service)
    print(f"{name}: {routes} operations, {tried} with a scope, {across} from another project", flush=True)
if not RUNNING:
    sys.exit(77)
sys.exit(f"{len(problems)} of the answers are not as they should be" if problems else 0)
