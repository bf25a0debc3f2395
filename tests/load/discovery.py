#!/usr/bin/env python3
"""discovery against nginx, etcd and nsd with the same bytes, keys and zone, in turns on the same cores, in one run; then 5,000 who wait for one change among
10,000 instances, and how soon the gateway knows who is there.

    tests/load/discovery.py [--seconds 5] [--runs 3] [--check] [--only WORD]      (release preset; Debian: wrk, nginx-light, etcd-server, dnsperf, nsd;
                                                                                `./gravity bench discovery` builds and runs it)

What is not installed is left out, which the output says. Where there are two cores or more, a server has the first for itself and who asks it the second."""

import base64
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import ASKING, HERE, OURS, Peer, Results, missing, nginx_with, options, proportional_mebibytes, say, spent, wrk_at

from chaos import Program, ask, is_ready  # tests/support, as harness has it
from throwaway import binary, free_port

HEALTH, KV, DNS = ("health/service/:s?passing of 50 instances / nginx, same bytes", "KV PUT by 64 clients / etcd's JSON gateway",
                   "DNS SRV, a second on a core / 50,000, or / 0.8 of nsd's, same zone")
WAKE, SLEPT, MEMORY = "5,000 watchers have a change, ms", "watchers of other services that woke", "a watcher's memory, KiB"
FIRST, LAST = "registration to first request by the gateway, ms", "death to the last request to it, ms"
BARS = {
    HEALTH: ("least", 0.5),
    KV: ("least", 1),
    DNS: ("least", 1),
    WAKE: ("most", 250),
    SLEPT: ("most", 0),
    MEMORY: ("most", 64),
    FIRST: ("most", 1000),
    LAST: ("most", 1000),
}

INSTANCES, TO_A_SERVICE, WATCHERS, OTHERS = 10_000, 50, 5_000, 500
PRESET = os.environ.get("GRAVITY_PRESET", "release")


class Discovery:
    def __init__(self, folder, name, alone_on_a_core=True, **settings):
        self.port, self.dns = free_port(), free_port(socket.SOCK_DGRAM)
        self.program = Program(name, [*(OURS if alone_on_a_core else []), str(binary("discovery", PRESET))], {
            "PORT": str(self.port), "DISCOVERY_DATA_DIR": str(folder / name), "DISCOVERY_NODE_NAME": "bench", "DISCOVERY_DNS_PORT": str(self.dns),
            "LISTEN_ADDRESS": "127.0.0.1", "DEREGISTER_DELAY_SECONDS": "0", **settings}, folder)
        deadline = time.monotonic() + 30
        while not is_ready(self.port):
            if time.monotonic() > deadline:
                sys.exit(f"discovery is not ready; see {folder}/{name}.log")
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.kill()

    @property
    def pid(self):
        return self.program.process.pid

    def put(self, path, body=None):
        answer = ask(self.port, "PUT", f"/v1/{path}", None if body is None else json.dumps(body).encode(), 60)
        if answer.status != 200:
            sys.exit(f"{path} was answered {answer.status} {answer.body}")

    def get(self, path):
        return ask(self.port, "GET", f"/v1/{path}", timeout=60)

    def fill(self, services, instances):
        """Services of so many instances each, one on a node, as services of the platform register: tags, meta, a check that passes."""
        for service in range(services):
            name, operations = f"svc{service}", []
            for n in range(instances):
                node, address = f"node{n}", f"10.{service % 256}.{n // 256}.{n % 256}"
                operations.append({"Node": {"Verb": "set", "Node": {"Node": node, "Address": f"10.255.{n // 256}.{n % 256}"}}} if service == 0 else None)
                operations.append({"Service": {"Verb": "set", "Node": node, "Service": {
                    "ID": f"{name}-{n}", "Service": name, "Address": address, "Port": 8000 + n, "Tags": ["gravity"],
                    "Meta": {"prefixes": f"/api/v1/{name}", "auth": "jwt", "timeout_ms": "15000", "weight": "1", "version": "0.1.0", "zone": "", "scheme": "http"}}}})
                operations.append({"Check": {"Verb": "set", "Check": {
                    "Node": node, "CheckID": f"{name}-{n}-ready", "Name": "ready", "Status": "passing", "ServiceID": f"{name}-{n}", "Output": "HTTP GET: 200 OK"}}})
            operations = [one for one in operations if one is not None]
            for begin in range(0, len(operations), 128):
                self.put("txn", operations[begin:begin + 128])


