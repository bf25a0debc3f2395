#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The npm client `oauth4webapi` (certified by the OpenID Foundation), unchanged, against auth: dynamic registration, client credentials, DPoP with and without
nonces of the server's, its own check of the tokens as a resource server, token exchange. On an auth and a PostgreSQL of its own."""

import base64
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import throwaway  # noqa: E402

VERSION = "3.8.8"
LIMIT = 120  # seconds for each run of it
HERE = pathlib.Path(__file__).resolve()


def skip(why):
    print(why)
    sys.exit(77)


def client(npm):
    """The folder that has the client in its node_modules. Fetched once."""
    folder = throwaway.ROOT / "var" / "test-oauth4webapi" / VERSION
    if (folder / "done").is_file():
        return folder
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    fetched = subprocess.run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", f"oauth4webapi@{VERSION}"], cwd=folder,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if fetched.returncode != 0:
        print(fetched.stdout[-4000:])
        sys.exit("fetching the client failed")
    (folder / "done").touch()
    return folder


def use(node, modules, program, cluster, folder, environment, token, nonces):
    port = throwaway.free_port()
    url = f"http://127.0.0.1:{port}"
    daemon = throwaway.Daemon(program, cluster, folder, {**environment, "PORT": str(port), "AUTH_PUBLIC_URL": url, "AUTH_DPOP_NONCE": nonces}, "auth")
    try:
        daemon.wait_ready()
        settings = {"GRAVITY_NODE_MODULES": str(modules), "GRAVITY_ISSUER": url, "GRAVITY_TOKEN": token, "GRAVITY_NONCES": nonces}
        try:
            ran = subprocess.run([node, "--test", "--test-reporter=tap", str(HERE.with_suffix(".mjs"))], env={**os.environ, **settings}, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired as late:
            sys.exit(f"no end within {LIMIT} s:\n{(late.stdout or b'').decode(errors='replace')[-8000:]}")
    finally:
        daemon.kill()
    passed = re.search(r"^# pass (\d+)$", ran.stdout, re.MULTILINE)
    if ran.returncode != 0 or passed is None or int(passed[1]) == 0:
        print(ran.stdout[-20000:])
        sys.exit("the client is not served as it should be")
    return int(passed[1])


def main():
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        skip("there is no Node.js with npm (Debian: nodejs, npm) to run the client with")
    major = int(re.match(r"v(\d+)", subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout)[1])
    if major < 20:
        skip(f"the client needs the Web Cryptography of Node.js 20: this is {major}")
    program = throwaway.binary("auth", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        skip(f"{program} is not built")
    modules = client(npm)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-auth-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    cluster = throwaway.Cluster(folder / "pg")
    try:
        cluster.database("auth")
        token, environment = throwaway.signed_token(folder, ["clients", "products", "orders"], more=["clients:register"])
        environment |= {"MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
        passed = [use(node, modules, program, cluster, folder, environment, token, nonces) for nonces in ("false", "true")]
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed[0]} tests of the npm client passed, and {passed[1]} where proofs need a nonce")


main()
