"""What is derived for Compose, Kubernetes, systemd and Prometheus, read by the programs that will read it. fetch_tools.sh brings those that are
not in Debian; a test whose program is absent skips."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml
from support import PLATFORM, ROOT, Checkout, manifest

from gravity import manifest as manifests, sign_in
from gravity.generate import compose, facts, kubernetes, kubernetes_policy, kubernetes_secrets, kubernetes_stores

TOOLS = ROOT / "var" / "tools"
# Every kind of service at once: both stores, extensions, a disk, a second port, an outside host, secrets and settings of its own.
RICH = {
    **PLATFORM,
    "discovery": manifest("discovery", 8500, store={"postgres": False, "redis": False, "disk": {"env": "DISCOVERY_DATA_DIR"}},
                          env=[{"name": "DISCOVERY_DATA_DIR", "type": "string", "required": True, "doc": "a folder"},
                               {"name": "DISCOVERY_STORE_URL", "type": "string", "doc": "a store"},
                               {"name": "DISCOVERY_NODE_NAME", "type": "string", "doc": "a name"}],
                          profiles=["core", "all"],
                          scale={"min": 1, "max": 1, "cpu_percent": 70, "singleton": True,
                                 "shared": {"min": 3, "max": 6, "url": "DISCOVERY_STORE_URL", "port": 2379,
                                            "settings": {"DISCOVERY_NODE_NAME": "discovery", "DISCOVERY_DATA_DIR": "/nowhere"}}}),
    "gateway": manifest("gateway", 8000, events={"publishes": ["gravity.gateway.thing.opened"], "consumes": []}, ports=[{"name": "admin", "port": 8002, "env": "ADMIN_PORT"}],
                        env=[{"name": "ADMIN_PORT", "type": "integer", "default": 8002, "doc": "a port"},
                             {"name": "ADMIN_ADDRESS", "type": "string", "default": "127.0.0.1", "doc": "an address"}], profiles=["core", "all"]),
    "services/delta-files": manifest(
        "delta-files", 8204, collections=["files"], optional=["beta"], standards=["S3"], requires=["alpha"],
        store={"postgres": {"extensions": ["citext", "postgis"]}, "redis": {"durable": True}, "disk": {"env": "FILES_DIR"}},
        ports=[{"name": "ftp", "port": 8205, "protocols": ["tcp", "udp"], "env": "FTP_PORT"}],
        env=[{"name": "FILES_DIR", "type": "string", "required": True, "doc": "a folder"}, {"name": "FTP_PORT", "type": "integer", "default": 8205, "doc": "a port"},
             {"name": "FILES_PRICE", "type": "string", "default": "7", "doc": "a price"},
             {"name": "FILES_LIMIT", "type": "integer", "default": 5, "doc": "a limit"},
             {"name": "FILES_KEY", "type": "secret", "required": True, "doc": "a secret"}],
        packages={"build": ["libicu-dev"], "run": ["libicu72"]}, egress=[{"what": "an S3 store", "port": 443, "cidr": "192.0.2.0/24"}]),
}


def tool(*names: str) -> str:
    """The first of these that is there, else the test skips."""
    for name in names:
        found = TOOLS / "bin" / name
        path = str(found) if found.is_file() else shutil.which(name)
        if path:
            return path
    raise unittest.SkipTest(f"{names[0]} is not here (tests/launcher/fetch_tools.sh)")


def run(*command: str, **options) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    if ran.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ends with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


class Derived(unittest.TestCase):
    """Two checkouts: the made-up one with every kind of service, and this very one."""

    @classmethod
    def setUpClass(cls):
        cls.checkout = Checkout(RICH, executables=False)
        cls.addClassCleanup(shutil.rmtree, cls.checkout.outer)
        (cls.checkout.root / "CMakeLists.txt").write_text("project(x VERSION 1.2.3)\n")
        shutil.copytree(ROOT / "deploy" / "docker", cls.checkout.root / "deploy" / "docker")
        made = cls.checkout.run("generate", "--secrets")
        assert made.returncode == 0, made.stdout + made.stderr
        cls.roots = (cls.checkout.root, ROOT)


class Compose(Derived):
    def configuration(self, command: list[str], root: Path, *files: str) -> dict:
        # The passwords of the made-up checkout do for both: unknown variables are ignored, and missing ones are what the test is about.
        with tempfile.NamedTemporaryFile("w", suffix=".env") as env:
            env.write("FILES_KEY=k\nFILES_PRICE=5 or 6\nCOMPOSE_PROFILES=all\n")
            names = set(re.findall(r"\$\{([A-Z0-9_]+):\?", (root / "docker-compose.yml").read_text()))
            env.write("".join(f"{name}=secret-of-{name.lower()}\n" for name in sorted(names - {"FILES_KEY"})))
            env.flush()
            chosen = [part for name in files for part in ("-f", str(root / name))]
            text = run(*command, "--env-file", env.name, "--profile", "all", "--project-directory", str(root), *chosen, "config")
        document = yaml.safe_load(text)
        for part in document["services"].values():  # a setting that is not set is left out by one and null with the other
            part["environment"] = {name: value for name, value in part["environment"].items() if value is not None}
        return document

    def test_both_programs_read_it_alike(self):
        old, new = [tool("docker-compose")], [tool("compose-v2")]
        for root in self.roots:
            for files in (["docker-compose.yml"], ["docker-compose.yml", "docker-compose.isolated.yml"]):
                with self.subTest(root=root, files=files):
                    one, two = self.configuration(old, root, *files)["services"], self.configuration(new, root, *files)["services"]
                    self.assertEqual(set(one), set(two))
                    for name in one:
                        self.assertEqual(one[name]["environment"], two[name]["environment"], name)
                        self.assertEqual(set(one[name].get("depends_on", {})), set(two[name].get("depends_on", {})), name)
                        self.assertEqual(set(one[name]["networks"]), set(two[name]["networks"]), name)
                        for part in (one[name], two[name]):
                            self.assertTrue(part["read_only"] and part["init"], name)
                            self.assertEqual(part["cap_drop"], ["ALL"])
                            self.assertEqual(part["security_opt"], ["no-new-privileges:true"])

    def test_what_it_says(self):
        services = self.configuration([tool("docker-compose", "compose-v2")], self.checkout.root, "docker-compose.yml")["services"]
        self.assertEqual([name for name, part in services.items() if part.get("ports")], ["gateway"], "only the door is published")
        self.assertEqual(services["delta-files"]["environment"]["FILES_PRICE"], "5 or 6")
        self.assertNotIn("FILES_LIMIT", services["delta-files"]["environment"], "what nobody sets has the daemon's own default")
        self.assertEqual(services["delta-files"]["environment"]["REDIS_URL"], "redis://delta-files:secret-of-delta_files_redis_password@redis:6379/0")
        self.assertEqual(services["postgres"]["environment"]["GRAVITY_DATABASES"], "alpha:citext beta: delta_files:citext,postgis")
        self.assertNotIn("stores", services["gamma"]["networks"], "what has no store does not reach them")
        self.assertIn("stores", services["gateway"]["networks"], "but for who hears events")
        self.assertEqual(services["gateway"]["environment"]["EVENTS_URL"], services["beta"]["environment"]["EVENTS_URL"])
        self.assertNotIn("redis", services["gateway"].get("depends_on", {}), "which starts without them")
        self.assertEqual(services["redis"]["command"], ["--appendfsync", "always"])

    def test_isolated_gives_each_a_server(self):
        both = ["docker-compose.yml", "docker-compose.isolated.yml"]
        services = self.configuration([tool("docker-compose", "compose-v2")], self.checkout.root, *both)["services"]
        for name, database in (("alpha", "alpha"), ("beta", "beta"), ("delta-files", "delta_files")):
            self.assertIn(f"@postgres-{name}:5432/", services[name]["environment"]["DATABASE_URL"])
            self.assertEqual(services[f"postgres-{name}"]["environment"]["GRAVITY_DATABASES"].partition(":")[0], database)
        self.assertEqual(services["postgres"]["scale"], 0)

    def test_without_passwords_it_says_what_to_do(self):
        for command in ("docker-compose", "compose-v2"):
            with self.subTest(command), tempfile.NamedTemporaryFile("w", suffix=".env") as env:
                ran = subprocess.run([tool(command), "--env-file", env.name, "-f", str(ROOT / "docker-compose.yml"), "config"],
                                     capture_output=True, text=True, timeout=60)
                self.assertNotEqual(ran.returncode, 0)
                self.assertIn("run ./gravity generate --secrets", ran.stderr)

    def test_secrets_are_made_once_for_all_that_is_asked_for(self):
        env = self.checkout.root / ".env"
        before = env.read_text()
        self.assertEqual(env.stat().st_mode & 0o777, 0o600)
        asked = set(re.findall(r"\$\{([A-Z0-9_]+):\?run", (self.checkout.root / "docker-compose.yml").read_text()))
        self.assertLessEqual(asked, {line.partition("=")[0] for line in before.splitlines()})
        self.assertEqual(self.checkout.run("generate", "--secrets").returncode, 0)
        self.assertEqual(env.read_text(), before)


class Kubernetes(Derived):
    def folders(self) -> list[Path]:
        return sorted(path.parent for root in self.roots for path in (root / "deploy" / "kubernetes").rglob("kustomization.yaml"))

    def test_old_and_new_kustomize_make_equal_objects(self):
        old, new = tool("kubectl-debian"), tool("kustomize")
        def key(item):
            return item["kind"], item["metadata"]["name"]
        for folder in self.folders():
            with self.subTest(folder=folder):
                one = list(yaml.safe_load_all(run(old, "kustomize", str(folder))))
                two = list(yaml.safe_load_all(run(new, "build", str(folder))))
                self.assertEqual(sorted(one, key=key), sorted(two, key=key))
                written = [item for path in folder.glob("*.yaml") if path.name not in ("kustomization.yaml", "secret.example.yaml")
                           for item in yaml.safe_load_all(path.read_text())]
                self.assertEqual(sorted(map(key, one)), sorted(map(key, written)), "every file is among the resources")

    def test_every_object_is_valid_to_the_letter(self):
        validate = TOOLS / "venv" / "bin" / "kubernetes-validate"
        if not validate.is_file():
            raise unittest.SkipTest("kubernetes-validate is not here (tests/launcher/fetch_tools.sh)")
        for root in self.roots:
            # The version of Debian's time, and a current one.
            files = [str(path) for path in sorted((root / "deploy/kubernetes").rglob("*.yaml")) if path.name != "kustomization.yaml"]
            self.assertGreater(len(files), 20)
            for version in ("1.27", "1.34"):
                run(str(validate), "--strict", "-k", version, *files)
        secret = str(self.checkout.root / "var/secrets/kubernetes.yaml")
        run(str(validate), "--strict", "-k", "1.34", secret)

    def load(self, path: str) -> dict:
        return yaml.safe_load((self.checkout.root / "deploy/kubernetes" / path).read_text())

    def test_a_scaled_service_leaves_its_number_to_the_scaler(self):
        self.assertNotIn("replicas", self.load("services/beta/deployment.yaml")["spec"])
        self.assertEqual(self.load("services/beta/hpa.yaml")["spec"]["maxReplicas"], 2)
        single = self.load("services/discovery/deployment.yaml")["spec"]
        self.assertEqual((single["replicas"], single["strategy"]), (1, {"type": "Recreate"}))
        self.assertFalse((self.checkout.root / "deploy/kubernetes/services/discovery/hpa.yaml").exists())

    def test_several_of_a_singleton_share_a_store_outside(self):
        folder = "services/discovery/shared"
        deployment = self.load(f"{folder}/deployment.yaml")["spec"]
        self.assertEqual(deployment["strategy"]["type"], "RollingUpdate")
        self.assertNotIn("replicas", deployment)
        pod = deployment["template"]["spec"]
        self.assertEqual([volume["name"] for volume in pod["volumes"]], ["tmp"], "nothing is on a disk of its own")
        self.assertFalse((self.checkout.root / f"deploy/kubernetes/{folder}/persistentvolumeclaim.yaml").exists())
        self.assertEqual(pod["containers"][0]["envFrom"][1], {"secretRef": {"name": "discovery", "optional": False}})
        self.assertIn("DISCOVERY_STORE_URL", self.load(f"{folder}/secret.example.yaml")["stringData"])
        scaler = self.load(f"{folder}/hpa.yaml")["spec"]
        self.assertEqual((scaler["minReplicas"], scaler["maxReplicas"]), (3, 6))
        data = self.load(f"{folder}/configmap.yaml")["data"]
        self.assertEqual((data["DISCOVERY_NODE_NAME"], data["DISCOVERY_DATA_DIR"]), ("discovery", "/nowhere"))
        self.assertIn({"ports": kubernetes_policy.ports(2379)}, self.load(f"{folder}/networkpolicy.yaml")["spec"]["egress"])
        # The overlay has these, and everything else as production has it.
        def written(overlay, name):
            return list(yaml.safe_load_all((self.checkout.root / f"deploy/kubernetes/overlays/{overlay}/{name}.yaml").read_text()))
        self.assertIn(self.load(f"{folder}/deployment.yaml"), written("prod-shared", "discovery"))
        self.assertEqual(written("prod-shared", "beta"), written("prod", "beta"))

    def test_a_changed_setting_rolls_the_pods(self):
        services = {item["name"]: manifests.parse(item, ROOT / folder) for folder, item in RICH.items()}
        def annotations(default):
            env = [{"name": "BETA_LIMIT", "type": "integer", "default": default, "doc": "a limit"}]
            beta = manifests.parse({**RICH["services/beta"], "env": env}, ROOT / "services/beta")
            return kubernetes.objects(beta, services, dev=False)["deployment"]["spec"]["template"]["metadata"]["annotations"]["gravity/config"]
        self.assertEqual(annotations(5), annotations(5))
        self.assertNotEqual(annotations(5), annotations(6))

    def test_policies_admit_what_the_manifests_declare(self):
        def peers(rules, side):
            return {peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for rule in rules for peer in rule.get(side, []) if "podSelector" in peer}
        beta = self.load("services/beta/networkpolicy.yaml")["spec"]
        self.assertEqual(beta["policyTypes"], ["Ingress", "Egress"])
        self.assertEqual(peers(beta["ingress"], "from"), {"gateway", "gamma", "delta-files", "prometheus", "monitoring"})
        self.assertEqual(peers(beta["egress"], "to"), {"alpha", "discovery", "opentelemetry-collector"})
        delta = self.load("services/delta-files/networkpolicy.yaml")["spec"]
        self.assertIn({"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 443, "protocol": "TCP"}]}, delta["egress"])
        gateway = self.load("services/gateway/networkpolicy.yaml")["spec"]
        self.assertEqual(gateway["ingress"][0], {"ports": kubernetes_policy.ports(8000)}, "the door is open, its admin port is not")
        self.assertEqual(peers(gateway["egress"], "to"), {"alpha", "beta", "gamma", "delta-files", "discovery", "opentelemetry-collector"})
        dev = next(item for item in yaml.safe_load_all((self.checkout.root / "deploy/kubernetes/overlays/dev/postgres.yaml").read_text())
                   if item["kind"] == "NetworkPolicy")
        self.assertEqual(peers(dev["spec"]["ingress"], "from"), {"alpha", "beta", "delta-files"})

    def test_no_secret_is_in_the_checkout(self):
        kept = [line.partition("=") for line in (self.checkout.root / ".env").read_text().splitlines()]
        values = [value for name, _, value in kept if "PASSWORD" in name or "KEY" in name or "SECRET" in name]
        self.assertGreater(len(values), 5)
        for path in (self.checkout.root / "deploy").rglob("*"):
            if path.is_file():
                self.assertFalse([value for value in values if value in path.read_text()], path)
        written = (self.checkout.root / "var/secrets/kubernetes.yaml").read_text()
        of_stores = [value for name, _, value in kept if value in values and not name.startswith("AUTH_BOOTSTRAP_")]  # there is no auth here
        self.assertFalse([value for value in of_stores if value not in written], "the cluster gets the same ones")

    def test_a_cluster_for_development_begins_as_compose_does(self):
        erasing = {"publishes": ["gravity.auth.erasure.completed"], "consumes": []}
        found = {item["name"]: manifests.parse(item, ROOT / f"services/{item['name']}") for item in (
            manifest("auth", 8081, store={"postgres": True, "redis": False}, events=erasing), manifest("user", 8082, store={"postgres": True, "redis": False}),
            manifest("project", 8080, store={"postgres": True, "redis": False}), manifest("beta", 8202), RICH["gateway"])}
        values = {"EVENTS_PASSWORD": "e", **{name: name.lower() for name in ("AUTH_BOOTSTRAP_PROJECT", *sign_in.MADE_ONCE)},
                  **{name: name.lower() for store in kubernetes_stores.stores(found) for name in kubernetes_stores.passwords(store, found)}}
        told = {item["metadata"]["name"]: item["stringData"] for item in yaml.safe_load_all(kubernetes_secrets.development(found, values)) if item["kind"] == "Secret"}
        self.assertEqual(told["auth"]["AUTH_BOOTSTRAP_CLIENT_SECRET"], "auth_bootstrap_client_secret")
        self.assertEqual(told["gateway"]["AUTH_CLIENT_ID"], "auth_bootstrap_gateway_id")
        self.assertEqual(told["user"]["AUTH_CLIENT_SECRET"], "auth_bootstrap_services_secret")
        self.assertEqual(told["project"]["PROJECT_OPERATOR_PROJECT"], "auth_bootstrap_project")
        self.assertFalse([name for name in told["beta"] if name.startswith("AUTH_")])
        config = {name: kubernetes.objects(service, found, dev=True)["configmap"]["data"] for name, service in found.items()}
        for name in ("user", "project", "beta"):
            self.assertEqual((config[name]["AUTH_JWKS_URL"], config[name]["AUTH_ISSUER"]), ("http://auth:8081/oauth2/jwks", "http://auth:8081"))
        self.assertNotIn("AUTH_JWKS_URL", config["auth"])
        self.assertIn("clients:admin", config["auth"]["AUTH_BOOTSTRAP_SCOPES"].split())
        self.assertEqual(config["user"]["AUTH_TOKEN_URL"], "http://auth:8081/oauth2/token")
        self.assertEqual((config["user"]["USER_DATA_HOLDERS"], config["project"]["PROJECT_DELETION_SERVICES"]), ("auth", "auth,user"))
        self.assertNotIn("AUTH_TOKEN_URL", kubernetes.objects(found["user"], found, dev=False)["configmap"]["data"], "in production it is made by whoever installs it")

    def test_routes_of_the_gateway(self):
        data = self.load("services/gateway/configmap.yaml")["data"]
        routes = {route["name"]: route for route in json.loads(data["routes.json"])["routes"]}
        self.assertNotIn("gateway", routes)
        self.assertEqual(routes["delta-files"], {"name": "delta-files", "prefixes": ["/api/v1/files"], "roots": [], "upstreams": ["delta-files:8204"],
                                                 "standard_surface": True})
        self.assertEqual(data["ADMIN_ADDRESS"], "0.0.0.0")


class Systemd(Derived):
    def test_units_verify(self):
        analyze = tool("systemd-analyze")
        for root in self.roots:
            with tempfile.TemporaryDirectory() as folder:
                # Nothing is installed here: the programs that the units name are put beside them.
                units = []
                for path in sorted((root / "deploy/systemd").iterdir()):
                    text = re.sub(r"/usr/bin/(gravity-[a-z-]+)", rf"{folder}/\1", path.read_text())
                    for name in re.findall(rf"ExecStart={folder}/(\S+)", text):
                        shutil.copy("/bin/true", Path(folder) / name)
                    (Path(folder) / path.name).write_text(text)
                    units.append(str(Path(folder) / path.name))
                ran = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, timeout=60,
                                     env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:/usr/lib/systemd/system"})
                about_ours = [line for line in (ran.stdout + ran.stderr).splitlines() if "gravity" in line]
                self.assertEqual((ran.returncode, about_ours), (0, []), ran.stdout + ran.stderr)
                run(analyze, "security", "--offline=yes", "--threshold=30", *[unit for unit in units if unit.endswith(".service")])


class Images(Derived):
    def test_only_what_the_classic_builder_of_engine_20_10_reads(self):
        for root in self.roots:
            for path in sorted((root / "deploy/docker").rglob("Dockerfile")):
                text = path.read_text()
                self.assertNotRegex(text, r"(?m)--mount=|<<-?['\"]?\w+|^# *syntax=|^COPY --(chmod|link)|^ADD ", path)
                for source in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", text):
                    for name in source.split():
                        # Of the real checkout: the made-up one has only what its manifests need.
                        self.assertTrue((ROOT / name).exists(), f"{path} copies {name}")

    def test_packages_of_a_service_are_in_its_image(self):
        docker = self.checkout.root / "deploy/docker"
        self.assertIn("delta-files: libicu72\n", (docker / "run-packages.txt").read_text())
        self.assertIn("postgresql-15-postgis-3", (docker / "postgres/Dockerfile").read_text())

    def test_scripts_are_sound(self):
        for path in sorted((ROOT / "deploy/docker").rglob("*.sh")):
            run("sh", "-n", str(path))


class Prometheus(Derived):
    def test_targets(self):
        for root in self.roots:
            folder = root / "deploy/observability"
            self.assertEqual(yaml.safe_load((folder / "prometheus.yml").read_text())["scrape_configs"][0]["file_sd_configs"], [{"files": ["targets.yml"]}])
        targets = yaml.safe_load((self.checkout.root / "deploy/observability/targets-compose.yml").read_text())
        self.assertIn({"targets": ["gateway:8002"], "labels": {"service": "gateway", "priority": "P2"}}, targets)

    def test_promtool_accepts_it(self):
        promtool = tool("promtool")
        for root in self.roots:
            with tempfile.TemporaryDirectory() as folder:
                for name, target in (("prometheus.yml", "prometheus.yml"), ("targets-native.yml", "targets.yml")):
                    shutil.copy(root / "deploy/observability" / name, Path(folder) / target)
                run(promtool, "check", "config", str(Path(folder) / "prometheus.yml"))


class Facts(unittest.TestCase):
    def test_amounts(self):
        self.assertEqual((facts.mebibytes("96Mi"), facts.mebibytes("2Gi"), facts.millicores("250m")), (96, 2048, 250))

    def test_anchors(self):
        text = compose.with_anchors("x-a:\n  k: 1\nb:\n  <<: '@a'\n", ("a",))
        self.assertEqual(yaml.safe_load(text)["b"], {"k": 1})


if __name__ == "__main__":
    unittest.main()