class Rate:
    """Answers a second, and the server's processor time for each: what is left to compare where the machine is not one's own."""

    def __init__(self, pid, seconds, measure):
        before = spent(pid)
        self.a_second = measure()
        self.microseconds = 1e6 * (spent(pid) - before) / (self.a_second * max(1, round(seconds)))

    def __str__(self):
        return f"{self.a_second:.0f}/s ({self.microseconds:.1f} µs of a processor each)"


def health(folder, results, arguments):
    """The list that gateways and load balancers read, and nginx with its bytes in memory: a file of a tmpfs that it keeps open and sends with sendfile."""
    if missing(arguments, HEALTH, "wrk", "nginx"):
        return
    with Discovery(folder, "health") as ours:
        ours.fill(1, TO_A_SERVICE)
        body = ours.get("health/service/svc0?passing").body
        with nginx_with(folder, body, "application/json") as (peer, port):
            for _ in range(arguments.runs):
                base = Rate(peer.process.pid, arguments.seconds, lambda: wrk_at(port, "/file", arguments.seconds, 16))
                own = Rate(ours.pid, arguments.seconds, lambda: wrk_at(ours.port, "/v1/health/service/svc0?passing", arguments.seconds, 16))
                results.add(HEALTH, own.a_second / base.a_second)
                say(arguments, f"health of {TO_A_SERVICE} instances, {len(body)} bytes: {own} against {base}")


# Both write the same 64 bytes under the same 10,000 keys, one after the other.
LUA = """local n = 0
local bodies = {}
function init()
  wrk.method = "%(method)s"
  for i = 0, 9999 do bodies[i] = %(request)s end
end
function request()
  n = (n + 1) %% 10000
  return bodies[n]
end
"""
BASE64 = """local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
function base64(text)
  return ((text:gsub(".", function(c)
    local bits, byte = "", c:byte()
    for i = 8, 1, -1 do bits = bits .. (byte % 2 ^ i - byte % 2 ^ (i - 1) > 0 and "1" or "0") end
    return bits
  end) .. "0000"):gsub("%d%d%d?%d?%d?%d?", function(bits)
    if #bits < 6 then return "" end
    return digits:sub(tonumber(bits, 2) + 1, tonumber(bits, 2) + 1)
  end) .. ({"", "==", "="})[#text % 3 + 1])
end
"""


