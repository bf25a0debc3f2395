"""`./gravity build`, `up` with a build, and `test` itself, on a project whose \"compiler\" copies the fake daemon."""

import json
import unittest
import xml.etree.ElementTree as ET

from support import PLATFORM, ROOT, Checkout

ROOT_LISTS = """cmake_minimum_required(VERSION 3.25)
project(made_up NONE)
set(bin ${CMAKE_BINARY_DIR}/bin)
enable_testing()
add_subdirectory(common)
foreach(folder discovery gateway services/alpha services/beta services/gamma)
    add_subdirectory(${folder})
endforeach()
"""
SERVICE_LISTS = """get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
add_custom_command(OUTPUT ${bin}/gravity-${name} DEPENDS daemon.py
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/daemon.py ${bin}/gravity-${name})
add_custom_target(gravity-${name} DEPENDS ${bin}/gravity-${name})
"""
ALPHA_TESTS = """
add_test(NAME alpha_test.Api.Works COMMAND sh -c "test -n \\"$GRAVITY_TEST_PG\\" || exit 77; psql \\"$GRAVITY_TEST_PG\\" -c 'select 1'")
set_tests_properties(alpha_test.Api.Works PROPERTIES LABELS alpha SKIP_RETURN_CODE 77)
"""
COMMON_LISTS = """
add_test(NAME common_base_test.Text.Trims COMMAND true)
set_tests_properties(common_base_test.Text.Trims PROPERTIES LABELS common)
"""
PRESETS = {"version": 6, "configurePresets": [{"name": name, "generator": "Ninja", "binaryDir": "${sourceDir}/build/${presetName}"}
                                              for name in ("dev", "release")]}
SCRIPT = """#!/usr/bin/env python3
import json, os, sys, urllib.request
request = urllib.request.Request(os.environ["GRAVITY_URL"] + "/api/v1/alphas", b"{}", {"Authorization": "Bearer " + os.environ["GRAVITY_TOKEN"]})
with urllib.request.urlopen(request, timeout=10) as answer:
    sys.exit(0 if answer.status == 201 and json.load(answer)["service"] == "alpha" else 1)
"""


class Building(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.checkout = Checkout(executables=False)
        cls.addClassCleanup(cls.checkout.remove)
        root = cls.checkout.root
        (root / "CMakeLists.txt").write_text(ROOT_LISTS)
        (root / "CMakePresets.json").write_text(json.dumps(PRESETS))
        (root / "common").mkdir()
        (root / "common" / "CMakeLists.txt").write_text(COMMON_LISTS)
        for folder in PLATFORM:
            (root / folder / "CMakeLists.txt").write_text(SERVICE_LISTS + (ALPHA_TESTS if folder.endswith("alpha") else ""))
            cls.daemon(folder)
        cls.script("conformance", "alpha_http.py", SCRIPT)
        cls.script("system", "not_today.sh", "#!/bin/sh\necho the moon is missing\nexit 77\n")

    @classmethod
    def daemon(cls, folder: str, note: str = "") -> None:
        path = cls.checkout.root / folder / "daemon.py"
        path.write_text((ROOT / "tests/launcher/fake_daemon.py").read_text() + f"# {note}\n")
        path.chmod(0o755)

    @classmethod
    def script(cls, kind: str, name: str, text: str) -> None:
        folder = cls.checkout.root / "tests" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)

    def test_a_build_makes_what_is_named(self):
        ran = self.checkout.run("build", "alpha")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual([path.name for path in (self.checkout.root / "build/release/bin").iterdir()], ["gravity-alpha"])

    def test_b_up_builds_and_a_changed_source_restarts_its_service(self):
        up = ("up", "--yes", "--json", "--port-base", str(self.checkout.base))
        first = self.checkout.run(*up)
        self.assertEqual(first.returncode, 0, first.stdout + first.stderr)
        self.daemon("services/beta", "changed")
        second = json.loads(self.checkout.run(*up).stdout)
        self.assertEqual({row["name"]: row["action"] for row in second["services"] if row["action"] != "kept"}, {"beta": "restarted"})

    def test_b_bench_builds_and_runs_what_has_one(self):
        self.script("load", "alpha.py", "import os, sys\nprint(os.environ['GRAVITY_PRESET'], *sys.argv[1:])\nsys.exit('--check' in sys.argv)\n")
        ran = self.checkout.run("bench", "--seconds", "1", "--runs", "2")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn("release --seconds 1.0 --runs 2\n", ran.stdout)
        self.assertTrue((self.checkout.root / "build/release/bin/gravity-gateway").exists(), "it stands beside the idle service")
        self.assertEqual(self.checkout.run("bench", "alpha", "--check").returncode, 1)
        ran = self.checkout.run("bench", "beta")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("tests/load/beta.py", ran.stderr)

    def test_c_test_runs_every_suite_beside_a_running_platform(self):
        before = [(row["name"], row["pid"]) for row in self.checkout.status()["services"]]
        ran = self.checkout.run("test", seconds=240)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(ran.stdout.splitlines()[-1], "3 passed, 0 failed, 1 skipped")
        self.assertEqual([(row["name"], row["pid"]) for row in self.checkout.status()["services"]], before, "the running platform is left alone")
        var = self.checkout.root / "var"
        self.assertEqual(sorted(path.name for path in var.glob("test-*")), [], "nothing is left of the throw-away stores")
        native = ET.parse(var / "reports" / "native.xml").getroot()
        self.assertEqual(sorted(case.get("name") for case in native.iter("testcase")), ["alpha_test.Api.Works", "common_base_test.Text.Trims"])
        self.assertTrue((var / "reports" / "platform-logs" / "alpha.log").exists())

    def test_d_one_services_tests_and_without_stores(self):
        ran = self.checkout.run("test", "alpha", "--integration")
        self.assertEqual(ran.stdout.splitlines()[-1], "1 passed, 0 failed", ran.stdout + ran.stderr)
        ran = self.checkout.run("test", "--unit")
        self.assertEqual(ran.stdout.splitlines()[-1], "1 passed, 0 failed, 1 skipped", ran.stdout + ran.stderr)

    def test_e_failures_are_counted_shown_and_end_with_1(self):
        self.script("conformance", "alpha_breaks.sh", "#!/bin/sh\necho the reason\nsleep 1000 &\nexit 3\n")
        self.addCleanup((self.checkout.root / "tests/conformance/alpha_breaks.sh").unlink)
        ran = self.checkout.run("test", "alpha", "--conformance")
        self.assertEqual(ran.returncode, 1)
        self.assertEqual(ran.stdout.splitlines()[-1], "1 passed, 1 failed")
        self.assertIn("the reason", ran.stdout)
        self.assertIn("conformance: conformance/alpha_breaks.sh", ran.stdout)

    def test_f_a_broken_build_is_shown_in_its_own_words_and_fails_the_run(self):
        lists = self.checkout.root / "services/gamma/CMakeLists.txt"
        whole = lists.read_text()
        self.addCleanup(lists.write_text, whole)
        lists.write_text(whole.replace("copy ", "copyy "))
        self.daemon("services/gamma", "newer")
        ran = self.checkout.run("build", "gamma")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("copyy", ran.stderr)
        ran = self.checkout.run("test", "--integration")
        self.assertEqual((ran.returncode, ran.stdout.splitlines()[-1]), (0, "2 passed, 0 failed"), "gamma is not built by these tests")
        ran = self.checkout.run("test", "--system", "gamma")
        self.assertEqual(ran.returncode, 1, "there is no test for gamma, which must not look like success")


if __name__ == "__main__":
    unittest.main()
