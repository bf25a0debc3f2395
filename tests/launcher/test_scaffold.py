"""`./gravity new` for real: in a copy of this checkout, one service of every kind of store is made, built, tested and compared."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import ROOT

KINDS = {"demo": ("postgres", "widgets,spare-parts"), "keeper": ("redis", "events"), "mapper": ("none", "categories")}


def copy_of_checkout(target: Path) -> None:
    """Without what is built or kept here."""
    def left_out(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name == "__pycache__" or Path(folder) == ROOT and name in ("build", "var", ".git", ".cache")}

    shutil.copytree(ROOT, target, ignore=left_out)


class New(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        outer = Path(tempfile.mkdtemp(prefix="gravity-new-"))
        cls.addClassCleanup(shutil.rmtree, outer)
        outer.chmod(0o755)  # the stores' user must be able to enter
        cls.root = outer / "checkout"
        copy_of_checkout(cls.root)

    def gravity(self, *arguments: str, seconds: float = 1500) -> subprocess.CompletedProcess:
        return subprocess.run([str(self.root / "gravity"), *arguments], cwd="/", capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)

    def expect(self, code: int, *arguments: str) -> subprocess.CompletedProcess:
        ran = self.gravity(*arguments)
        self.assertEqual(ran.returncode, code, f"{arguments}\n{ran.stdout[-4000:]}{ran.stderr[-4000:]}")
        return ran

    def test_every_kind_is_green_at_once(self):
        for port, (name, (store, collections)) in enumerate(KINDS.items(), 8990):
            self.expect(0, "new", name, "--port", str(port), "--collections", collections, "--store", store)
            folder = self.root / "services" / name
            self.assertTrue((folder / "openapi.json").is_file())
            lines = sum(len(path.read_text().splitlines()) for path in folder.rglob("*")
                        if path.is_file() and path.relative_to(folder).parts[0] in ("src", "migrations", "CMakeLists.txt"))
            self.assertLess(lines, 150, name)
        tested = self.expect(0, "test", *KINDS, "--integration", "--yes")
        self.assertRegex(tested.stdout, r"\n\d+ passed, 0 failed\n$")
        self.assertIn("demo_test.DemoApi.", tested.stdout)
        self.expect(0, "generate", "--check")
        for linter in ("layers", "coroutines"):
            ran = subprocess.run(["/usr/bin/python3", str(self.root / "tools" / "lint" / f"{linter}.py")], capture_output=True, text=True)
            self.assertEqual(ran.returncode, 0, ran.stdout)

        refused = self.expect(2, "new", "demo", "--port", "8999", "--collections", "others")
        self.assertEqual(refused.stderr, "gravity: There is a service `demo` already, in services/demo.\n")
        document = self.root / "services" / "demo" / "openapi.json"
        document.write_text(document.read_text().replace("List widgets", "List gadgets"))
        self.assertIn("services/demo/openapi.json is not what gravity-demo --openapi prints", self.expect(1, "generate", "--check").stdout)
        self.expect(0, "generate")
        self.expect(0, "generate", "--check")

    def test_a_folder_that_is_there_is_left_alone(self):
        folder = self.root / "services" / "half"
        folder.mkdir()
        (folder / "mine.txt").write_text("kept")
        self.expect(2, "new", "half", "--port", "8998", "--collections", "halves", "--no-build")
        self.assertEqual([path.name for path in folder.iterdir()], ["mine.txt"])
        shutil.rmtree(folder)


if __name__ == "__main__":
    unittest.main()