def kv(folder, results, arguments):
    """64 clients write keys, each answer waited for; both are on the same disk when it is given."""
    if missing(arguments, KV, "wrk", "etcd"):
        return
    value = "v" * 64
    ours_lua, etcd_lua = folder / "kv.lua", folder / "etcd.lua"
    ours_lua.write_text(LUA % {"method": "PUT", "request": f'wrk.format("PUT", string.format("/v1/kv/bench/%05d", i), nil, "{value}")'})
    etcd_lua.write_text(BASE64 + LUA % {"method": "POST", "request": 'wrk.format("POST", "/v3/kv/put", {["Content-Type"] = "application/json"}, '
                                        f'\'{{"key":"\' .. base64(string.format("bench/%05d", i)) .. \'","value":"{base64.b64encode(value.encode()).decode()}"}}\')'})
    client, peer_port = free_port(), free_port()
    urls = [f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer_port}"]
    command = ["etcd", "--data-dir", str(folder / "etcd"), "--listen-client-urls", urls[0], "--advertise-client-urls", urls[0], "--listen-peer-urls", urls[1],
               "--initial-advertise-peer-urls", urls[1], "--initial-cluster", f"default={urls[1]}"]
    # Both may use all cores: etcd is made for several.
    with Discovery(folder, "kv", alone_on_a_core=False) as ours, Peer(command) as peer:
        peer.wait(client)
        deadline = time.monotonic() + 30
        while ask(client, "GET", "/health").body.find("true") < 0:
            if time.monotonic() > deadline:
                sys.exit("etcd is not healthy")
            time.sleep(0.05)
        for _ in range(arguments.runs):
            base = Rate(peer.process.pid, arguments.seconds, lambda: wrk_at(client, "/", arguments.seconds, 64, etcd_lua))
            own = Rate(ours.pid, arguments.seconds, lambda: wrk_at(ours.port, "/", arguments.seconds, 64, ours_lua))
            results.add(KV, own.a_second / base.a_second)
            say(arguments, f"KV PUT by 64 clients: {own} against {base}")
        row = ask(client, "POST", "/v3/kv/range", json.dumps({"key": base64.b64encode(b"bench/00042").decode()}).encode()).json()["kvs"][0]
        if base64.b64decode(row["value"]).decode() != value or ours.get("kv/bench/00042?raw").body != value:
            sys.exit("what was written is not there")


