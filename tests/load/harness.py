"""What the load scripts share: our side and its peer in turns, on the same cores, in one run; ratios with their spread, never bare times."""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from throwaway import Workshop, binary, free_port  # noqa: E402,F401

# Where there are two cores or more, a server has the first for itself and who asks it the second.
CORES = sorted(os.sched_getaffinity(0))[:2]
OURS, ASKING = ([["taskset", "-c", str(core)] for core in CORES]) if len(CORES) == 2 else ([], [])


class Results:
    """Named figures of several runs, and the bars they are held against: `least` or `most`."""

    def __init__(self, bars):
        self.bars, self.values, self.notes = bars, {}, {}

    def add(self, name, value, note=""):
        self.values.setdefault(name, []).append(value)
        if note:
            self.notes.setdefault(name, []).append(note)

    def met(self, name):
        kind, bar = self.bars[name]
        middle = statistics.median(self.values[name])
        return middle >= bar if kind == "least" else middle <= bar

    def report(self, as_json):
        """True if every bar that was measured is met."""
        if as_json:
            print(json.dumps([{"name": name, "min": min(v), "median": statistics.median(v), "max": max(v), "runs": len(v), "wanted": f"{self.bars[name][0]} {self.bars[name][1]}",
                               "met": self.met(name)} for name, v in self.values.items()], indent=1))
        else:
            width = max(map(len, self.values))
            for name, values in self.values.items():
                sign = ">=" if self.bars[name][0] == "least" else "<="
                print(f"{name:{width}}  {statistics.median(values):7.2f}  ({min(values):.2f} to {max(values):.2f} in {len(values)})  wanted {sign} {self.bars[name][1]}"
                      f"  {'ok' if self.met(name) else 'MISSED'}")
                for note in self.notes.get(name, []):
                    print(f"{'':{width}}    {note}")
        return all(self.met(name) for name in self.values)


def options(doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="length of each measurement (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="how often each is made, in turns (%(default)s)")
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    parser.add_argument("--json", action="store_true", help="the results as JSON")
    return parser


def say(arguments, text):
    print(text, file=sys.stderr if arguments.json else sys.stdout, flush=True)


def call(shop, method, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{shop.daemon.port}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json", "Authorization": f"Bearer {shop.token}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def missing(arguments, what, *programs):
    absent = [name for name in programs if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None]
    if absent:
        say(arguments, f"left out: {what}; not installed: {', '.join(absent)}")
    return absent


def wrk(shop, path, seconds, connections=16, lua=None):
    """Requests a second, closed loop: as many as are answered."""
    if shutil.which("wrk") is None:
        sys.exit("wrk makes the load and is not installed: apt-get install wrk")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}", "-H", f"Authorization: Bearer {shop.token}", f"http://127.0.0.1:{shop.daemon.port}{path}"]
    if lua:
        command[1:1] = ["-s", str(lua)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        sys.exit(out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])


def wrk_at(port, path, seconds, connections=16, lua=None):
    """The same of whatever listens there, asked from the core that is not the server's; an answer that is none of 2xx ends the measurement."""
    command = [*ASKING, "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}", *(["-s", str(lua)] if lua else []), f"http://127.0.0.1:{port}{path}"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])


def pgbench(shop, sql, seconds, role, database, mode="prepared", clients=8):
    script = shop.folder / "bench.sql"
    script.write_text(sql)
    out = subprocess.run([str(shop.cluster.bin / "pgbench"), "-n", "-M", mode, "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds))), "-f", str(script),
                          "-h", "127.0.0.1", "-p", str(shop.cluster.port), "-U", role, database], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"tps = ([\d.]+) \(without", out)[1])


