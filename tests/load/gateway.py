#!/usr/bin/env python3
"""The gateway against nginx and HAProxy: the same upstream (nginx, 1 KiB from memory), the same core, in turns, in one run. Plain routing; the whole job (token,
limit, retries, breaker, log, metrics); what it adds to an answer's time; two threads beside one; a long body both ways; connections on which nothing happens.

    tests/load/gateway.py [--seconds 5] [--runs 5] [--check] [--only WORD]        (release preset; Debian: wrk, nginx-light, haproxy, curl;
                                                                                `./gravity bench gateway` builds and runs it)

Each proxy has the first core for itself, who asks and who answers share the second. Where the machine is not one's own, rates scatter: the processor time of a
request says more. What is not installed is left out, which the output says."""

import json
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import types

from harness import ASKING, CORES, OURS, Peer, Results, missing, open_loop, options, proportional_mebibytes, say, spent

from throwaway import binary, free_port, signed_token

PLAIN, PLAIN_CPU = "plain routing, requests/s / the better of nginx and HAProxy", "plain routing, processor time of a request / the lesser of theirs"
JOB, JOB_NGINX = "the whole job, requests/s / HAProxy with jwt_verify and a stick table", "the whole job, requests/s / nginx's plain proxying"
MIDDLE, TAIL = "added at half load, p50 / nginx's", "added at half load, p99 / nginx's"
CORES_TWO = "two threads / one, requests for each second of a processor, twice"
DOWN, UP, HELD = "1 GiB to the client, bytes/s / nginx", "1 GiB to the service, bytes/s / nginx", "memory it took for that, MiB"
IDLE = "an idle connection, KiB"
BARS = {
    PLAIN: ("least", 1),
    PLAIN_CPU: ("most", 1),
    JOB: ("least", 4),
    JOB_NGINX: ("least", 0.9),
    MIDDLE: ("most", 1.1),
    TAIL: ("most", 1.1),
    CORES_TWO: ("least", 1.9),
    DOWN: ("least", 0.95),
    UP: ("least", 0.95),
    HELD: ("most", 4),
    IDLE: ("most", 4),
}

PRESET = os.environ.get("GRAVITY_PRESET", "release")
USER = " user root;" if os.geteuid() == 0 else ""
SEARCH = os.environ["PATH"] + ":/usr/sbin:/sbin"
CONNECTIONS, GIBIBYTE = 64, 1 << 30
QUIET = 70  # seconds in which a daemon that has little to do gives back what it does not need: it looks each half minute, at the half minute before

