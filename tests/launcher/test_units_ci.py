"""The deciding parts of tools/ci: pure functions on made-up inputs, and each tool on a small project of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import ROOT

sys.path.insert(0, str(ROOT / "tools" / "ci"))
import budget  # noqa: E402
import changes  # noqa: E402
import compile_commands  # noqa: E402
import coverage  # noqa: E402
import style  # noqa: E402
import tidy  # noqa: E402

KNOWN = ["common", "discovery", "gateway", "cart", "order"]


class Changes(unittest.TestCase):
    def test_modules_of(self):
        self.assertEqual(changes.modules_of(["services/order/src/api.cpp", "common/include/gravity/x.hpp", "docs/x.md"], KNOWN), ["common", "order"])
        self.assertEqual(changes.modules_of(["services/order/migrations/0002_x.sql", "gateway/CMakeLists.txt"], KNOWN), ["gateway", "order"])
        self.assertEqual(changes.modules_of(["services/order/README.md", "tools/gravity/cli.py", "README.md"], KNOWN), [])
        for whole in ("CMakeLists.txt", "cmake/GravityService.cmake", "CMakePresets.json"):
            self.assertEqual(changes.modules_of([whole], KNOWN), KNOWN)

    def test_turns_reach_everything(self):
        seen = set()
        number = changes.git
        try:
            for commits in range(10):
                changes.git = lambda *words, commits=commits: str(commits)
                chosen = changes.turn(KNOWN, 2)
                self.assertEqual(len(set(chosen)), 2)
                seen |= set(chosen)
            self.assertEqual(seen, set(KNOWN))
            self.assertEqual(sorted(changes.turn(KNOWN, 5)), sorted(KNOWN))
            self.assertEqual(changes.turn([], 3), [])
        finally:
            changes.git = number

    def test_a_repository(self):
        with tempfile.TemporaryDirectory() as folder:
            def git(*words):
                subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=folder, check=True, capture_output=True)
            git("init", "-q", "-b", "main")
            (Path(folder) / "one.cpp").write_text("1\n")
            git("add", "."), git("commit", "-qm", "one")
            git("checkout", "-qb", "branch")
            (Path(folder) / "two words.cpp").write_text("2\n")
            git("add", "."), git("commit", "-qm", "two")
            (Path(folder) / "three.cpp").write_text("3\n")
            root, changes.ROOT = changes.ROOT, Path(folder)
            wanted = os.environ.pop("GRAVITY_CI_BASE", None)
            try:
                self.assertEqual(changes.changed_paths(), ["three.cpp", "two words.cpp"])
                git("checkout", "-q", "main"), git("merge", "-q", "branch")
                self.assertEqual(changes.changed_paths(), ["three.cpp", "two words.cpp"], "on main: since the commit before")
            finally:
                changes.ROOT = root
                if wanted:
                    os.environ["GRAVITY_CI_BASE"] = wanted


class Commands(unittest.TestCase):
    WORDS = ["cmake", "-E", "env", "CCACHE_NOHASHDIR=1", "/usr/bin/ccache", "/usr/bin/c++", "-Ia", "-include", "/b/cmake_pch.hxx", "-Winvalid-pch", "-MD", "-MT", "x.o",
             "-MF", "x.d", "-o", "x.o", "-c", "x.cpp"]

    def test_compiler_words(self):
        words = compile_commands.compiler_words(self.WORDS)
        self.assertEqual(words, ["/usr/bin/c++", "-Ia", "-include", "/b/cmake_pch.hxx", "-Winvalid-pch", "x.cpp"])
        self.assertEqual(compile_commands.without_precompiled(words), ["/usr/bin/c++", "-Ia", "x.cpp"])
        self.assertEqual(compile_commands.without_precompiled(["c++", "-include", "own.hpp", "x.cpp"]), ["c++", "-include", "own.hpp", "x.cpp"])


class Budget(unittest.TestCase):
    def result(self, lines, seconds=1.0, coroutines=False):
        return {"lines": lines, "seconds": seconds, "coroutines": coroutines}

    def test_bounds(self):
        self.assertEqual(budget.faults({"services/a/src/api.cpp": self.result(70_000), "gateway/src/proxy.cpp": self.result(200_000),
                                        "services/a/src/store.cpp": self.result(100_000, coroutines=True)}), [])
        found = budget.faults({"services/a/src/api.cpp": self.result(70_001), "services/a/src/store.cpp": self.result(100_001, coroutines=True),
                               "discovery/src/x.cpp": self.result(1, 31.0)})
        self.assertEqual([line.split(":")[0] for line in found], ["discovery/src/x.cpp", "services/a/src/api.cpp", "services/a/src/store.cpp"])

    def test_count(self):
        self.assertEqual(budget.count(b"# 1 \"x\"\n\nint a;\n  \nint b;\n"), 2)


class Coverage(unittest.TestCase):
    def test_words(self):
        self.assertEqual(coverage.ranges([1, 2, 3, 7, 9, 10]), "1-3, 7, 9-10")
        self.assertEqual(coverage.ranges([]), "")
        self.assertEqual(coverage.share([1, 0, 5, 0]), 50.0)
        self.assertEqual([coverage.module_of(name) for name in ("common/src/pg/tx.cpp", "common/include/gravity/pg/tx.hpp", "services/order/src/api.cpp", "gateway/src/x.cpp")],
                         ["common/pg", "common/pg", "order", "gateway"])

    def test_a_program(self):
        """What ran is covered, what did not is not, and an object that no program ran counts as uncovered."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            source = root / "common" / "src" / "base"
            source.mkdir(parents=True)
            (source / "used.cpp").write_text("int used(int n) {\n    if (n > 1)\n        return 2;\n    return 1;\n}\nint main() { return used(2) - 2; }\n")
            (source / "unused.cpp").write_text("int unused() {\n    return 1;\n}\n")
            build = root / "build" / "coverage"
            build.mkdir(parents=True)
            subprocess.run(["g++", "--coverage", "-O0", "-c", "../../common/src/base/used.cpp", "../../common/src/base/unused.cpp"], cwd=build, check=True)
            subprocess.run("g++ --coverage -o t used.o && ./t", shell=True, cwd=build, check=True)
            before, coverage.ROOT = coverage.ROOT, root
            try:
                total = coverage.collect(build)
            finally:
                coverage.ROOT = before
        self.assertEqual({name: {line: min(count, 1) for line, count in counts.items()} for name, counts in total.items()},
                         {"common/src/base/used.cpp": {1: 1, 2: 1, 3: 1, 4: 0, 6: 1}, "common/src/base/unused.cpp": {1: 0, 2: 0}})


