#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Settings from private repositories: by SSH from OpenSSH's `sshd`, by HTTP from `git http-backend` behind nginx with a password. What is there reaches Spring's clients; another host's key, another
person's key and another password are refused, with a reason and without what is secret; what is pushed arrives when GitHub says so. On a config and a PostgreSQL of its own. Needs Debian's
openssh-server, nginx-light and fcgiwrap."""

import base64
import contextlib
import json
import os
import pathlib
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import config_service  # noqa: E402
import fetched  # noqa: E402
import throwaway  # noqa: E402
from scripts import contains, same  # noqa: E402

ME = pwd.getpwuid(os.geteuid()).pw_name
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
PROGRAMS = {name: shutil.which(name, path=PATH) for name in ("sshd", "ssh", "ssh-keygen", "git", "nginx", "fcgiwrap", "openssl")}
BACKEND = pathlib.Path("/usr/lib/git-core/git-http-backend")
SOURCES, REPOSITORY = "/api/v1/config/git-sources", "/ada/settings.git"
KEYS = {"ed25519": ["-t", "ed25519"], "ecdsa": ["-t", "ecdsa", "-m", "PEM"], "rsa": ["-t", "rsa", "-b", "3072", "-m", "PKCS8"]}  # and the three ways in which keys are written

SSHD = """ListenAddress 127.0.0.1:{port}
ListenAddress [::1]:{port}
PidFile none
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
AuthenticationMethods publickey
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
AllowUsers {user}
"""
ALONE = """#!/bin/sh
# Whoever signs in may read one repository, and nothing else.
case "$SSH_ORIGINAL_COMMAND" in
"git-upload-pack '{repository}'") exec git-upload-pack '{folder}{repository}' ;;
esac
echo "There is no such repository." >&2
exit 1
"""
NGINX = """daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;{user}
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; fastcgi_temp_path {folder}/fastcgi; proxy_temp_path {folder}/proxy; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  auth_basic git; auth_basic_user_file {folder}/passwords;
  fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param GIT_PROJECT_ROOT {folder}; fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param PATH_INFO $uri;
  fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length;
  fastcgi_param REMOTE_USER $remote_user; fastcgi_param GIT_PROTOCOL $http_git_protocol;
  server {{ listen 127.0.0.1:{port}; location / {{ fastcgi_pass unix:{folder}/fcgiwrap; }} location /elsewhere/ {{ return 302 /ada/settings.git$is_args$args; }} }}
  server {{ listen 127.0.0.1:{secure} ssl; ssl_certificate {folder}/certificate; ssl_certificate_key {folder}/certificate_key; location / {{ fastcgi_pass unix:{folder}/fcgiwrap; }} }}
}}
"""


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True, **more).stdout.strip()


@contextlib.contextmanager
def daemon(command, ready, **more):
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, **more)
    try:
        ready(process)
        yield
    finally:
        process.terminate()
        process.wait()


class Repository:
    """What ada keeps: a bare repository, and the place from which she pushes to it."""

    def __init__(self, folder):
        self.bare, self.work = folder / REPOSITORY[1:], folder / "work"
        self.bare.parent.mkdir()
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", self.bare)
        run("git", "init", "--quiet", "--initial-branch=main", self.work)

    def git(self, *words):
        identity = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"}
        return run("git", "-C", self.work, *words, env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"})

    def push(self, **files):
        """The commit, pushed to main."""
        for name, content in files.items():
            (self.work / f"{name}.yml").write_text(content)
        self.git("add", ".")
        self.git("commit", "--quiet", "--message=Settings")
        self.git("push", "--quiet", str(self.bare), "main")
        return self.git("rev-parse", "HEAD")


class Key:
    def __init__(self, folder, name, options=("-t", "ed25519"), passphrase=""):
        self.file = folder / name
        run("ssh-keygen", "-q", "-N", passphrase, "-C", name, *options, "-f", self.file)
        self.private, self.public = self.file.read_text(), " ".join(self.file.with_suffix(".pub").read_text().split()[:2])
        self.secret_lines = [line for line in self.private.split("\n") if len(line) > 20 and not line.startswith("-----")]


class Server:
    """By SSH and by HTTP."""

    def __init__(self, folder):
        self.folder, self.repository = folder, Repository(folder)
        self.host, self.keys = Key(folder, "host"), {name: Key(folder, f"key_{name}", options) for name, options in KEYS.items()}
        self.password = secrets.token_hex(16) + " & co"
        alone = folder / "alone"
        alone.write_text(ALONE.format(folder=folder, repository=REPOSITORY))
        alone.chmod(0o755)
        (folder / "authorized_keys").write_text("".join(f'restrict,command="{alone}" {key.public}\n' for key in self.keys.values()))
        hashed = run("openssl", "passwd", "-apr1", "-stdin", input=self.password)
        (folder / "passwords").write_text(f"ada:{hashed}\n")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
            "-keyout", folder / "certificate_key", "-out", folder / "certificate", stderr=subprocess.DEVNULL)
        self.port, self.web_port, self.secure_port = (throwaway.free_port() for _ in range(3))
        self.ssh = f"ssh://127.0.0.1:{self.port}{REPOSITORY}"
        self.web, self.moved, self.secure = f"http://127.0.0.1:{self.web_port}{REPOSITORY}", f"http://127.0.0.1:{self.web_port}/elsewhere/x.git", f"https://127.0.0.1:{self.secure_port}{REPOSITORY}"

    def known_hosts(self, key=None, name=None):
        return f"{name or f'[127.0.0.1]:{self.port}'} {(key or self.host).public}\n"

    @contextlib.contextmanager
    def running(self):
        folder, root = self.folder, os.geteuid() == 0
        if root:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd shuts away what it lets strangers talk to
        (folder / "sshd.conf").write_text(SSHD.format(folder=folder, port=self.port, user=ME))
        settings = {"folder": folder, "port": self.web_port, "secure": self.secure_port, "backend": BACKEND, "user": " user root;" if root else ""}
        (folder / "nginx.conf").write_text(NGINX.format(**settings))
        socket = folder / "fcgiwrap"

        def has_socket(process):
            end = time.monotonic() + 60
            while not socket.exists():
                if process.poll() is not None or time.monotonic() > end:
                    sys.exit("fcgiwrap does not listen")
                time.sleep(0.02)

        with contextlib.ExitStack() as stack:
            log = stack.enter_context(open(folder / "servers.log", "ab"))
            start = stack.enter_context
            start(daemon([PROGRAMS["sshd"], "-D", "-e", "-f", folder / "sshd.conf"], lambda process: throwaway.wait_for(self.port, process), stdout=log, stderr=log))
            start(daemon([PROGRAMS["fcgiwrap"], "-s", f"unix:{socket}"], has_socket, stdout=log, stderr=log))
            start(daemon([PROGRAMS["nginx"], "-c", folder / "nginx.conf", "-e", folder / "nginx.log"], lambda process: throwaway.wait_for(self.web_port, process), stdout=log, stderr=log))
            yield


class Client:
    """Who uses config, and what is never to be seen in what it says."""

    def __init__(self, config, hidden):
        self.config, self.hidden = config, hidden

    def heard(self, text):
        for secret in self.hidden:
            if secret in text:
                sys.exit(f"what is secret is said: {text}")
        return text

    def ask(self, *words):
        return json.loads(self.heard(self.config.ask(*words)))

    def source(self, url, label, credentials=None, **more):
        body = {"url": url, "label": label, "applications": ["shop"], **more}
        return self.ask("POST", SOURCES, {**body, "credentials": credentials} if credentials else body)["id"]

    def sign_in(self, source, **credentials):
        self.ask("PUT", f"{SOURCES}/{source}/credentials", credentials)

    def fault_of_sign_in(self, source, **credentials):
        try:
            self.sign_in(source, **credentials)
        except urllib.error.HTTPError as refused:
            same("refused credentials", refused.code, 422)
            fault = json.loads(self.heard(refused.read().decode()))["errors"][0]
            return f"{fault['pointer']} {fault['detail']}"

    def ended(self, source, commit=None):
        """What became of a pull, of this commit if one is named."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            now = self.ask("GET", f"{SOURCES}/{source}")
            if now["state"] != "waiting" and (commit is None or now.get("commit") == commit):
                return now
            time.sleep(0.1)
        sys.exit(f"nothing has become of the pull: {now}")

    def pull(self, source):
        self.ask("POST", f"{SOURCES}/{source}/pull")
        return self.ended(source)

    def pulled(self, what, source, commit):
        told = self.pull(source)
        same(what, (told["state"], told.get("commit"), told.get("detail")), ("pulled", commit, None))

    def refused(self, what, source, *reasons):
        told = self.pull(source)
        same(what, told["state"], "failed")
        contains(what, told["detail"], "it cannot be fetched: ", *reasons)

    def publish(self, label):
        for each in self.ask("GET", f"/api/v1/configs?label={label}")["items"]:
            self.ask("POST", f"/api/v1/configs/{each['id']}/releases", {})

    def spring(self, profile, label):
        """What a client of Spring's is given: the highest source first."""
        merged = {}
        for source in reversed(self.ask("GET", f"/spring/shop/{profile}/{label}")["propertySources"]):
            merged.update(source["source"])
        return merged