def zone_of(discovery, services, instances):
    """The same names, records and additional records as discovery answers with."""
    lines = ["$ORIGIN consul.", "$TTL 0", "@ SOA ns hostmaster 1 3600 600 86400 0", "@ NS ns", "ns A 127.0.0.1"]
    for service in range(services):
        for n in range(instances):
            address = bytes((10, service % 256, n // 256, n % 256))
            lines += [f"svc{service}.service SRV 1 1 {8000 + n} {address.hex()}.addr.dc1", f"{address.hex()}.addr.dc1 A {'.'.join(map(str, address))}"]
    return "\n".join(lines) + "\n"


NSD = """server:
  ip-address: 127.0.0.1@{port}
  username: ""
  server-count: 1
  rrl-ratelimit: 0
  do-ip6: no
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  logfile: "{folder}/nsd.log"
  xfrdfile: "{folder}/nsd.xfrd"
  zonelistfile: "{folder}/nsd.zones"
  xfrdir: "{folder}"
  database: ""
remote-control:
  control-enable: no
zone:
  name: "consul"
  zonefile: "consul.zone"
"""


def dnsperf(arguments, port, questions):
    command = [*ASKING, "dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(questions), "-l", str(max(1, round(arguments.seconds))), "-c", "16", "-q", "128"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if not re.search(r"Response codes:\s+NOERROR \d+ \(100.00%\)", out):
        sys.exit(out)
    lost = float(re.search(r"Queries lost:\s+\d+ \(([\d.]+)%\)", out)[1])
    if lost > 1:
        sys.exit(out)
    return float(re.search(r"Queries per second:\s+([\d.]+)", out)[1])


def dns(folder, results, arguments):
    """SRV of 100 services of three instances each: what a datagram without EDNS0 holds."""
    if missing(arguments, DNS, "dnsperf"):
        return
    questions = folder / "questions"
    questions.write_text("".join(f"svc{n}.service.consul SRV\n" for n in range(100)))
    with Discovery(folder, "dns") as ours:
        ours.fill(100, 3)
        peer, port = None, free_port(socket.SOCK_DGRAM)
        if not missing(arguments, "the peer of DNS", "nsd"):
            (folder / "consul.zone").write_text(zone_of(ours, 100, 3))
            (folder / "nsd.conf").write_text(NSD.format(folder=folder, port=port))
            peer = Peer([*OURS, shutil.which("nsd", path=os.environ["PATH"] + ":/usr/sbin"), "-d", "-c", str(folder / "nsd.conf")])
            peer.wait(port)
        try:
            for _ in range(arguments.runs):
                own = Rate(ours.pid, arguments.seconds, lambda: dnsperf(arguments, ours.dns, questions))
                of_bars, text = [own.a_second / 50_000], f"DNS SRV: {own}"
                if peer:
                    base = Rate(peer.process.pid, arguments.seconds, lambda: dnsperf(arguments, port, questions))
                    of_bars.append(own.a_second / (0.8 * base.a_second))
                    text += f" against {base}, {own.a_second / base.a_second:.2f} of it"
                results.add(DNS, max(of_bars))
                say(arguments, text)
        finally:
            if peer:
                peer.__exit__()


def waiters(discovery):
    return int(float(re.search(r"^gravity_discovery_waiters\S* ([\d.e+]+)", ask(discovery.port, "GET", "/metrics").body, re.M)[1]))


def watchers(folder, results, arguments):
    """10,000 instances in 200 services; 5,000 blocking queries watch one of them, 500 others another. An instance turns critical, and passes again."""
    program = folder / "watchers"
    subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-o", str(program), str(HERE / "watchers.cpp")], check=True)
    with Discovery(folder, "watch", alone_on_a_core=False) as ours:
        ours.fill(INSTANCES // TO_A_SERVICE, TO_A_SERVICE)
        ours.put("agent/service/register", {"Name": "svc0", "ID": "changes", "Address": "10.9.9.9", "Port": 1, "Check": {"TTL": "10h", "Status": "passing"}})
        size = len(ours.get("health/service/svc0?passing").body)
        time.sleep(1)
        before = proportional_mebibytes(ours.pid)
        client = subprocess.Popen([str(program), str(ours.port), str(WATCHERS), "/v1/health/service/svc0?passing", str(OTHERS), "/v1/health/service/svc1?passing"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def all_wait():
            if client.stdout.readline() != "waiting\n":
                sys.exit("the watchers have ended")
            deadline = time.monotonic() + 60
            while waiters(ours) < WATCHERS + OTHERS:
                if time.monotonic() > deadline:
                    sys.exit(f"{waiters(ours)} of {WATCHERS + OTHERS} wait")
                time.sleep(0.02)

        try:
            all_wait()
            time.sleep(4)  # connections give their read buffers back
            own = (proportional_mebibytes(ours.pid) - before) * 1024 / (WATCHERS + OTHERS)
            results.add(MEMORY, own, f"{WATCHERS + OTHERS} connections with a blocking query each; without the kernel's")
            for run in range(max(5, 2 * arguments.runs)):
                client.stdin.write(f"PUT /v1/agent/check/{'pass' if run % 2 else 'fail'}/service:changes\n")
                client.stdin.flush()
                seen = json.loads(client.stdout.readline())
                if seen["answered"] != WATCHERS:
                    sys.exit(f"{seen['answered']} of {WATCHERS} watchers were answered")
                results.add(WAKE, seen["last"])
                results.add(SLEPT, seen["others"])
                say(arguments, f"a change for {WATCHERS} watchers, {size} bytes each: the first after {seen['first']:.1f} ms, half of them {seen['median']:.1f}, the last {seen['last']:.1f}")
                all_wait()
        finally:
            client.kill()
            client.wait()


class Instance(threading.Thread):
    """Something behind the gateway: answers every request, until it dies; then whoever comes is noted and turned away."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.dead, self.late, self.answered, self.open = False, [], 0, []
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        self.open.append(connection)
        text = b""
        with connection:
            while True:
                try:
                    got = connection.recv(65536)
                except OSError:
                    return
                if not got:
                    return
                text += got
                while b"\r\n\r\n" in text:
                    head, text = text.split(b"\r\n\r\n", 1)
                    check = b" /health" in head.split(b"\r\n", 1)[0]
                    if self.dead:
                        if not check:
                            self.late.append(time.monotonic())
                        return
                    self.answered += not check
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def die(self):
        """All connections break; on new ones nothing is answered any more."""
        self.dead = True
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it had gone before


def gateway(folder, results, arguments):
    """An instance registers beside another: when has it its first request? It dies: when does anybody send it the last one? Checks every 500 ms, 200 requests a second."""
    program = binary("gateway", PRESET)
    if not program.exists():
        return say(arguments, f"left out: {FIRST}; {program} is not built")
    with Discovery(folder, "routes", alone_on_a_core=False) as ours:
        port, admin = free_port(), free_port()
        door = Program("gateway", [str(program)], {"PORT": str(port), "ADMIN_PORT": str(admin), "LISTEN_ADDRESS": "127.0.0.1", "DISCOVERY_MODE": "consul",
                                                   "DISCOVERY_URL": f"http://127.0.0.1:{ours.port}", "GATEWAY_RATE_PER_SECOND": "0"}, folder)
        ending, failed = threading.Event(), []

        def register(identity, at):
            ours.put("agent/service/register", {
                "Name": "bench", "ID": identity, "Address": "127.0.0.1", "Port": at, "Tags": ["gravity"], "Meta": {"prefixes": "/api/v1/bench", "auth": "public"},
                "Check": {"HTTP": f"http://127.0.0.1:{at}/health/ready", "Interval": "500ms", "Timeout": "500ms", "Status": "passing"}})

        def client():
            connection = http.client.HTTPConnection("127.0.0.1", port)
            while not ending.is_set():
                try:
                    connection.request("GET", "/api/v1/bench/x")
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status != 200:
                        failed.append(time.monotonic())
                except (OSError, http.client.HTTPException):
                    connection.close()
                time.sleep(0.02)

        try:
            at = free_port()
            stays = Instance(at)
            register("stays", at)
            clients = [threading.Thread(target=client, daemon=True) for _ in range(4)]
            for one in clients:
                one.start()
            until(lambda: stays.answered > 100, "the gateway passes requests on")
            for run in range(max(5, arguments.runs)):
                at = free_port()
                comes = Instance(at)
                failed.clear()
                begun = time.monotonic()
                register(f"comes{run}", at)
                until(lambda: comes.answered > 0, "the new instance has a request")
                results.add(FIRST, 1000 * (time.monotonic() - begun))
                until(lambda: comes.answered > 50, "the new instance has its share")
                failed.clear()
                died = time.monotonic()
                comes.die()
                until(lambda: f'"comes{run}"' not in ours.get("health/service/bench?passing").body, "it is out of rotation")
                out = time.monotonic()
                time.sleep(1)
                last = max([0, *(1000 * (t - died) for t in comes.late + failed)])
                results.add(LAST, last)
                say(arguments, f"came: first request after {results.values[FIRST][-1]:.0f} ms; died: {len(comes.late)} more requests, the last after {last:.0f} ms; "
                    f"{len(failed)} failed for clients; out of rotation after {1000 * (out - died):.0f} ms")
                ours.put(f"agent/service/deregister/comes{run}")
        finally:
            ending.set()
            door.kill()


def until(condition, what, limit=30):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"not within {limit} s: {what}")
        time.sleep(0.001)


PARTS = {"health": health, "kv": kv, "dns": dns, "watchers": watchers, "gateway": gateway}


def main():
    parser = options(__doc__)
    parser.add_argument("--only", choices=PARTS, help="one of the measurements")
    arguments = parser.parse_args()
    results = Results(BARS)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-bench-", dir=os.environ.get("GRAVITY_BENCH_DIR", "/var/tmp")))  # a disk, not memory
    try:
        for name, part in PARTS.items():
            if arguments.only in (None, name):
                part(folder, results, arguments)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    met = results.report(arguments.json)
    return 1 if arguments.check and not met else 0


sys.exit(main())
