#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The own tests of Consul's Go client (github.com/hashicorp/consul/api) with the discovery daemon as the `consul` that they start.

They start a server for each test by `consul agent -config-file F`: the daemon itself, under that name. Which tests are run, and why others are not, stands
in docs/discovery.md and, one by one, below."""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

API = "v1.32.1"
SDK = "v0.16.1"
MESH = re.compile(r'Connect: map\[string\]interface\{\}\{\s*"enabled": (true),')
WAIT = re.compile(r'func \(s \*TestServer\) waitForAPI\(\) error \{.*?resp\.Body\.Close\(\)\s+(failed = false)\n', re.DOTALL)
TESTS = {
    "kv": ["ClientPutGetDelete", "ClientList_DeleteRecurse", "ClientDeleteCAS", "ClientCAS", "ClientWatchGet", "ClientWatchList",
           "ClientKeys_DeleteRecurse", "ClientAcquireRelease", "KVClientTxn"],
    "session": ["SessionCreateDestroy", "SessionCreateRenewDestroy", "SessionCreateRenewDestroyRenew", "SessionCreateDestroyRenewPeriodic",
                "SessionRenewPeriodic_Cancel", "SessionInfo", "SessionInfo_NoChecks", "SessionNode", "SessionList", "SessionNodeChecks",
                "SessionServiceChecks"],
    "lock": ["LockLockUnlock", "LockForceInvalidate", "LockDeleteKey", "LockContend", "LockDestroy", "LockConflict", "LockReclaimLock",
             "LockMonitorRetry", "LockOneShot"],
    "semaphore": ["SemaphoreAcquireRelease", "SemaphoreForceInvalidate", "SemaphoreDeleteKey", "SemaphoreContend", "SemaphoreBadLimit",
                  "SemaphoreDestroy", "SemaphoreConflict", "SemaphoreMonitorRetry", "SemaphoreOneShot"],
    "txn": ["ClientTxn", "ClientTxnWrite"],
    "catalog": ["CatalogDatacenters", "CatalogNodes", "CatalogNodes_MetaFilter", "CatalogNodes_Filter", "CatalogServices", "CatalogServices_NodeMetaFilter",
                "CatalogServices_FilterExpr_NodeMeta", "CatalogService", "CatalogService_SingleTag", "CatalogService_MultipleTags",
                "CatalogService_NodeMetaFilter", "CatalogService_Filter", "CatalogNode_Filter",
                "CatalogRegistration", "CatalogEnableTagOverride"],
    "health": ["HealthNode", "HealthNode_Filter", "HealthChecks_AggregatedStatus", "HealthChecks", "HealthChecks_NodeMetaFilter", "HealthChecks_Filter",
               "HealthService", "HealthService_SingleTag", "HealthService_MultipleTags", "HealthService_NodeMetaFilter", "HealthService_Filter",
               "HealthState", "HealthState_NodeMetaFilter", "HealthState_Filter"],
    "agent": ["AgentSelf", "AgentMetrics", "AgentHost", "AgentReload", "AgentMembers", "AgentJoin", "AgentServiceAndReplaceChecks", "AgentServices",
              "AgentServicesWithFilterOpts",
              "AgentServices_CheckPassing", "AgentServices_CheckBadStatus", "AgentServices_CheckID", "AgentServiceAddress", "AgentServiceSocket",
              "AgentEnableTagOverride", "AgentServices_MultipleChecks", "AgentSetTTLStatus", "AgentUpdateTTLOpts", "AgentChecks",
              "AgentChecksWithFilterOpts", "AgentCheckStartPassing", "AgentChecks_serviceBound", "ServiceMaintenanceOpts", "NodeMaintenance",
              "AgentHealthServiceOpts", "AgentScriptCheck", "AgentForceLeave", "AgentForceLeavePrune", "AgentForceLeaveOptions", "AgentMonitor",
              "AgentMonitorJSON"],
    "api": ["UnixSocket"],
    "operator": ["OperatorRaftGetConfiguration"],
    "event": ["EventFireList"],
    "status": ["StatusLeader", "StatusLeaderWithQueryOptions", "StatusPeers", "StatusPeersWithQueryOptions", "StatusLeader_WrongDC",
               "StatusPeers_WrongDC"],
    "coordinate": ["CoordinateDatacenters", "CoordinateNodes", "CoordinateNode", "CoordinateUpdate"],
    "prepared_query": ["PreparedQuery", "PreparedQueryRemoveEmptyTags"],
    "snapshot": ["Snapshot", "Snapshot_Options"],
    "acl": ["ACLReplication", "ACLBootstrap", "ACLPolicy_CreateReadDelete", "ACLPolicy_CreateReadByNameDelete", "ACLPolicy_CreateUpdate", "ACLPolicy_List",
            "ACLToken_CreateReadDelete", "ACLToken_CreateUpdate", "ACLToken_List", "ACLToken_ListFiltered", "ACLToken_Clone", "AgentUpdateToken",
            "TestAgent_ServiceRegisterOpts_Token"],
}
# Those that compare a token's secret with what they read later need it to be kept: sealed, not as it is.
MASTER_KEY = base64.b64encode(b"only for the tests of the client").decode()


def changed_kit(kit: pathlib.Path, copy: pathlib.Path) -> None:
    """The test kit, but that it does not wait for the certificates of a mesh before each test, nor for the end of two seconds once the server answers."""
    shutil.copytree(kit, copy)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    server = copy / "testutil" / "server.go"
    text = server.read_text()
    mesh, wait = MESH.search(text), WAIT.search(text)
    if mesh is None or wait is None:
        sys.exit("the test kit is another than this script knows")
    for found, word in sorted(((mesh, "false"), (wait, "return nil")), key=lambda one: -one[0].start(1)):
        text = text[:found.start(1)] + word + text[found.end(1):]
    server.write_text(text)


def run(command: list[str], folder: pathlib.Path, environment: dict, what: str) -> str:
    ran = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ran.returncode != 0:
        print(ran.stdout[-20000:])
        sys.exit(f"{what} failed")
    return ran.stdout


def made(go: str, kept: pathlib.Path) -> pathlib.Path:
    """A folder with the client's tests as one program (`api.test`) and the folder they are run in (`sources`). Made once: fetching and compiling takes longer
    than all tests."""
    said = subprocess.run([go, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    name = hashlib.sha256("\n".join((API, SDK, said, pathlib.Path(__file__).read_text())).encode()).hexdigest()[:16]
    folder = kept / name
    if (folder / "api.test").is_file() and (folder / "sources").is_dir():
        return folder
    shutil.rmtree(kept, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    module = f"github.com/hashicorp/consul/api@{API}"
    (folder / "go.mod").write_text("module gravity.invalid/consul-api\n\ngo 1.19\n")
    (folder / "use.go").write_text('package use\n\nimport _ "github.com/hashicorp/consul/api"\n')
    fetched = run([go, "mod", "download", "-json", f"github.com/hashicorp/consul/sdk@{SDK}"], folder, environment, "downloading the test kit")
    changed_kit(pathlib.Path(json.loads(fetched)["Dir"]), folder / "sdk")
    run([go, "mod", "edit", "-replace", "github.com/hashicorp/consul/sdk=./sdk"], folder, environment, "using the test kit")
    run([go, "get", "-t", module], folder, environment, "downloading the client's module")
    sources = run([go, "list", "-f", "{{.Dir}}", "github.com/hashicorp/consul/api"], folder, environment, "looking for the client's sources").strip()
    (folder / "sources").symlink_to(sources)
    run([go, "test", "-c", "-o", "made", "github.com/hashicorp/consul/api"], folder, environment, "compiling the client's tests")
    (folder / "made").rename(folder / "api.test")
    return folder


def main() -> None:
    go = shutil.which("go")
    if go is None:
        print("there is no Go (Debian: golang-go) to run the client's tests with")
        sys.exit(77)
    root = pathlib.Path(os.environ["GRAVITY_ROOT"])
    daemon = root / "build" / os.environ.get("GRAVITY_PRESET", "dev") / "bin" / "gravity-discovery"
    chosen = sys.argv[1:] or [name if name.startswith("Test") else f"TestAPI_{name}" for names in TESTS.values() for name in names]
    tests = made(go, root / "var" / "test-consul-api")
    with tempfile.TemporaryDirectory(prefix="gravity-consul-api-") as name:
        (pathlib.Path(name) / "consul").symlink_to(daemon)
        # Each has a server of its own and mostly waits for it, so more run at once than there are cores.
        test = [str(tests / "api.test"), "-test.parallel=6", "-test.timeout=900s", f"-test.run=^({'|'.join(chosen)})$", "-test.v"]
        environment = {**os.environ, "PATH": f"{name}:{os.environ['PATH']}", "MASTER_KEY": MASTER_KEY}
        ran = subprocess.run(test, cwd=tests / "sources", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = ran.stdout.splitlines()
    passed = [line.split()[2] for line in lines if line.startswith("--- PASS")]
    skipped = [line.split()[2] for line in lines if line.startswith("--- SKIP")]
    missing = sorted(set(chosen) - set(passed) - set(skipped))
    if ran.returncode != 0 or missing:
        print(ran.stdout[-40000:])
        sys.exit(f"not passed: {', '.join(missing)}")
    print(f"{len(passed)} tests of the Go client passed, {len(skipped)} skipped themselves")


main()