UPSTREAM = """worker_processes 1; daemon off; pid {folder}/upstream.pid; error_log {folder}/upstream.log;{user}
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=16 inactive=1h; open_file_cache_valid 1h; default_type text/plain;
  server {{ listen 127.0.0.1:{port} backlog=4096; root {memory}; }}
}}
"""
NGINX = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;{user}
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 0; proxy_request_buffering off; proxy_max_temp_file_size 0;
  upstream one {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  upstream sink {{ server 127.0.0.1:{sink}; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    location / {{ proxy_pass http://one; }}
    location /sink {{ proxy_pass http://sink; }}
  }}
}}
"""
HAPROXY = """global
  nbthread 1
  maxconn 4096
{log}
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 2s
  option http-keep-alive
  http-reuse always
frontend door
  bind 127.0.0.1:{port}
{job}
  default_backend one
backend one
  option forwardfor
{retries}
  server upstream 127.0.0.1:{upstream}{observe}
"""
# The token is verified, its subject counted in a table and refused above a rate, the request logged, retried, and the server taken out when it fails.
JOB_OF_HAPROXY = """  log global
  option httplog
  stick-table type string len 64 size 100k expire 10s store http_req_rate(10s)
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request set-var(txn.sub) var(txn.bearer),jwt_payload_query('$.sub')
  http-request deny deny_status 401 unless {{ var(txn.alg) -m str ES256 }} {{ var(txn.bearer),jwt_verify(txn.alg,"{key}") -m int 1 }}
  http-request track-sc0 var(txn.sub)
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 100000000 }}"""

# Reads what is sent to it, says how much that was, and keeps nothing.
SINK = """
import re, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
room = bytearray(1 << 20)
while True:
    connection = listener.accept()[0]
    head = b""
    while b"\\r\\n\\r\\n" not in head:
        got = connection.recv(65536)
        if not got: break
        head += got
    length = re.search(rb"content-length: *(\\d+)", head, re.I)
    if length:
        wanted, have = int(length[1]), len(head.split(b"\\r\\n\\r\\n", 1)[1])
        while have < wanted:
            got = connection.recv_into(room)
            if got == 0: break
            have += got
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%d" % (len(str(have)), have))
    connection.close()
"""


class Door(Peer):
    """A proxy on the first core."""

    def __init__(self, name, command, port, pinned=True, **more):
        super().__init__([*(OURS if pinned else []), *command], **more)
        self.name, self.port = name, port
        self.wait(port)

    def serves(self, seconds, connections=CONNECTIONS, token=None):
        """A closed loop: requests a second, and the processor time of each in microseconds."""
        before = spent(self.process.pid)
        fields = ["-H", f"Authorization: Bearer {token}"] if token else []
        out = subprocess.run([*ASKING, "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}", *fields, f"http://127.0.0.1:{self.port}/1k"],
                             check=True, capture_output=True, text=True).stdout
        if "Non-2xx" in out or "Socket errors" in out:
            sys.exit(f"{self.name}: {out}")
        requests = int(re.search(r"(\d+) requests in", out)[1])
        return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), 1e6 * (spent(self.process.pid) - before) / requests


class Bench:
    """The upstreams, and the proxies that are asked for."""

    def __init__(self, folder, memory):
        self.folder, self.memory, self.ports = folder, memory, [free_port() for _ in range(2)]
        (memory / "1k").write_bytes(os.urandom(512).hex().encode())
        with open(memory / "1g", "wb") as long:
            long.truncate(GIBIBYTE)
        self.token, self.identity = signed_token(folder, ("gateway",))
        subprocess.run(["openssl", "pkey", "-in", str(folder / "dev-key.pem"), "-pubout", "-out", str(folder / "public.pem")], check=True)
        (folder / "routes.json").write_text(json.dumps({"routes": [
            {"name": "public", "prefixes": ["/"], "upstreams": [f"127.0.0.1:{self.ports[0]}"], "auth": "public"},
            {"name": "sink", "prefixes": ["/sink"], "upstreams": [f"127.0.0.1:{self.ports[1]}"], "auth": "public"}]}))
        (folder / "guarded.json").write_text(json.dumps({"routes": [{"name": "guarded", "prefixes": ["/"], "upstreams": [f"127.0.0.1:{self.ports[0]}"]}]}))
        self.upstream = Peer([*ASKING, *self.nginx("upstream", UPSTREAM, port=self.ports[0], memory=memory)]).wait(self.ports[0])
        self.sink = Peer([*ASKING, sys.executable, "-c", SINK, str(self.ports[1])]).wait(self.ports[1])

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.upstream.__exit__(*why)
        self.sink.__exit__(*why)

    def nginx(self, name, text, **values):
        (self.folder / f"{name}.conf").write_text(text.format(folder=self.folder, user=USER, **values))
        return [shutil.which("nginx", path=SEARCH), "-c", str(self.folder / f"{name}.conf")]

    def of_nginx(self):
        port = free_port()
        return Door("nginx", self.nginx("nginx", NGINX, port=port, upstream=self.ports[0], sink=self.ports[1]), port)

    def of_haproxy(self, whole_job=False):
        port = free_port()
        log = f"  log {self.log()} local0" if whole_job else ""
        job = JOB_OF_HAPROXY.format(key=self.folder / "public.pem") if whole_job else ""
        retries = "  retries 2\n  retry-on all-retryable-errors" if whole_job else ""
        observe = " check inter 10s observe layer7 error-limit 50 on-error mark-down" if whole_job else ""
        (self.folder / "haproxy.cfg").write_text(HAPROXY.format(port=port, upstream=self.ports[0], log=log, job=job, retries=retries, observe=observe))
        return Door("HAProxy", [shutil.which("haproxy", path=SEARCH), "-f", str(self.folder / "haproxy.cfg")], port)

    def log(self):
        """A local syslog that nobody reads: datagrams are dropped where it is full, as they are in a busy machine."""
        name = self.folder / "log"
        if not name.exists():
            self.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.syslog.bind(str(name))
        return name

    def ours(self, whole_job=False, threads=1, pinned=True, **settings):
        port = free_port()
        own = {"ACCESS_LOG": "all", "GATEWAY_RATE_PER_SECOND": "1000000", "GATEWAY_RATE_BURST": "1000000", **self.identity} if whole_job else {"GATEWAY_RATE_PER_SECOND": "0"}
        environment = {"PATH": os.environ["PATH"], "PORT": str(port), "ADMIN_PORT": str(free_port()), "LISTEN_ADDRESS": "127.0.0.1", "DISCOVERY_MODE": "off",
                       "GATEWAY_ROUTES_FILE": str(self.folder / ("guarded.json" if whole_job else "routes.json")), "GATEWAY_IO_THREADS": str(threads), **own, **settings}
        return Door("ours", [str(binary("gateway", PRESET))], port, pinned, env=environment)


def plain(bench, results, arguments):
    with bench.of_nginx() as nginx, bench.of_haproxy() as haproxy, bench.ours() as ours:
        for door in (nginx, haproxy, ours):
            door.serves(1)  # connections are there
        for _ in range(arguments.runs):
            figures = {door.name: door.serves(arguments.seconds) for door in (nginx, haproxy, ours)}
            note = "; ".join(f"{name} {rate:.0f}/s, {each / 10:.1f} s of a processor for 100,000" for name, (rate, each) in figures.items())
            results.add(PLAIN, figures["ours"][0] / max(figures[peer][0] for peer in ("nginx", "HAProxy")), note)
            results.add(PLAIN_CPU, figures["ours"][1] / min(figures[peer][1] for peer in ("nginx", "HAProxy")))


def job(bench, results, arguments):
    with bench.of_nginx() as nginx, bench.of_haproxy(whole_job=True) as haproxy, bench.ours(whole_job=True) as ours:
        for door in (nginx, haproxy, ours):
            door.serves(1, token=bench.token)
        for _ in range(arguments.runs):
            figures = {door.name: door.serves(arguments.seconds, token=bench.token) for door in (nginx, haproxy, ours)}
            note = "; ".join(f"{name} {rate:.0f}/s, {each / 10:.1f} s of a processor for 100,000" for name, (rate, each) in figures.items())
            results.add(JOB, figures["ours"][0] / figures["HAProxy"][0], note)
            results.add(JOB_NGINX, figures["ours"][0] / figures["nginx"][0])


def latency(bench, results, arguments):
    """Through a proxy, less what the same requests take without one, at half of what nginx manages."""
    def at(port, rate):
        return open_loop(types.SimpleNamespace(folder=bench.folder, daemon=types.SimpleNamespace(port=port), token=bench.token), "/1k", rate, arguments.seconds, prefix=ASKING)

    with bench.of_nginx() as nginx, bench.ours() as ours:
        ours.serves(1)
        rate = 0.5 * nginx.serves(arguments.seconds)[0]
        for _ in range(arguments.runs):
            direct, by_nginx, by_us = (at(port, rate) for port in (bench.ports[0], nginx.port, ours.port))
            notes = f"{rate:.0f}/s: " + "; ".join(f"{name} p50 {f['p50']:.3f} ms, p99 {f['p99']:.3f} ms" for name, f in (("direct", direct), ("nginx", by_nginx), ("ours", by_us)))
            for name, part in ((MIDDLE, "p50"), (TAIL, "p99")):
                # Where a proxy seems to take nothing, the machine has decided.
                results.add(name, max(by_us[part] - direct[part], 0.001) / max(by_nginx[part] - direct[part], 0.001), notes)
                notes = ""


def cores(bench, results, arguments):
    """On two cores who asks takes part of them, so not the rate is compared but what a second of a processor serves: what threads cost each other shows there."""
    if len(CORES) < 2:
        return say(arguments, f"left out: {CORES_TWO}; there is one core")
    with bench.ours(pinned=False) as one, bench.ours(threads=2, pinned=False) as two:
        for door in (one, two):
            door.serves(1)
        for _ in range(arguments.runs):
            (rate_one, each_one), (rate_two, each_two) = one.serves(arguments.seconds), two.serves(arguments.seconds)
            results.add(CORES_TWO, 2 * each_one / each_two, f"{rate_one:.0f}/s and {rate_two:.0f}/s; {each_one:.1f} and {each_two:.1f} µs a request")


def body(bench, results, arguments):
    if missing(arguments, "long bodies", "curl"):
        return

    def takes(door, *what):
        begun = time.monotonic()
        said = subprocess.run([*ASKING, "curl", "-sS", "--fail", "-w", "%{size_download} %{size_upload}", "-H", "Expect:", *what], check=True, capture_output=True, text=True).stdout
        return time.monotonic() - begun, said

    def download(door):
        took, said = takes(door, "-o", "/dev/null", f"http://127.0.0.1:{door.port}/1g")
        if said.split()[0] != str(GIBIBYTE):
            sys.exit(f"{door.name}: {said}")
        return took

    def upload(door):
        took, said = takes(door, "-X", "POST", "-T", str(bench.memory / "1g"), f"http://127.0.0.1:{door.port}/sink")
        if not said.startswith(str(GIBIBYTE)):
            sys.exit(f"{door.name}: {said}")
        return took

    with bench.of_nginx() as nginx, bench.ours(GATEWAY_MAX_BODY_BYTES="0") as ours:
        for door in (nginx, ours):
            door.serves(1)
        before = high_water(ours.process.pid)
        for _ in range(arguments.runs):
            for name, way in ((DOWN, download), (UP, upload)):
                figures = {}
                for door in (nginx, ours):
                    cpu = spent(door.process.pid)
                    figures[door.name] = way(door), spent(door.process.pid) - cpu
                results.add(name, figures["nginx"][0] / figures["ours"][0],
                            "; ".join(f"{who} {GIBIBYTE / took / 1e6:.0f} MB/s, {each:.2f} s of a processor" for who, (took, each) in figures.items()))
        results.add(HELD, high_water(ours.process.pid) - before)


def high_water(pid):
    return int(re.search(r"^VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) / 1024


# Opens so many connections, sends a request on each, reads its answer, says so, and waits.
WAITERS = """
import socket, sys
port, count = int(sys.argv[1]), int(sys.argv[2])
kept = []
for i in range(count):
    one = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.1.{int(sys.argv[3])}", 0))
    one.sendall(b"GET /1k HTTP/1.1\\r\\nHost: bench\\r\\n\\r\\n")
    got = b""
    while len(got) < 1024 or b"\\r\\n\\r\\n" not in got or len(got.split(b"\\r\\n\\r\\n", 1)[1]) < 1024:
        more = one.recv(65536)
        if not more: sys.exit("closed")
        got += more
    kept.append(one)
print("open", flush=True)
sys.stdin.read()
"""


def idle(bench, results, arguments):
    """As many as descriptors allow, at most 50,000; after they have given their buffers back."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = min(50_000, limit - 500)
    if wanted < 50_000:
        say(arguments, f"{wanted} idle connections instead of 50,000: a process may have {limit} descriptors here")
    with bench.ours(GATEWAY_MAX_CONNECTIONS="100000") as ours:
        ours.serves(1)
        time.sleep(QUIET)
        before = proportional_mebibytes(ours.process.pid)
        share = 10_000  # of one who waits: not all addresses of one source
        crowd = []
        try:
            for n, begin in enumerate(range(0, wanted, share)):
                crowd.append(subprocess.Popen([*ASKING, sys.executable, "-c", WAITERS, str(ours.port), str(min(share, wanted - begin)), str(n + 1)],
                                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
                if crowd[-1].stdout.readline() != "open\n":
                    sys.exit("a connection was closed")
            time.sleep(QUIET)
            after = proportional_mebibytes(ours.process.pid)
            results.add(IDLE, 1024 * (after - before) / wanted, f"{wanted} connections: {before:.1f} MiB before, {after:.1f} with them")
        finally:
            for one in crowd:
                one.kill()
                one.wait()


PARTS = {"plain": plain, "job": job, "latency": latency, "cores": cores, "body": body, "idle": idle}


def main():
    parser = options(__doc__)
    parser.set_defaults(runs=5)
    parser.add_argument("--only", choices=PARTS, help="one of the measurements")
    arguments = parser.parse_args()
    if missing(arguments, "all of it", "wrk", "nginx", "haproxy"):
        return 1 if arguments.check else 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    results = Results(BARS)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-bench-"))
    memory = pathlib.Path(tempfile.mkdtemp(prefix="gravity-bench-", dir="/dev/shm"))
    os.chmod(folder, 0o755)
    try:
        with Bench(folder, memory) as bench:
            for name, part in PARTS.items():
                if arguments.only in (None, name):
                    part(bench, results, arguments)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(memory, ignore_errors=True)
    met = results.report(arguments.json)
    return 1 if arguments.check and not met else 0


sys.exit(main())