def by_ssh(client, server, first):
    good = {"username": ME, "private_key": server.keys["ed25519"].private, "known_hosts": server.known_hosts()}
    source = client.source(server.ssh, "ssh", good)
    client.pulled("by SSH", source, first)
    client.publish("ssh")
    same("what Spring's clients are given", client.spring("dev", "ssh"), {"shop.port": 9090, "shop.name": "by git"})
    for name, key in server.keys.items():
        client.sign_in(source, **{**good, "private_key": key.private})
        client.pulled(f"with a key of {name}", source, first)
        client.sign_in(source, **{**good, "private_key": key.private.replace("\n", "\r\n").rstrip(), "known_hosts": server.known_hosts().replace("\n", "\r\n")})
        client.pulled(f"with a key of {name} whose lines end as those of Windows", source, first)

    stranger = Key(server.folder, "stranger")
    client.hidden += stranger.secret_lines
    hashed = server.folder / "hashed"
    hashed.write_text(server.known_hosts())
    run("ssh-keygen", "-q", "-H", "-f", hashed, stderr=subprocess.DEVNULL)
    client.sign_in(source, **{**good, "known_hosts": "# ours\n" + server.known_hosts(stranger, "[127.0.0.2]:22") + hashed.read_text()})
    client.pulled("of a host whose name is hashed, among others", source, first)

    unbelieved = {"another key of the host": server.known_hosts(stranger), "the key of another host": server.known_hosts(name="[127.0.0.2]:22"),
                  "the key of another port": server.known_hosts(name="127.0.0.1"), "a key that was withdrawn": "@revoked " + server.known_hosts()}
    for what, known in unbelieved.items():
        client.sign_in(source, **{**good, "known_hosts": known})
        client.refused(what, source, "Host key verification failed.")
    client.sign_in(source, **{**good, "private_key": stranger.private})
    client.refused("with the key of a stranger", source, "Permission denied (publickey)")
    client.sign_in(source, **{**good, "username": "somebody"})
    client.refused("as somebody else", source, "Permission denied (publickey)")
    broken = server.keys["ed25519"].private.replace(server.keys["ed25519"].secret_lines[1] + "\n", "")
    client.sign_in(source, **{**good, "private_key": broken})
    client.refused("with a key that lacks a line", source, "its private key cannot be read")
    for name, options in KEYS.items():
        locked = Key(server.folder, f"locked_{name}", options, "a passphrase")
        client.hidden += locked.secret_lines
        same(f"a key of {name} with a passphrase", client.fault_of_sign_in(source, **{**good, "private_key": locked.private}), "/private_key must have no passphrase")
    named = client.source(server.ssh.replace("127.0.0.1", "localhost"), "named", {**good, "known_hosts": server.known_hosts(name=f"[localhost]:{server.port}")})
    client.pulled("of a host that is named", named, first)
    client.sign_in(named, **good)
    client.refused("of a host whose address alone is known", named, "Host key verification failed.")
    elsewhere = client.source(server.ssh.replace("settings", "secrets"), "elsewhere", good)
    client.refused("of a repository that the key is not for", elsewhere, "There is no such repository.")

    same("how many pulls have failed since the credentials were given", client.ask("GET", f"{SOURCES}/{source}")["failures"], 1)
    client.sign_in(source, **good)
    client.pulled("as at first", source, first)
    return source


