"""Whole runs of ./gravity on fake daemons with real stores and a real supervisor."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

from support import PLATFORM, Checkout, processes

from gravity import paths


def until(condition, seconds: float = 30.0):
    """Waits for a condition; fails with its last value after the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not reached within {seconds} s, last value {value!r}")
        time.sleep(0.05)
    return value


class Running(unittest.TestCase):
    """One platform for all tests of a class: its start is the slow part."""

    @classmethod
    def setUpClass(cls):
        cls.checkout = Checkout()
        cls.addClassCleanup(cls.checkout.remove)
        cls.started = cls.checkout.up()

    def gateway(self, path: str, method: str = "GET", body: bytes | None = None, token: str = "x") -> tuple[int, dict]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.checkout.port(8000)}{path}", body, {"Authorization": f"Bearer {token}"},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, {}


class Life(Running):
    def test_a_up_starts_all_and_prints_what_to_do_next(self):
        self.assertEqual(self.started.returncode, 0, self.started.stdout + self.started.stderr)
        for name in ("discovery", "gateway", "alpha", "beta", "gamma"):
            self.assertRegex(self.started.stdout, rf"✔ {name} +\d+  ready  \d+\.\d s")
        self.assertIn(f"http://127.0.0.1:{self.checkout.port(8000)}", self.started.stdout)
        self.assertIn("Account  developer, project `default`", self.started.stdout)
        facts = self.checkout.status()
        self.assertTrue(facts["ready"])
        self.assertEqual({store["name"]: store["ready"] for store in facts["stores"]}, {"postgres": True, "redis": True})
        alpha = self.checkout.service("alpha")
        self.assertEqual((alpha["state"], alpha["restarts"], alpha["version"], alpha["port"]), ("running", 0, "1.2.3", self.checkout.port(8201)))
        self.assertGreater(alpha["memory"], 1 << 20)

    def test_b_first_call_as_printed_creates_something(self):
        line = next(line for line in self.started.stdout.splitlines() if line.strip().startswith("Try"))
        command = line.split(None, 1)[1].replace("curl -s", "curl -s -w '%{http_code}'")
        ran = subprocess.run(["sh", "-c", command], cwd=self.checkout.root, capture_output=True, text=True, timeout=30)
        self.assertTrue(ran.stdout.endswith("201"), ran.stdout + ran.stderr)

    def test_c_second_up_keeps_everything(self):
        before = {row["name"]: row["pid"] for row in self.checkout.status()["services"]}
        again = self.checkout.up("--json")
        self.assertEqual(again.returncode, 0, again.stderr)
        facts = json.loads(again.stdout)
        self.assertEqual({row["action"] for row in facts["services"]}, {"kept"})
        self.assertFalse(facts["first_run"])
        self.assertEqual({row["name"]: row["pid"] for row in self.checkout.status()["services"]}, before)

    def test_d_only_what_changed_restarts(self):
        before = {row["name"]: row["pid"] for row in self.checkout.status()["services"]}
        self.checkout.install("alpha", "another build")
        self.checkout.set_env("gamma", LOG_LEVEL="debug")
        facts = json.loads(self.checkout.up("--json").stdout)
        self.assertEqual({row["name"]: row["action"] for row in facts["services"]},
                         {"discovery": "kept", "gateway": "kept", "alpha": "restarted", "beta": "kept", "gamma": "restarted"})
        after = {row["name"]: row["pid"] for row in self.checkout.status()["services"]}
        self.assertEqual({name for name in after if after[name] != before[name]}, {"alpha", "gamma"})
        self.assertIn("export LOG_LEVEL=debug", self.checkout.run("env", "gamma").stdout)

    def test_e_database_is_its_own_and_the_role_is_humble(self):
        def psql(service, sql, *flags):
            return self.checkout.run("psql", service, *flags, "--", "-X", "-A", "-t", "-c", sql)
        owner = psql("alpha", "create table thing(id int); grant select on thing to alpha_db", "--owner")
        self.assertEqual(owner.returncode, 0, owner.stderr)
        self.assertEqual(psql("alpha", "select count(*) from thing").stdout.strip(), "0")
        self.assertIn("permission denied", psql("alpha", "create table other(id int)").stderr)
        self.assertIn("must be owner", psql("alpha", "drop table thing").stderr)
        rights = psql("alpha", "select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user").stdout.strip()
        self.assertEqual(rights, "f|f|f")
        self.assertEqual(psql("alpha", "select count(*) from pg_extension where extname = 'citext'").stdout.strip(), "1")
        self.assertEqual(psql("alpha", "show data_checksums").stdout.strip(), "on")
        values = json.loads(self.checkout.run("env", "alpha", "--json").stdout)
        foreign = subprocess.run(["psql", values["DATABASE_URL"].rsplit("/", 1)[0] + "/beta_db", "-c", "select 1"], capture_output=True, text=True)
        self.assertIn("permission denied for database", foreign.stderr)
        without = subprocess.run(["psql", values["DATABASE_URL"].replace(values["DATABASE_URL"].split(":")[2].split("@")[0], "wrong"), "-c", "select 1"],
                                 capture_output=True, text=True)
        self.assertIn("password authentication failed", without.stderr)

    def test_f_redis_user_reaches_only_its_own_keys(self):
        def redis(*words):
            return self.checkout.run("redis-cli", "beta", "--", *words).stdout.strip()
        self.assertEqual(redis("set", "beta:{p}:x", "1"), "OK")
        self.assertIn("NOPERM", redis("set", "alpha:{p}:x", "1"))
        self.assertIn("NOPERM", redis("flushall"))
        values = json.loads(self.checkout.run("env", "beta", "--json").stdout)
        self.assertRegex(values["EVENTS_URL"], r"^redis://events:[0-9a-f]{40}@127\.0\.0\.1:\d+/0$")
        self.assertNotIn("EVENTS_URL", json.loads(self.checkout.run("env", "alpha", "--json").stdout))
        self.assertEqual(json.loads(self.checkout.run("env", "gateway", "--json").stdout)["EVENTS_URL"], values["EVENTS_URL"], "where there is a Redis")

    def test_g_environment_is_clean_and_secrets_are_private(self):
        pid = self.checkout.service("alpha")["pid"]
        with open(f"/proc/{pid}/environ", "rb") as file:
            environment = dict(entry.split(b"=", 1) for entry in file.read().split(b"\0") if b"=" in entry)
        self.assertEqual(environment[b"PORT"], str(self.checkout.port(8201)).encode())
        self.assertNotIn(b"must-not-leak", environment[b"DATABASE_URL"])
        self.assertFalse([key for key in environment if key.startswith(b"SUPERVISOR_")])
        secrets = self.checkout.root / "var" / "secrets"
        self.assertEqual(secrets.stat().st_mode & 0o777, 0o700)
        for path in secrets.iterdir():
            if path.name != "dev-jwks.json":
                self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)
        self.assertEqual((self.checkout.root / "var/run/programs/alpha").stat().st_mode & 0o777, 0o700)

    def test_h_crashed_daemon_comes_back_and_is_counted(self):
        before = self.checkout.service("gamma")
        os.kill(before["pid"], signal.SIGKILL)
        after = until(lambda: (row := self.checkout.service("gamma"))["ready"] and row["pid"] != before["pid"] and row)
        self.assertEqual(after["restarts"], before["restarts"] + 1)

    def test_i_restart_through_the_gateway_fails_no_call(self):
        failures, count, stop = [], [0], threading.Event()

        def caller():
            while not stop.is_set():
                status, _ = self.gateway("/api/v1/alphas")
                count[0] += 1
                if status != 200:
                    failures.append(status)
        before = self.checkout.service("alpha")["pid"]
        threads = [threading.Thread(target=caller) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            ran = self.checkout.run("restart", "alpha")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(failures, [])
        self.assertGreater(count[0], 20)
        self.assertNotEqual(self.checkout.service("alpha")["pid"], before)
        self.assertEqual(len(self.checkout.status()["services"]), 5)

    def test_j_restart_with_a_bad_setting_leaves_the_old_process(self):
        before = self.checkout.service("beta")["pid"]
        self.checkout.set_env("beta", FAKE_MODE="never_ready")
        ran = self.checkout.run("restart", "beta", "--timeout", "2")
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        self.assertIn("the moon is in the way", ran.stderr)
        self.assertEqual(self.checkout.service("beta")["pid"], before)
        self.assertTrue(self.checkout.service("beta")["ready"])
        self.checkout.set_env("beta")

    def test_k_logs_merge_filter_and_follow(self):
        self.gateway("/api/v1/alphas")
        request = urllib.request.Request(f"http://127.0.0.1:{self.checkout.port(8202)}/api/v1/betas", headers={"X-Trace": "cafe01", "Authorization": "x"})
        urllib.request.urlopen(request, timeout=5).close()
        traced = until(lambda: self.checkout.run("logs", "--trace", "cafe", "--json").stdout.splitlines())
        self.assertEqual([json.loads(line)["service"] for line in traced], ["beta"])
        merged = [json.loads(line) for line in self.checkout.run("logs", "alpha", "beta", "--json").stdout.splitlines()]
        self.assertEqual({line["service"] for line in merged}, {"alpha", "beta"})
        self.assertEqual([line["ts"] for line in merged], sorted(line["ts"] for line in merged))
        self.assertEqual(self.checkout.run("logs", "alpha", "--level", "error").stdout, "")
        self.assertEqual(self.checkout.run("logs", "alpha", "--since", "soon").returncode, 2)
        self.assertIn("database system is ready", self.checkout.run("logs", "postgres").stdout)

    def test_l_second_command_at_the_same_time_is_told_who_is_at_work(self):
        holder = ("import sys, time; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from gravity import lock\n"
                  "with lock.exclusive(Path(sys.argv[2]), 'up'): print('held', flush=True); sys.stdin.read()")
        with subprocess.Popen(["/usr/bin/python3", "-c", holder, str(self.checkout.root / "tools"), str(self.checkout.root / "var")],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), "held\n")
            refused = self.checkout.up()
            self.assertEqual(refused.returncode, 1)
            self.assertIn(f"`./gravity up`, process {process.pid}", refused.stderr)
            process.stdin.close()
            process.wait(timeout=10)

    def test_m_port_of_a_running_platform_cannot_move(self):
        self.assertIn("down` first", self.checkout.run("up", "--no-build", "--port-base", "9000").stderr)

    def test_n_supervisor_killed_is_taken_over_without_touching_strangers(self):
        before = self.checkout.status()
        pid = int((self.checkout.root / "var/run/supervisord.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        until(lambda: not processes.alive(pid))
        self.assertTrue(all(processes.alive(row["pid"]) for row in before["services"]), "daemons outlive their supervisor")
        ran = self.checkout.up()
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn("an earlier platform had crashed", ran.stdout)
        after = self.checkout.status()
        self.assertTrue(after["ready"])
        self.assertFalse({row["pid"] for row in before["services"]} & {row["pid"] for row in after["services"]})
        self.assertFalse([store["name"] for store in before["stores"] if processes.alive(store["pid"])], "two servers on one folder")

    def test_y_down_keeping_stores_and_up_again(self):
        ran = self.checkout.run("down", "--keep-stores")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        facts = self.checkout.status()
        self.assertEqual([store["ready"] for store in facts["stores"]], [True, True])
        self.assertEqual({row["state"] for row in facts["services"]}, {"stopped"})
        self.assertEqual(self.checkout.run("status").returncode, 1)
        self.assertEqual(self.checkout.up("alpha").returncode, 0)

    def test_z_down_leaves_no_process_and_keeps_the_data(self):
        ran = self.checkout.run("down")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(self.checkout.processes(), [])
        self.assertEqual(self.checkout.run("down").returncode, 0, "a second down is no error")
        self.assertEqual(self.checkout.up("alpha").returncode, 0)
        kept = self.checkout.run("psql", "alpha", "--", "-X", "-A", "-t", "-c", "select count(*) from thing")
        self.assertEqual(kept.stdout.strip(), "0", kept.stderr)


class LeftBehind(unittest.TestCase):
    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "a process of the stores' user needs root")
    def test_root_without_the_right_to_look_into_others_finds_the_stores(self):
        instance = paths.Instance(paths.ROOT / "var" / "test-left-behind")
        mark = {processes.MARK: str(instance.directory), "PATH": os.environ["PATH"]}
        look = ("import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from gravity import paths, processes\n"
                "print(*processes.of_instance(paths.Instance(Path(sys.argv[2]))))")
        account = pwd.getpwnam(paths.STORE_USER)
        taken = "-sys_ptrace,-perfmon,-sys_admin"  # what lets root look into others, and a container of Docker's does not give it
        humbly = ["setpriv", f"--bounding-set={taken}", f"--inh-caps={taken}"]
        heed = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # who runs in the background of a script ignores it
        with (subprocess.Popen(["sleep", "300"], env=mark, user=account.pw_uid, group=account.pw_gid, extra_groups=[], **heed) as store,
              subprocess.Popen([*humbly, "sleep", "300"], env=mark, **heed) as daemon):
            try:
                ran = subprocess.run([*humbly, sys.executable, "-c", look, str(paths.ROOT / "tools"), str(instance.directory)],
                                     stdout=subprocess.PIPE, text=True, check=True)
                self.assertEqual(sorted(map(int, ran.stdout.split())), sorted([store.pid, daemon.pid]))
                processes.end_all(instance)
                self.assertEqual([store.wait(10), daemon.wait(10)], [-signal.SIGINT, -signal.SIGINT])
            finally:
                store.kill()
                daemon.kill()


class Faults(unittest.TestCase):
    def setUp(self):
        self.checkout = Checkout()
        self.addCleanup(self.checkout.remove)

    def test_failing_services_are_explained_and_the_rest_stays_up(self):
        self.checkout.set_env("beta", FAKE_MODE="crash")
        self.checkout.set_env("gamma", FAKE_MODE="never_ready")
        ran = self.checkout.up("--timeout", "8")
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        self.assertRegex(ran.stdout, r"✘ beta .*not ready: the process")
        self.assertIn("gamma is not ready: postgres:connection: the moon is in the way", ran.stderr)
        self.assertIn("bind: Address already in use", ran.stderr)
        self.assertIn("`./gravity doctor` names it", ran.stderr)
        rows = {row["name"]: row for row in self.checkout.status()["services"]}
        self.assertTrue(rows["alpha"]["ready"] and rows["gateway"]["ready"])
        self.assertEqual((rows["beta"]["ready"], rows["gamma"]["ready"]), (False, False))
        self.assertEqual(rows["gamma"]["reason"], "postgres:connection: the moon is in the way")
        self.checkout.set_env("beta")
        self.checkout.set_env("gamma")
        self.assertEqual(self.checkout.up().returncode, 0, "the next up goes on")

    def test_reverse_order_becomes_ready_too(self):
        ran = self.checkout.up("--reverse")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_taken_ports_are_reported_with_their_owner(self):
        import socket
        with socket.create_server(("127.0.0.1", self.checkout.port(8201))):
            ran = self.checkout.up()
            self.assertEqual(ran.returncode, 3)
            self.assertIn(f"port {self.checkout.port(8201)}/tcp of alpha is taken by", ran.stderr)
            self.assertIn(f"(pid {os.getpid()},", ran.stderr)
            self.assertEqual(self.checkout.up("gamma").returncode, 0, "services without that port are not kept from starting")

    def test_taken_store_port_is_avoided(self):
        import socket
        with socket.create_server(("127.0.0.1", self.checkout.port(15432))):
            ran = self.checkout.up("alpha")
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.assertEqual([s["port"] for s in self.checkout.status()["stores"]], [self.checkout.port(15432) + 1])

    def test_up_killed_half_way_goes_on(self):
        process = subprocess.Popen([str(self.checkout.root / "gravity"), "up", "--no-build", "--port-base", str(self.checkout.base)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        stores = self.checkout.root / "var" / "stores"
        until(lambda: any(stores.glob("postgres*")))
        process.kill()
        process.wait()
        ran = self.checkout.up()
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_named_services_bring_what_they_require_and_nothing_else(self):
        ran = self.checkout.up("beta", "--without", "gateway,discovery")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual([row["name"] for row in self.checkout.status()["services"]], ["alpha", "beta"])
        self.assertIn("DISCOVERY_MODE=off", self.checkout.run("env", "beta").stdout)

    def test_reset_asks_and_deletes_only_var(self):
        self.assertEqual(self.checkout.up("gamma").returncode, 0)
        self.assertEqual(self.checkout.run("reset").returncode, 1, "nobody can answer: nothing is deleted")
        self.assertTrue((self.checkout.root / "var").exists())
        self.assertEqual(self.checkout.run("reset", "--yes").returncode, 0)
        self.assertFalse((self.checkout.root / "var").exists())
        self.assertEqual(self.checkout.processes(), [])
        self.assertTrue((self.checkout.root / "services/gamma/service.yaml").exists())


def heeds_interrupts() -> None:
    """In a child, as at a terminal: a script's shell starts what it puts into the background with SIGINT ignored, and that is passed on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Interrupted(unittest.TestCase):
    """An `up` that waits for a service which never becomes ready."""

    def setUp(self):
        self.checkout = Checkout()
        self.addCleanup(self.checkout.remove)
        self.checkout.set_env("gamma", FAKE_MODE="never_ready")
        self.waiting = subprocess.Popen([str(self.checkout.root / "gravity"), "up", "--no-build", "--port-base", str(self.checkout.base)], text=True, cwd="/",
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
                                        preexec_fn=heeds_interrupts)
        self.addCleanup(self.end)
        until(lambda: any(row["name"] == "alpha" and row["ready"] for row in self.checkout.status()["services"]), 60)

    def end(self) -> None:
        if self.waiting.poll() is None:
            os.killpg(self.waiting.pid, signal.SIGKILL)
        self.waiting.communicate()

    def test_ctrl_c_leaves_what_runs_and_says_how_to_go_on(self):
        os.killpg(self.waiting.pid, signal.SIGINT)
        said, complaint = self.waiting.communicate(timeout=30)
        self.assertEqual(self.waiting.returncode, 130, said + complaint)
        self.assertIn("`./gravity up` goes on", complaint)
        self.assertNotIn("Traceback", complaint)
        before = self.checkout.service("alpha")
        self.assertTrue(before["ready"])
        self.checkout.set_env("gamma")
        self.assertEqual(self.checkout.up().returncode, 0)
        self.assertEqual(self.checkout.service("alpha")["pid"], before["pid"], "what ran was kept")

    def test_down_is_told_who_is_at_work_and_force_ends_it_all(self):
        refused = self.checkout.run("down")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("Another command is at work here: `./gravity up`", refused.stderr)
        self.assertIn("`./gravity down --force` goes on regardless", refused.stderr)
        forced = self.checkout.run("down", "--force")
        self.assertEqual(forced.returncode, 0, forced.stdout + forced.stderr)
        self.assertEqual(self.checkout.processes(), [])
        said, complaint = self.waiting.communicate(timeout=60)
        self.assertNotIn(self.waiting.returncode, (0, None))
        self.assertNotIn("Traceback", complaint, "the `up` that lost its platform says so in a line")
        self.assertEqual(self.checkout.processes(), [], "and starts nothing more")

    def test_watch_prints_anew_and_ctrl_c_ends_it(self):
        with subprocess.Popen([str(self.checkout.root / "gravity"), "status", "--watch", "--json"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=heeds_interrupts) as watch:
            text = ""
            for line in watch.stdout:
                text += line
                if text.count("\n}\n") == 2:
                    break
            os.killpg(watch.pid, signal.SIGINT)
            watch.communicate(timeout=30)
        first, second = (json.loads(part + "}") for part in text.split("\n}\n")[:2])
        self.assertEqual([row["name"] for row in first["services"]], [row["name"] for row in second["services"]])
        self.assertFalse(first["ready"])


class Doctor(unittest.TestCase):
    def test_each_problem_has_a_remedy_and_nothing_is_changed(self):
        import socket
        checkout = Checkout()
        self.addCleanup(checkout.remove)
        environment = {**os.environ, "PATH": os.environ["PATH"]}
        (checkout.root / "var").mkdir()
        (checkout.root / "var" / "state.json").write_text(json.dumps({"port_base": checkout.base}))
        with socket.create_server(("127.0.0.1", checkout.port(8202))):
            ran = subprocess.run([str(checkout.root / "gravity"), "doctor", "--json"], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
            self.assertEqual(ran.returncode, 3, ran.stdout + ran.stderr)
            said = [problem for problem in json.loads(ran.stdout) if "taken by" in problem["what"]]
            self.assertEqual(len(said), 1)
            self.assertIn(f"port {checkout.port(8202)}/tcp of beta", said[0]["what"])
            self.assertIn(f"(pid {os.getpid()},", said[0]["what"])
            self.assertTrue(said[0]["remedy"])
            shown = checkout.run("doctor")
            self.assertIn("beta is taken by", shown.stdout)
        self.assertEqual([path.name for path in (checkout.root / "var").iterdir()], ["state.json"])
        self.assertNotIn("taken by", checkout.run("doctor").stdout)
        self.assertEqual(checkout.run("open", "--print").stdout, f"http://127.0.0.1:{checkout.port(8000)}/docs\n")


class Surroundings(unittest.TestCase):
    def test_no_home_and_no_terminal(self):
        checkout = Checkout()
        self.addCleanup(checkout.remove)
        environment = {"PATH": os.environ["PATH"], "HOME": "/proc/1/nowhere", "LC_ALL": "C"}
        ran = subprocess.run([str(checkout.root / "gravity"), "up", "alpha", "--no-build", "--yes", "--port-base", str(checkout.base)], capture_output=True,
                             stdin=subprocess.DEVNULL, env=environment, cwd="/", timeout=120)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        said = ran.stdout.decode()
        self.assertNotIn("\033", said, "plain lines")
        self.assertNotIn("\r", said)
        self.assertIn("alpha", said)


@unittest.skipUnless(os.geteuid() == 0, "only root has the problem")
class Unreachable(unittest.TestCase):
    def test_stores_move_to_where_their_user_can_reach_them(self):
        checkout = Checkout(passable=False)
        self.addCleanup(checkout.remove)
        ran = checkout.up("alpha")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        data = checkout.status()["data"]
        self.assertTrue(data.startswith("/var/lib/gravity/"), data)
        self.assertEqual(checkout.run("reset", "--yes").returncode, 0)
        self.assertFalse(os.path.exists(data))


if __name__ == "__main__":
    unittest.main()
