#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The commands of Consul's own executable against our daemon: access rules, members, catalog, keys and their export and import, services, snapshots, events,
maintenance, locks, watches, the log, the end. Skipped where there is no `consul` (discovery_real_consul.py says how to get one)."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import real_consul  # noqa: E402
from discovery import own_daemon  # noqa: E402
from scripts import contains, same  # noqa: E402


class Shell:
    def __init__(self, program, port, folder):
        self.program, self.folder, self.calls = program, folder, 0
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CONSUL_HTTP_ADDR": f"127.0.0.1:{port}"}

    def run(self, *words, code=0):
        """What the command printed."""
        ran = subprocess.run([self.program, *words], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        self.calls += 1
        if ran.returncode != code:
            sys.exit(f"consul {' '.join(words)} ended with {ran.returncode}:\n{ran.stdout}")
        return ran.stdout

    def says(self, words, *needles, code=0):
        contains(f"consul {words}", self.run(*words.split(), code=code), *needles)


def rules(shell):
    shell.says("kv put locked no", "Permission denied", code=1)
    root = json.loads(shell.run("acl", "bootstrap", "-format=json"))["SecretID"]
    shell.environment["CONSUL_HTTP_TOKEN"] = root
    (shell.folder / "rules.hcl").write_text('key_prefix "app/" { policy = "write" }\n')
    shell.says("acl policy create -name=app -rules=@rules.hcl", "app")
    token = json.loads(shell.run("acl", "token", "create", "-policy-name=app", "-format=json"))
    shell.says(f"kv put -token={token['SecretID']} app/a 1", "Success")
    shell.says(f"kv put -token={token['SecretID']} other/a 1", "Permission denied", code=1)
    shell.says("acl role create -name=apps -policy-name=app", "apps")
    shell.says("acl policy read -name=app", 'key_prefix "app/"')
    shell.says("acl policy list", "app", "global-management")
    shell.says(f"acl token delete -id={token['AccessorID']}", "deleted successfully")
    shell.says(f"kv get -token={token['SecretID']} app/a", "ACL not found", code=1)


def keys(shell):
    shell.says("kv put a/b hello", "Success")
    shell.says("kv put -cas -modify-index=1 a/b other", "Did not write", code=1)
    same("the value", shell.run("kv", "get", "a/b"), "hello\n")
    exported = shell.run("kv", "export", "a")
    shell.says("kv delete -recurse a", "Success")
    shell.says("kv get a/b", "No key exists", code=1)
    (shell.folder / "keys.json").write_text(exported)
    shell.says("kv import @keys.json", "Imported: a/b")
    same("keys", shell.run("kv", "get", "-keys", "a/").split(), ["a/b"])
    same("what ran under the lock", shell.run("lock", "locks/x", "echo", "locked"), "locked\n")
    watched = json.loads(shell.run("watch", "-type=key", "-key=a/b"))
    same("what is watched", watched["Key"], "a/b")
    shell.says("watch -type=services", '"consul"')


def services(shell):
    (shell.folder / "web.json").write_text(json.dumps({"service": {"name": "web", "port": 80, "tags": ["v1"], "checks": [{"ttl": "10m", "status": "passing"}]}}))
    shell.says("services register web.json", "Registered service: web")
    shell.says("catalog services -tags", "web", "v1")
    shell.says("catalog nodes -service=web", "127.0.0.1")
    shell.says("watch -type=service -service=web -passingonly=true", '"web"')
    shell.says("maint -enable -service=web -reason=update", "maintenance is now enabled")
    shell.says("maint", "update")
    shell.says("maint -disable -service=web", "maintenance is now disabled")


def state(shell):
    shell.says("members", "alive", "server")
    shell.says("info", "leader = true")
    shell.says("catalog datacenters", "dc1")
    shell.says("operator raft list-peers", "leader")
    shell.says("event -name=deploy now", "Event ID")
    shell.says("snapshot save state.snap", "Saved and verified snapshot")
    shell.says("services deregister -id=web", "Deregistered service")
    shell.says("kv delete a/b", "Success")
    shell.says("snapshot restore state.snap", "Restored snapshot")
    same("the value after the snapshot", shell.run("kv", "get", "a/b"), "hello\n")
    shell.says("catalog services", "web")
    shell.says("reload", "reload triggered")
    shell.says("operator autopilot get-config", "Invalid URL path", code=1)  # not there, and said so
    shell.says("leave", "Graceful leave complete")


def main():
    program = real_consul.or_skip()
    with own_daemon("--discovery-acl-enabled=true", "--discovery-acl-default-policy=deny") as port, tempfile.TemporaryDirectory(prefix="gravity-consul-") as name:
        shell = Shell(program, port, pathlib.Path(name))
        for part in (rules, keys, services, state):
            part(shell)
    print(f"{shell.calls} commands of {real_consul.version(program)}")


main()