def by_http(client, server, first):
    good = {"username": "ada", "password": server.password}
    wrong = secrets.token_hex(16)
    client.hidden += [wrong, *(base64.b64encode(f"ada:{each}".encode()).decode() for each in (wrong, server.password))]
    source = client.source(server.web, "http", good)
    client.pulled("by HTTP", source, first)
    client.publish("http")
    same("what Spring's clients are given", client.spring("default", "http"), {"shop.port": 8080, "shop.name": "by git"})
    client.sign_in(source, username="ada", password=wrong)
    client.refused("with another password", source)
    client.sign_in(source, username="bob", password=server.password)
    client.refused("as somebody else", source)
    client.sign_in(source)
    client.refused("without a password", source)
    client.refused("where it was moved to", client.source(server.moved, "moved", good), "302")
    secure = client.source(server.secure, "secure", good)
    client.refused("of a server that nobody vouches for", secure, "certificate")
    client.config.ask("DELETE", f"{SOURCES}/{secure}")
    client.sign_in(source, **good)
    client.pulled("with the password again", source, first)
    return source


def github(commit, before, branch="main"):
    """A push as GitHub tells of it (https://docs.github.com/en/webhooks/webhook-events-and-payloads#push), but for fields that are about people."""
    home = "127.0.0.1/ada/settings"
    one = {"id": commit, "tree_id": before, "distinct": True, "message": "Settings", "timestamp": "2026-01-01T00:00:00Z", "url": f"https://{home}/commit/{commit}",
           "author": {"name": "Ada", "email": "ada@example.com", "username": "ada"}, "committer": {"name": "Ada", "email": "ada@example.com", "username": "ada"},
           "added": [], "removed": [], "modified": ["shop.yml"]}
    repository = {"id": 1, "node_id": "MDEwOlJlcG9zaXRvcnkx", "name": "settings", "full_name": "ada/settings", "private": True, "owner": {"name": "ada", "login": "ada", "id": 1},
                  "html_url": f"https://{home}", "url": f"https://{home}", "git_url": f"git://{home}.git", "ssh_url": "git@127.0.0.1:ada/settings.git",
                  "clone_url": f"https://{home}.git", "svn_url": f"https://{home}", "default_branch": "main", "master_branch": "main", "topics": []}
    return {"ref": f"refs/heads/{branch}", "before": before, "after": commit, "repository": repository, "pusher": {"name": "ada", "email": "ada@example.com"},
            "created": False, "deleted": False, "forced": False, "base_ref": None, "compare": f"https://{home}/compare/{before[:12]}...{commit[:12]}", "commits": [one], "head_commit": one}


