#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""WebSockets through the gateway, by github.com/gorilla/websocket, the client and server that most Go programs use: the package's own tests of clients and servers,
their servers reached through the gateway, and conversations between its two ends (gateway_websocket.go).

Left out are its tests of proxies that clients choose, of TLS between client and server themselves, of names that stand for hosts, and of a POST that asks for a WebSocket: to
the server behind the gateway that is a POST and nothing more (RFC 6455 section 4.1). The module is fetched once."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from throwaway import ROOT, binary, free_port, signed_token, wait_for  # noqa: E402

VERSION = "v1.5.3"
HERE = pathlib.Path(__file__).resolve()
GATEWAY = os.environ.get("GRAVITY_GATEWAY_BIN", str(binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))))
THEIRS = ("Dial", "DialBadHeader", "DialBadOrigin", "DialCompression", "DialCookieJar", "DialExtraTokensInRespHeaders", "DialTimeout", "Handshake",
          "HandshakeTimeout", "HandshakeTimeoutInContext", "RespOnBadHandshake")
OURS = ("DoorMessages", "DoorBothWaysAtOnce", "DoorPingsAndPongs", "DoorCloses", "DoorManyAtOnce")


def run(command, folder, what, **more):
    ran = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if ran.returncode != 0:
        print(ran.stdout[-20000:])
        sys.exit(f"{what} failed")
    return ran.stdout


def through_door(source):
    """Their tests, with the gateway in front of each server."""
    changed, servers = re.subn(r"(\ts\.URL = makeWsProto\(s\.Server\.URL\)\n)(\treturn &s\n\}\n\nfunc newTLSServer)", r"\1\ts.URL = throughDoor(t, s.URL)\n\2", source)
    # Three more have a server of their own, which they close.
    changed, own = re.subn(r"(\ts := httptest\.NewServer\(.*?\n\t\}\)\)\n)(\tdefer s\.Close\(\)\n)", r"\1\tdefer s.Close()\n\ts.URL = throughDoor(t, s.URL)\n", changed, flags=re.S)
    # Their patience is a second; what matters here is what comes, not when.
    changed = changed.replace("Deadline(time.Now().Add(time.Second))", "Deadline(time.Now().Add(patience))")
    if servers != 1 or own != 3:
        sys.exit(f"the suite is not the one that is known here: {servers} and {own} servers")
    return changed


def made(go):
    """The program of the tests. Made once: fetching and compiling takes longer than running."""
    added = HERE.with_suffix(".go").read_text()
    said = run([go, "version"], None, "asking Go for its version")
    kept = ROOT / "var" / "test-gorilla-websocket"
    folder = kept / hashlib.sha256("\n".join((VERSION, said, added, HERE.read_text())).encode()).hexdigest()[:16]
    if (folder / "suite").is_file():
        return folder / "suite"
    shutil.rmtree(kept, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    (folder / "go.mod").write_text("module gravity.invalid/websocket\n\ngo 1.19\n")
    run([go, "mod", "download", f"github.com/gorilla/websocket@{VERSION}"], folder, "downloading the module", env=environment)
    found = pathlib.Path(run([go, "env", "GOMODCACHE"], folder, "asking Go where modules are", env=environment).strip()) / "github.com" / "gorilla" / f"websocket@{VERSION}"
    for file in found.glob("*.go"):
        (folder / file.name).write_text(file.read_text())
    (folder / "client_server_test.go").write_text(through_door((found / "client_server_test.go").read_text()))
    (folder / "door_test.go").write_text(added)
    (folder / "example_test.go").unlink()  # it imports the module by its name
    run([go, "test", "-c", "-o", "making", "."], folder, "compiling the suite", env=environment)
    (folder / "making").rename(folder / "suite")
    return folder / "suite"


def main():
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if go is None:
        print("there is no Go (Debian: golang-go) to compile the suite with")
        sys.exit(77)
    if not pathlib.Path(GATEWAY).is_file():
        print(f"{GATEWAY} has not been built")
        sys.exit(77)
    suite = made(go)
    port, admin = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        token, identity = signed_token(pathlib.Path(folder), ("gateway",))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "AUTH_", "DISCOVERY_"))}
        settings = {"PORT": str(port), "ADMIN_PORT": str(admin), "GATEWAY_RATE_PER_SECOND": "0", "LOG_LEVEL": "error", **identity}
        gateway = subprocess.Popen([GATEWAY], env={**kept, **settings})
        try:
            wait_for(port, gateway)
            wait_for(admin, gateway)
            names = [f"Test{name}" for name in (*THEIRS, *OURS)]
            said = run([str(suite), "-test.v", "-test.timeout=300s", "-test.run", "^(" + "|".join(names) + ")$"], folder, "the suite",
                       env={**kept, "DOOR": f"127.0.0.1:{port}", "DOOR_ADMIN": f"http://127.0.0.1:{admin}", "DOOR_TOKEN": token})
        finally:
            gateway.terminate()
            gateway.wait(60)
    passed = set(re.findall(r"^--- PASS: (\w+)", said, re.M))
    if passed != set(names):
        print(said)
        sys.exit(f"not run: {sorted(set(names) - passed)}")
    print(f"{len(THEIRS)} tests of gorilla/websocket {VERSION} and {len(OURS)} conversations passed")


if __name__ == "__main__":
    main()
