"""The suites of `./gravity test`, each on stores and ports of its own below var/test-*."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import build, junit, manifest, output, paths, platform_run, processes, selection, sign_in, tokens
from .errors import Failure
from .junit import Case, Suite
from .manifest import Service
from .paths import Instance
from .platform_run import Platform

PRESET = "dev"
REPORTS = paths.ROOT / "var" / "reports"
SCRIPT_SECONDS = 900  # no script may hang the run
# A script that says so neither needs the platform's quiet nor disturbs it: its daemons are its own.
BESIDE_OTHERS = "# Runs beside other scripts"
LAUNCHER_TESTS = paths.ROOT / "tests" / "launcher"


def throw_away(name: str) -> Instance:
    """A fresh instance: what an interrupted run left there is stopped and deleted first."""
    instance = Instance(paths.ROOT / "var" / f"test-{name}", PRESET, test=True)
    discard(instance)
    instance.make_folders()
    declared = {port for service in manifest.load_all().values() for port in service.own_ports} | {8000, 15432, 16379}
    instance.save_state(port_base=processes.free_base(declared, 18000 if name == "stores" else 21000))
    return instance


def discard(instance: Instance) -> None:
    if instance.directory.exists():
        platform = Platform(instance)
        if platform.supervisor.alive():
            platform.stop(False, lambda text: None)
        processes.end_all(instance)
    for folder in {instance.directory, instance.store_dir, instance.socket_dir}:
        shutil.rmtree(folder, ignore_errors=True)


def script_files(kind: str, chosen: list[str]) -> list[Path]:
    """Executable scripts of tests/<kind>; with services named, those whose name begins with one of them."""
    folder = paths.ROOT / "tests" / kind
    scripts = [path for path in sorted(folder.iterdir()) if path.suffix in (".py", ".sh")] if folder.is_dir() else []
    found = [path for path in scripts if os.access(path, os.X_OK)]
    for path in scripts:
        if path not in found and path.read_bytes().startswith(b"#!"):
            raise Failure(f"{path.relative_to(paths.ROOT)} cannot be run, so it would test nothing.", f"chmod +x {path.relative_to(paths.ROOT)}")
    if chosen:
        ids = {name.replace("-", "_") for name in chosen} | set(chosen)
        found = [path for path in found if any(path.stem == name or path.stem.startswith(f"{name}_") or path.stem.startswith(f"{name}-")
                                               for name in ids)]
    return found


# --- C++ ------------------------------------------------------------------------------------------------------------

def native_targets(chosen: list[Service]) -> list[str]:
    """Build targets; empty means everything."""
    result = []
    for service in chosen:
        if build.has_build(service):
            result.append(service.executable)
            if any(service.folder.glob("tests/*_test.cpp")):
                result.append(f"{service.id}_test")
    return result


def run_native(chosen: list[Service], with_stores: bool, preset: str, extra: list[str], with_common: bool = False) -> Suite | None:
    """ctest over common and the services, or over the chosen ones. Without stores, tests that need one skip themselves."""
    targets = native_targets(chosen) + (["common_tests"] if with_common else [])
    labels = [service.name for service in chosen] + (["common"] if with_common else [])
    if labels and not targets:
        return None
    if not (paths.ROOT / "common" / "CMakeLists.txt").is_file():
        return None
    seconds = build.compile_targets(preset, targets)
    output.say(f"{output.mark('ok')} built the tests  {seconds:.1f} s")
    environment = {**os.environ, "GTEST_COLOR": "no"}
    if preset == "tsan":
        environment["TSAN_OPTIONS"] = f"suppressions={paths.ROOT / 'tests' / 'support' / 'tsan.supp'} {environment.get('TSAN_OPTIONS', '')}".strip()
    for name in ("GRAVITY_TEST_PG", "GRAVITY_TEST_REDIS"):
        environment.pop(name, None)
    report = REPORTS / "native.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", str(build.directory(preset)), "--parallel", str(len(os.sched_getaffinity(0))), "--output-junit", str(report),
               "--output-on-failure", "--no-tests=error", *extra]
    if labels:
        command += ["-L", "^(" + "|".join(labels) + ")$"]
    instance = throw_away("stores") if with_stores else None
    try:
        if instance:
            platform = Platform(instance)
            platform.start_stores([], (True, True))
            environment |= {"GRAVITY_TEST_PG": platform.postgres.superuser_url(), "GRAVITY_TEST_REDIS": platform.redis.superuser_url()}
        ran = _show(command, environment)
    finally:
        if instance:
            discard(instance)
    suite = Suite("native", junit.read(report).cases if report.exists() else [])
    if ran != 0 and not suite.count("failed"):
        suite.cases.append(Case("ctest", outcome="failed", text=f"ctest ended with {ran}"))
    return suite


def _show(command: list[str], environment: dict) -> int:
    """Runs with the output shown: on a terminal passing tests flow by in one line, elsewhere every line is kept."""
    process = subprocess.Popen(command, cwd=paths.ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    try:
        for line in process.stdout:
            line = line.rstrip("\n")
            if output.is_terminal() and (" Passed " in line or line.lstrip().startswith("Start ")):
                output.progress(line.strip())
            else:
                output.say(line)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return process.wait()


# --- the launcher itself ----------------------------------------------------------------------------------------------

def run_launcher(units_only: bool) -> Suite:
    report = REPORTS / "launcher.xml"
    report.unlink(missing_ok=True)
    pattern = "test_units*.py" if units_only else "test_*.py"
    runner = Path(__file__).with_name("unittest_run.py")
    code = _show([sys.executable, str(runner), str(LAUNCHER_TESTS), str(report), pattern], dict(os.environ))
    suite = junit.read(report) if report.exists() else Suite("launcher")
    if code != 0 and not suite.count("failed"):
        suite.cases.append(Case("launcher", outcome="failed", text=f"the runner ended with {code}"))
    return suite


# --- scripts against a running platform -----------------------------------------------------------------------------

def run_scripts(kinds: list[str], chosen: list[Service], preset: str) -> list[Suite]:
    """tests/conformance and tests/system: each script gets a running platform by its environment; exit 0 passes, 77 skips."""
    found = {kind: script_files(kind, [service.name for service in chosen]) for kind in kinds}
    if not any(found.values()):
        return []
    services = selection.choose(manifest.load_all(), [service.name for service in chosen], None, [])
    services = [service for service in services if build.has_build(service)]
    if not services:
        raise Failure("There are scripts to run, but no service to run them against.")
    build.compile_targets(preset, [service.executable for service in services])
    interpreter = ensure_venv()
    instance = throw_away("platform")
    try:
        environment = start_platform(Instance(instance.directory, preset, test=True), services, interpreter)
        cases = Scripts(environment, interpreter).run([path for files in found.values() for path in files])
        suites = []
        for kind, files in found.items():
            suite = Suite(kind, [cases[path] for path in files])
            junit.write(suite, REPORTS / f"{kind}.xml")
            suites.append(suite)
        return suites
    finally:
        keep_logs(instance)
        discard(instance)


def start_platform(instance: Instance, services: list[Service], interpreter: Path) -> dict[str, str]:
    """Starts it whole and returns what scripts need to know."""
    instance.save_state(services=[service.name for service in services], preset=instance.preset)
    platform = Platform(instance)
    tokens.Identity(instance).ensure()
    platform.start_stores(services, (True, True))
    outcomes = platform.start_services(services, 180, lambda outcome: None)
    failed = [outcome for outcome in outcomes if not outcome.verdict.ready]
    if failed:
        lines = [f"{o.service.name}: {o.verdict.reason}\n      " + "\n      ".join(platform_run.tail(instance, o.service.name, 15)) for o in failed]
        raise Failure("The platform under test is not ready:\n    " + "\n    ".join(lines))
    identity = tokens.Identity(instance)
    names = {service.name for service in services}
    environment = {**os.environ, "PATH": f"{interpreter.parent}:{os.environ.get('PATH', '')}",
                   "GRAVITY_ROOT": str(paths.ROOT), "GRAVITY_INSTANCE_DIR": str(instance.directory), "GRAVITY_PRESET": instance.preset,
                   "GRAVITY_URL": f"http://127.0.0.1:{instance.port(8000)}" if "gateway" in names else "",
                   "GRAVITY_DISCOVERY_URL": f"http://127.0.0.1:{instance.port(8500)}",
                   "GRAVITY_TOKEN": identity.token(sign_in.scopes()), "GRAVITY_PROJECT": identity.facts()["project"],
                   "GRAVITY_KEY_FILE": str(identity.key_file), "GRAVITY_JWKS_FILE": str(identity.jwks_file),
                   "GRAVITY_SERVICES": ",".join(service.name for service in services), "GRAVITY_LOG_DIR": str(instance.log_dir),
                   "GRAVITY_TEST_PG": platform.postgres.superuser_url(), "GRAVITY_TEST_REDIS": platform.redis.superuser_url()}
    for service in services:
        environment[f"GRAVITY_{service.id.upper()}_URL"] = f"http://127.0.0.1:{instance.port(service.port)}"
        for extra in service.ports:
            environment[f"GRAVITY_{service.id.upper()}_{extra.name.upper()}_PORT"] = str(instance.port(extra.port))
    return environment


class Scripts:
    """Runs scripts: those that use the platform one after the other, and beside them, one after the other as well, those with daemons of their own."""

    def __init__(self, environment: dict, interpreter: Path):
        self.environment, self.interpreter = environment, interpreter
        self.lock = threading.Lock()
        self.running: set[subprocess.Popen] = set()
        self.stopped = False

    def run(self, files: list[Path]) -> dict[Path, Case]:
        beside = [path for path in files if BESIDE_OTHERS in path.read_text(encoding="utf-8")]
        with ThreadPoolExecutor(2) as pool:
            lanes = [pool.submit(self.run_in_turn, lane) for lane in ([path for path in files if path not in beside], beside)]
            try:
                return {path: case for lane in lanes for path, case in lane.result().items()}
            except BaseException:
                self.stop()
                raise

    def run_in_turn(self, files: list[Path]) -> dict[Path, Case]:
        return {path: self.run_one(path) for path in files if not self.stopped}

    def stop(self) -> None:
        with self.lock:
            self.stopped = True
            for process in self.running:
                end_session(process)

    def run_one(self, path: Path) -> Case:
        name = path.relative_to(paths.ROOT / "tests").as_posix()
        command = [str(self.interpreter), str(path)] if path.suffix == ".py" else [str(path)]
        log = REPORTS / "logs" / f"{path.parent.name}-{path.stem}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        with open(log, "w", encoding="utf-8") as file:
            with self.lock:
                if self.stopped:
                    return Case(name, outcome="failed", text="stopped")
                process = subprocess.Popen(command, cwd=paths.ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                           start_new_session=True)
                self.running.add(process)
            try:
                code: int | str = process.wait(SCRIPT_SECONDS)
            except subprocess.TimeoutExpired:
                code = f"no end within {SCRIPT_SECONDS} s"
            finally:
                with self.lock:
                    self.running.discard(process)
                end_session(process)
        return verdict(name, code, time.monotonic() - begun, log.read_text(encoding="utf-8", errors="replace"))


def verdict(name: str, code: int | str, seconds: float, text: str) -> Case:
    if code == 0:
        output.say(f"{output.mark('ok')} {name}  {seconds:.1f} s")
        return Case(name, seconds)
    if code == 77:  # the convention of automake and ctest's SKIP_RETURN_CODE
        output.say(f"{output.mark('warn')} {name} skipped: {text.strip().splitlines()[-1] if text.strip() else 'no reason given'}")
        return Case(name, seconds, "skipped", text[-2000:])
    output.say(f"{output.mark('bad')} {name}: {'exit ' + str(code) if isinstance(code, int) else code}\n" + "\n".join(text.splitlines()[-60:]))
    return Case(name, seconds, "failed", text[-20000:])


def end_session(process: subprocess.Popen) -> None:
    """A script's own children must not outlive it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def ensure_venv() -> Path:
    """The Python of var/test-venv with the clients that tests/conformance/requirements.txt names; made anew when that changes."""
    requirements = paths.ROOT / "tests" / "conformance" / "requirements.txt"
    if not requirements.is_file():
        return Path(sys.executable)
    venv = paths.ROOT / "var" / "test-venv"
    stamp, wanted = venv / "requirements.txt", requirements.read_text()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        shutil.rmtree(venv, ignore_errors=True)
        for command in ([sys.executable, "-m", "venv", "--system-site-packages", str(venv)],
                        [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements)]):
            ran = subprocess.run(command, capture_output=True, text=True)
            if ran.returncode != 0:
                raise Failure(f"`{' '.join(command[1:4])}` failed: {(ran.stderr or ran.stdout).strip()[-1500:]}",
                              "Debian: apt-get install python3-venv; the clients come from the Python package index.", 3)
        stamp.write_text(wanted)
    return venv / "bin" / "python"


def keep_logs(instance: Instance) -> None:
    """The daemons' logs of the last run, for whoever looks for the cause of a failure."""
    target = REPORTS / "platform-logs"
    shutil.rmtree(target, ignore_errors=True)
    if instance.log_dir.is_dir():
        shutil.copytree(instance.log_dir, target)