def pgbench_tail(shop, sql, rate, seconds, role, database, clients=8):
    """The peer's latencies at a constant rate, from the moment each transaction was due: what the machine itself does to a tail."""
    script, logs = shop.folder / "bench.sql", shop.folder / "pgbench_tail"
    script.write_text(sql)
    subprocess.run([str(shop.cluster.bin / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds))), "-R", f"{rate:.0f}", "-f", str(script),
                    "--log", f"--log-prefix={logs}", "-h", "127.0.0.1", "-p", str(shop.cluster.port), "-U", role, database], check=True, capture_output=True)
    latencies = []
    for log in shop.folder.glob("pgbench_tail.*"):
        latencies += [int(line.split()[2]) / 1000 for line in log.read_text().splitlines()]
        log.unlink()
    latencies.sort()
    return {"p50": latencies[len(latencies) // 2], "p99": latencies[len(latencies) * 99 // 100], "max": latencies[-1]}


def open_loop(shop, path, rate, seconds, connections=64, prefix=()):
    """Latencies at a constant rate, counted from the moment each request was due."""
    program = shop.folder / "open_loop"
    if not program.exists():
        subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-pthread", "-o", str(program), str(HERE / "open_loop.cpp")], check=True)
    request = shop.folder / "request.http"
    request.write_text(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {shop.token}\r\n\r\n", newline="")
    out = subprocess.run([*prefix, str(program), str(shop.daemon.port), f"{rate:.1f}", str(seconds), str(connections), str(request)], check=True, capture_output=True, text=True).stdout
    figures = json.loads(out)
    if figures["refused"]:
        sys.exit(f"{figures['refused']} requests were refused at {rate:.0f} a second")
    return figures


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def proportional_mebibytes(pid):
    """Its own memory, and of what is shared its part (Pss)."""
    return int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) / 1024


def spent(pid):
    """Processor time of a process and its children, seconds."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(spent(int(child)) for child in children)


class Peer:
    """A program that ends with the measurement."""

    def __init__(self, command, **more):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def wait(self, port):
        for _ in range(1000):
            if self.process.poll() is not None:
                sys.exit(f"{self.process.args} ended with {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return self
            except OSError:
                time.sleep(0.01)
        sys.exit(f"{self.process.args} does not listen")


NGINX = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;{user}
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=16 inactive=1h; open_file_cache_valid 1h; default_type {type};
  server {{ listen 127.0.0.1:{port}; root {memory}; }}
}}
"""


@contextlib.contextmanager
def nginx_with(folder, text, content_type):
    """nginx on the server's core with these bytes at /file, a file of a tmpfs that it keeps open and sends with sendfile: (Peer, port)."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        os.chmod(memory, 0o755)
        (pathlib.Path(memory) / "file").write_text(text)
        port = free_port()
        user = " user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, memory=memory, type=content_type, user=user))
        with Peer([*OURS, "nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]) as peer:
            yield peer.wait(port), port


class Neighbours:
    """A discovery and a gateway of one's own, as they run beside every service: they share its libraries. Left out where they are not built."""

    def __init__(self, folder, preset):
        self.processes, self.names = [], []
        settings = {"discovery": {"DISCOVERY_DATA_DIR": str(folder / "discovery")}, "gateway": {"ADMIN_PORT": str(free_port())}}
        for name, own in settings.items():
            if not binary(name, preset).exists():
                continue
            environment = {"PATH": os.environ["PATH"], "PORT": str(free_port()), "DISCOVERY_MODE": "off", **own}
            log = open(folder / f"{name}.log", "ab")
            self.processes.append(subprocess.Popen([str(binary(name, preset))], env=environment, stdout=log, stderr=log))
            self.names.append(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()

    def check(self):
        for process, name in zip(self.processes, self.names):
            if process.poll() is not None:
                sys.exit(f"the {name} beside it has ended with {process.returncode}")


@contextlib.contextmanager
def awake():
    """Processors that wait do so awake, where that may be asked for (/dev/cpu_dma_latency: root). To wake one of a virtual machine can cost as much as a short answer does otherwise,
    and is neither side's doing; a peer that never waits, as `openssl speed`, never pays it."""
    try:
        latency = os.open("/dev/cpu_dma_latency", os.O_WRONLY)
    except OSError:
        yield
        return
    try:
        os.write(latency, bytes(4))  # microseconds: none
        yield
    finally:
        os.close(latency)


def measure(parts, bars, start, arguments):
    """The parts that are asked for (`--only`), on what `start(folder)` starts and its `end()` ends; what to exit with."""
    if missing(arguments, "everything", "wrk"):
        return 0
    results = Results(bars)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-bench-"))
    os.chmod(folder, 0o755)
    measured = start(folder)
    try:
        with awake():
            for name, part in parts.items():
                if arguments.only in (None, name):
                    part(measured, results, arguments)
    finally:
        measured.end()
        shutil.rmtree(folder, ignore_errors=True)
    met = results.report(arguments.json)
    return 1 if arguments.check and not met else 0


def bench(doc, parts, bars, start):
    """The whole of a script that has no options of its own; what to exit with."""
    parser = options(doc)
    parser.add_argument("--only", choices=parts, help="one of the measurements")
    return measure(parts, bars, start, parser.parse_args())


def idle(shop, preset, results, arguments):
    """Start to ready against a running store; then nothing to do for a while: memory and processor time."""
    with Neighbours(shop.folder, preset) as neighbours:
        for _ in range(max(3, arguments.runs)):
            shop.daemon.kill()
            begun = time.monotonic()
            shop.daemon.start()
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{shop.daemon.port}/health/ready", timeout=5):
                        break
                except OSError:
                    if time.monotonic() - begun > 60:
                        sys.exit("the service did not become ready")
                    time.sleep(0.001)
            results.add("start to ready, ms", 1000 * (time.monotonic() - begun))
        pid = shop.daemon.process.pid
        time.sleep(5)  # what starting still does in the background
        before = cpu_seconds(pid)
        pause = max(20, 4 * arguments.seconds)
        time.sleep(pause)
        neighbours.check()
        results.add("idle, % of a core", 100 * (cpu_seconds(pid) - before) / pause)
        beside = " and ".join(neighbours.names) or "nothing"
        results.add("idle, MiB proportional", proportional_mebibytes(pid), f"beside it: {beside}")