def hook(client, key, event, message):
    """As GitHub calls it: the key is in the address. The sources that are pulled; or the status that refuses."""
    sign_in = base64.b64encode(f"hook:{key}".encode()).decode()
    fields = {"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/044aadd", "X-GitHub-Event": event, "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
              "Authorization": f"Basic {sign_in}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{client.config.url}/spring/monitor", json.dumps(message).encode(), fields), timeout=60) as answer:
            return sorted(json.load(answer))
    except urllib.error.HTTPError as refused:
        return refused.code


def told_of_pushes(client, server, first, sources):
    key = client.ask("POST", "/api/v1/config/access-keys", {"name": "GitHub", "kind": "secret", "scopes": ["configs:write"]})["key"]
    second = server.repository.push(shop="shop:\n  port: 8081\n  name: pushed\n", **{"shop-dev": "shop:\n  port: 9091\n"})
    message = github(second, first)
    same("a push to another branch", hook(client, key, "push", github(second, first, "other")), [])
    same("with a key that never was", hook(client, key[:-1] + ("a" if key[-1] != "a" else "b"), "push", message), 401)
    same("what has not been told of", [client.ask("GET", f"{SOURCES}/{source}")["commit"] for source in sources], [first] * len(sources))
    same("the sources of a push", hook(client, key, "push", message), sorted(sources))
    for source in sources:
        same("what was pushed", client.ended(source, second)["state"], "pulled")
    client.publish("ssh")
    same("what was pushed, for Spring's clients", client.spring("dev", "ssh"), {"shop.port": 9091, "shop.name": "pushed"})


def main():
    program = throwaway.binary("config", os.environ.get("GRAVITY_PRESET", "dev"))
    missing = [name for name, found in PROGRAMS.items() if found is None] + [str(each) for each in (program, BACKEND) if not each.exists()]
    if missing:
        fetched.skip(f"there is no {', no '.join(missing)}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-config-"))
    with contextlib.ExitStack() as stack:
        home = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gravity-git-")))
        server = Server(home)
        first = server.repository.push(shop="shop:\n  port: 8080\n  name: by git\n", **{"shop-dev": "shop:\n  port: 9090\n"})
        stack.enter_context(server.running())
        settings = {"CONFIG_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(), "CONFIG_GIT_SCHEMES": "ssh,https,http", "CONFIG_GIT_NETWORKS": "127.0.0.0/8,::1/128"}
        client = Client(stack.enter_context(config_service.running(program, folder, settings=settings)), [server.password])
        client.hidden += [line for key in server.keys.values() for line in key.secret_lines]
        sources = [by_ssh(client, server, first), by_http(client, server, first)]
        told_of_pushes(client, server, first, sources)
        contains("the audit log", client.heard(client.config.ask("GET", "/api/v1/config/audit/export?format=ndjson")), "git_source.credentials_set", "git_source.pulled")
        client.heard((folder / "config.log").read_text())
    print("settings come by SSH and by HTTP from those whose key or password is good, and when they are pushed")


main()
