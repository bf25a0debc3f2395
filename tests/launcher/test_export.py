"""`./gravity export` for real: the same bytes each time, nothing that leads back here, and a repository that builds, passes its tests and
runs with what its README says."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

from support import ROOT

from gravity import manifest as manifests
from gravity import update_common

# Of this environment only where finished compilations are kept may come along.
EMPTY = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent",
         "CCACHE_DIR": os.environ.get("CCACHE_DIR", str(Path.home() / ".cache" / "ccache"))}


def gravity(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([str(ROOT / "gravity"), *words], capture_output=True, text=True, timeout=600, cwd="/", stdin=subprocess.DEVNULL)


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o} ".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


class Export(unittest.TestCase):
    def setUp(self):
        self.outer = Path(tempfile.mkdtemp(prefix="gravity-export-"))
        self.addCleanup(shutil.rmtree, self.outer)
        self.outer.chmod(0o755)

    def export(self, service: str, folder: str, *words: str) -> Path:
        ran = gravity("export", service, str(self.outer / folder), *words)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return self.outer / folder

    def test_every_service_can_leave_and_is_the_same_each_time(self):
        for name, service in manifests.load_all().items():
            first, second = self.export(name, f"{name}-1"), self.export(name, f"{name}-2")
            self.assertEqual(digest(first), digest(second), name)
            self.assertEqual("prints a first call" in (first / "README.md").read_text(), service.first_call is not None, name)
            self.assertTrue(service.first_call or service.infrastructure, f"{name}: who has it alone wants to know what to do with it")
            for path in (service.folder / "src").iterdir():
                self.assertEqual(path.read_bytes(), (first / "src" / path.name).read_bytes(), "copied, never rewritten")
            for wanted in ("README.md", "CMakeLists.txt", "CMakePresets.json", "packages.txt", "VERSION", "run", "Dockerfile", "docker-compose.yml", ".env.example",
                           "LICENSE", "CHANGELOG.md", "openapi.json", ".github/workflows/ci.yml", "deploy/kubernetes/kustomization.yaml", "tools/update-common",
                           "third_party/gravity-common/COMMON_VERSION", "third_party/gravity-common/testkit", "third_party/gravity-common/cmake/GravityService.cmake"):
                self.assertTrue((first / wanted).exists(), f"{name}: {wanted}")
            for path in first.rglob("*"):
                if path.is_file() and "third_party" not in path.parts:
                    text = path.read_text(errors="replace")
                    self.assertNotRegex(text, r"@[a-z_]+@", f"{path}: a placeholder is left")
                    if path.name != "update-common":
                        self.assertNotIn("./gravity", text, path)
            self.assertRegex((first / ".github/workflows/ci.yml").read_text(), r"uses: actions/checkout@[0-9a-f]{40} ")
            self.assertEqual(subprocess.run(["python3", str(first / "tools/update-common"), "--check"], capture_output=True).returncode, 0)
            mine = first / "third_party/gravity-common/include/mine.hpp"
            mine.write_text("// changed here\n")
            refused = subprocess.run(["python3", str(first / "tools/update-common"), str(ROOT)], capture_output=True, text=True)
            self.assertEqual((refused.returncode, "was changed here" in refused.stdout), (1, True))
            forced = subprocess.run(["python3", str(first / "tools/update-common"), str(ROOT), "--force"], capture_output=True, text=True)
            self.assertEqual(forced.returncode, 0, forced.stderr)
            self.assertEqual(digest(first), digest(second), "as new")

    @unittest.skipUnless(shutil.which("cmake") and shutil.which("ninja"), "cmake or ninja is not here")
    def test_its_build_speaks_of_nothing_that_it_has_not(self):
        for name in manifests.load_all():
            with self.subTest(name):
                service = self.export(name, f"{name}-configured")
                made = subprocess.run(["cmake", "--preset", "dev"], cwd=service, capture_output=True, text=True, timeout=300)
                self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
                commands = "".join((service / "build/dev" / file).read_text() for file in ("build.ninja", "CMakeFiles/rules.ninja"))
                named = set(re.findall(rf"{re.escape(str(service))}/[^ ;'\"$]+\.(?:sh|cmake|py)\b", commands))
                self.assertTrue(any(path.endswith("precompile.sh") for path in named) or not shutil.which("ccache"), named)
                self.assertEqual([path for path in sorted(named) if not Path(path).exists()], [])

    def test_refusals(self):
        taken = self.outer / "taken"
        taken.mkdir()
        (taken / "mine.txt").write_text("kept")
        refused = gravity("export", "product-catalog", str(taken))
        self.assertEqual(refused.returncode, 2)
        self.assertEqual(refused.stderr, f"gravity: {taken} is not empty.\n  --force writes into it all the same.\n")
        self.assertEqual([path.name for path in taken.iterdir()], ["mine.txt"])
        self.export("product-catalog", "taken", "--force")
        self.assertEqual((taken / "mine.txt").read_text(), "kept")
        self.assertTrue((taken / "src" / "main.cpp").is_file())
        self.assertEqual(gravity("export", "product-catalog", str(ROOT / "services" / "product-catalog")).returncode, 2)
        self.assertEqual(gravity("export", "product-catalogue", str(self.outer / "x")).returncode, 2)

    def test_git_makes_one_commit_that_is_the_same_each_time(self):
        if shutil.which("git") is None:
            self.skipTest("git is not here")
        heads = []
        for folder in ("one", "two"):
            repository = self.export("product-catalog", folder, "--git")
            heads.append(subprocess.run(["git", "rev-list", "HEAD"], cwd=repository, capture_output=True, text=True).stdout.split())
            self.assertEqual(subprocess.run(["git", "status", "--porcelain"], cwd=repository, capture_output=True, text=True).stdout, "")
        self.assertEqual(len(heads[0]), 1)
        self.assertEqual(heads[0], heads[1])

    @unittest.skipUnless(os.environ.get("GRAVITY_TEST_EXPORT"), "compiles a whole repository twice, ten minutes each: GRAVITY_TEST_EXPORT=1, or .ci/run exported")
    def test_it_builds_passes_its_tests_and_runs_as_its_readme_says(self):
        repository = self.export("product-catalog", "gravity-product-catalog-service")
        readme = (repository / "README.md").read_text()
        commands = re.findall(r"^(\./run \w+)$", "\n".join(re.findall(r"```sh\n(.*?)```", readme, re.S)), re.M)
        self.assertEqual(commands, ["./run test", "./run up", "./run secrets"])

        def run(command: str) -> str:
            ran = subprocess.run(command, shell=True, cwd=repository, env=EMPTY, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1700)
            self.assertEqual(ran.returncode, 0, f"{command}\n{ran.stdout[-4000:]}{ran.stderr[-4000:]}")
            return ran.stdout

        self.assertIn("100% tests passed, 0 tests failed", run("./run test"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (repository / "var").mkdir()
        (repository / "var" / "settings.env").write_text(f"PORT={port}\n")
        said = run("./run up")
        self.addCleanup(run, "./run down")
        call = re.search(r"^Try: (curl .*)$", said, re.M)[1]
        self.assertIn(f":{port}/api/v1/products", call)
        answer = json.loads(run(call))
        self.assertEqual(answer["name"], "Mug")
        self.assertIn("It runs already", run("./run up"))
        run("./run down")
        with self.assertRaises(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2)
        run("./run up")
        token = run("./run token").strip()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/products/{answer['id']}", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as found:
            self.assertEqual(json.load(found), answer, "what was kept is there after a stop")
        run("./run down")
        run("./run secrets")
        self.assertIn("PRODUCT_CATALOG_DATABASE_PASSWORD=", (repository / ".env").read_text())


class Common(unittest.TestCase):
    def test_digest_knows_names_and_contents(self):
        files = {"a": b"1", "b": b"2"}
        self.assertEqual(update_common.digest(files), update_common.digest(dict(reversed(files.items()))))
        for other in ({"a": b"1"}, {"a": b"1", "b": b"3"}, {"a": b"1", "c": b"2"}, {"a": b"12", "b": b""}):
            self.assertNotEqual(update_common.digest(files), update_common.digest(other))


if __name__ == "__main__":
    unittest.main()
