"""A small checkout of its own for each test of the launcher: the real stub and tools, made-up manifests, fake daemons."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from gravity import processes  # noqa: E402

DECLARED = {8000, 8002, 8500, 8600, 8201, 8202, 8203, 15432, 16379}


def manifest(name: str, port: int, **changes) -> dict:
    base = {"name": name, "title": name.capitalize(), "priority": "P2", "port": port, "summary": f"A made-up service called {name}",
            "collections": [f"{name}s"], "standards": [], "store": {"postgres": False, "redis": False}, "requires": [], "optional": [],
            "events": {"publishes": [], "consumes": []}, "profiles": ["all"], "packages": {}, "env": [],
            "resources": {"cpu": "10m", "memory": "16Mi", "memory_limit": "64Mi"},
            "scale": {"min": 1, "max": 2, "cpu_percent": 70, "singleton": False}}
    return {**base, **changes}


PLATFORM = {
    "discovery": manifest("discovery", 8500, profiles=["core", "all"], scale={"min": 1, "max": 1, "cpu_percent": 70, "singleton": True}),
    "gateway": manifest("gateway", 8000, profiles=["core", "all"], events={"publishes": ["gravity.gateway.thing.opened"], "consumes": []}),
    "services/alpha": manifest("alpha", 8201, store={"postgres": {"extensions": ["citext"]}, "redis": False}, profiles=["core", "all"],
                               first_call={"method": "POST", "path": "/api/v1/alphas", "body": {"name": "A'b"}, "status": 201}),
    "services/beta": manifest("beta", 8202, store={"postgres": True, "redis": True}, requires=["alpha"],
                              events={"publishes": ["gravity.beta.thing.made"], "consumes": []}),
    "services/gamma": manifest("gamma", 8203, optional=["beta"]),
}


class Checkout:
    """Path with a blank and letters beyond ASCII on purpose. As root it is made passable for the stores' user."""

    def __init__(self, manifests: dict[str, dict] = PLATFORM, passable: bool = True, executables: bool = True):
        self.outer = Path(tempfile.mkdtemp(prefix="gravity-launcher-"))
        self.root = self.outer / "ein Prüfstand"
        self.root.mkdir()
        if passable:
            self.outer.chmod(0o755)
        shutil.copy2(ROOT / "gravity", self.root / "gravity")
        shutil.copytree(ROOT / "tools" / "gravity", self.root / "tools" / "gravity", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "schemas", self.root / "schemas")
        (self.root / "services").mkdir()
        for folder, content in manifests.items():
            self.write_manifest(folder, content)
            if executables:
                self.install(content["name"])
        self.base = processes.free_base(DECLARED)

    def write_manifest(self, folder: str, content: dict) -> None:
        path = self.root / folder
        path.mkdir(parents=True, exist_ok=True)
        (path / "service.yaml").write_text(json.dumps(content, indent=1))  # JSON is YAML

    def install(self, name: str, note: str = "") -> None:
        """Puts the fake daemon where a build would put the real one; `note` makes its digest another."""
        folder = self.root / "build" / "release" / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{name}"
        fresh.write_text((ROOT / "tests" / "launcher" / "fake_daemon.py").read_text() + f"# {note}\n")
        fresh.chmod(0o755)
        fresh.replace(folder / f"gravity-{name}")

    def set_env(self, service: str, **values: str) -> None:
        folder = self.root / "var" / "env"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{service}.env").write_text("".join(f"{key}={value}\n" for key, value in values.items()))

    def port(self, declared: int) -> int:
        return declared + self.base - 8000

    def run(self, *arguments: str, seconds: float = 120, **options) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PORT": "1", "DATABASE_URL": "must-not-leak"}
        options.setdefault("cwd", "/")
        return subprocess.run([str(self.root / "gravity"), *arguments], capture_output=True, text=True, timeout=seconds, env=environment,
                              stdin=subprocess.DEVNULL, **options)

    def up(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        return self.run("up", "--no-build", "--yes", "--port-base", str(self.base), *arguments, **options)

    def status(self) -> dict:
        return json.loads(self.run("status", "--json").stdout)

    def service(self, name: str) -> dict:
        return next(row for row in self.status()["services"] if row["name"] == name)

    def processes(self) -> list[int]:
        from gravity.paths import Instance
        return processes.of_instance(Instance(self.root / "var"))

    def remove(self) -> None:
        self.run("down", "--force")
        self.run("reset", "--yes")
        shutil.rmtree(self.outer)
        processes.give_back(self.base)