@unittest.skipIf(shutil.which(style.FORMAT) is None, "clang-format is not here")
class Style(unittest.TestCase):
    def test_faults_name_the_first_line(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(ROOT / ".clang-format", folder)
            (Path(folder) / "good.cpp").write_text("int a = 1;\n")
            (Path(folder) / "bad.cpp").write_text("int a = 1;\nint   b = 2;\n// " + "x" * 170 + "\n")
            before, style.ROOT = style.ROOT, Path(folder)
            try:
                self.assertEqual(style.faults("good.cpp"), [])
                self.assertEqual([fault.split(": ")[0] for fault in style.faults("bad.cpp")], ["bad.cpp:3", "bad.cpp:2"])
            finally:
                style.ROOT = before


class Findings(unittest.TestCase):
    def test_what_clang_cannot_yet_is_left_out(self):
        text = ("/x/a.cpp:1:2: error: reference to local binding 'name' declared here [clang-diagnostic-error]\n  code\n/x/a.cpp:1:1: note: here\n"
                "/x/b.cpp:3:4: error: both sides are equal [misc-redundant-expression,-warnings-as-errors]\n  n > 1\n")
        self.assertEqual(tidy.findings(text), ["/x/b.cpp:3:4: error: both sides are equal [misc-redundant-expression,-warnings-as-errors]\n  n > 1"])


@unittest.skipIf(shutil.which(tidy.TIDY) is None, "clang-tidy is not here")
class Tidy(unittest.TestCase):
    def test_findings_fail_and_what_is_clean_is_remembered(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            (root / "common" / "src").mkdir(parents=True)
            (root / "build" / "dev").mkdir(parents=True)
            shutil.copy(ROOT / ".clang-tidy", root)
            good, bad = root / "common" / "src" / "good.cpp", root / "common" / "src" / "bad.cpp"
            good.write_text("int twice(int n) { return 2 * n; }\n")
            bad.write_text("int same(int n) { return n > 1 && n > 1 ? 1 : 0; }\n")
            (root / "build" / "dev" / "compile_commands.json").write_text(json.dumps(
                [{"directory": str(root / "build" / "dev"), "file": str(path), "command": f"/usr/bin/c++ -std=c++20 -o x.o -c {path}"} for path in (good, bad)]))
            kept = tidy.ROOT, tidy.CACHE, compile_commands.ROOT, tidy.TIDY
            tidy.ROOT, tidy.CACHE, compile_commands.ROOT = root, root / "cache", root
            try:
                commands = compile_commands.load("build/dev")
                self.assertEqual(tidy.check("common/src/good.cpp", commands)[1], "")
                self.assertIn("misc-redundant-expression", tidy.check("common/src/bad.cpp", commands)[1])
                marks = [path for path in (root / "cache").rglob("*") if path.is_file()]
                self.assertEqual(len(marks), 1)
                tidy.TIDY = "false"
                self.assertEqual(tidy.check("common/src/good.cpp", commands)[1], "", "not looked at again")
                good.write_text("int twice(int n) { return n + n; }\n")
                self.assertNotEqual(tidy.check("common/src/good.cpp", commands)[1], "", "another text, another look")
                good.write_text("int twice(int n) { return 2 * n; }\n")
                (root / ".clang-tidy").write_text("Checks: '-*,misc-redundant-expression'\n")
                self.assertNotEqual(tidy.check("common/src/good.cpp", commands)[1], "", "other checks, another look")
            finally:
                tidy.ROOT, tidy.CACHE, compile_commands.ROOT, tidy.TIDY = kept


if __name__ == "__main__":
    unittest.main()
