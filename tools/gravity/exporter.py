"""One service as a repository of its own. What is copied is copied byte by byte; what the repository needs beside it is filled into
templates/export/files. The same checkout always gives the same bytes."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import derive_secrets, manifest, output, paths, update_common
from .errors import USAGE, Failure
from .generate import compose, dockerfile, facts, kubernetes, systemd
from .generate.text import to_yaml
from .manifest import Service

TEMPLATES = Path(__file__).resolve().parent / "templates" / "export" / "files"
COPIED = ("src", "migrations", "tests")
ISSUER = "https://issuer.example/oauth2/jwks"
HINT = "run ./run secrets"
EXECUTABLE = {"run", "tools/update-common", "deploy/docker/postgres/entrypoint.sh", "deploy/docker/redis/entrypoint.sh", "deploy/docker/sbom.sh"}
# A README may put what holds only inside the platform between these two lines.
PLATFORM_ONLY = re.compile(r"^<!-- platform -->\n.*?^<!-- /platform -->\n", re.M | re.S)
CODE_BLOCK = re.compile(r"^```\w*\n.*?^```\n", re.M | re.S)


def repository(service: Service) -> dict[str, bytes]:
    """Every file of the repository but the library, by path."""
    texts = {path.relative_to(TEMPLATES).as_posix(): filled(path.read_text(encoding="utf-8"), values(service))
             for path in sorted(TEMPLATES.rglob("*")) if path.is_file()}
    texts |= {"VERSION": facts.version() + "\n", "packages.txt": "".join(f"{name}\n" for name in packages(service)),
              ".env.example": without_origin((service.folder / ".env.example").read_text(encoding="utf-8")),
              "Dockerfile": dockerfile.standalone(service), "docker-compose.yml": compose_file(service)}
    texts |= {f"deploy/systemd/{service.executable}.service": systemd_unit(service)}
    texts |= {f"deploy/kubernetes/{name}": text for name, text in kubernetes_files(service).items()}
    texts |= store_images(service)
    result = {name: text.encode() for name, text in texts.items()}
    for folder in COPIED:
        for path in sorted((service.folder / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                result[path.relative_to(service.folder).as_posix()] = path.read_bytes()
    for source, target in ((service.folder / "CMakeLists.txt", "service.cmake"), (service.folder / "openapi.json", "openapi.json"),
                           (paths.ROOT / "CMakePresets.json", "CMakePresets.json"), (paths.ROOT / "LICENSE", "LICENSE"),
                           (paths.ROOT / ".clang-format", ".clang-format"), (Path(update_common.__file__), "tools/update-common"),
                           (paths.ROOT / "deploy/docker/sbom.sh", "deploy/docker/sbom.sh")):
        if not source.is_file():
            raise Failure(f"{source.relative_to(paths.ROOT).as_posix()} is missing.", "`./gravity generate`, with the service built, writes openapi.json.")
        result[target] = source.read_bytes()
    return dict(sorted(result.items()))


def filled(text: str, by_name: dict[str, str]) -> str:
    # An action's digest (uses: actions/checkout@11bd...) is no placeholder: those end with another @.
    return re.sub(r"@([a-z_]+)@", lambda match: by_name[match[1]], text)


def values(service: Service) -> dict[str, str]:
    known = {"executable": service.executable, "port": service.port, "collections": list(service.collections),
             "database": service.database if service.store.postgres else "", "owner": service.owner, "extensions": list(service.store.extensions),
             "redis": service.store.redis, "events": service.has_events and service.store.postgres, "disk": service.store.disk,
             "first_call": service.first_call}
    required = [item.name for item in manifest.settings_of(service) if item.required]
    neighbours = ", ".join((*service.requires, *service.optional))
    return {"service": service.name, "title": service.title, "summary": service.summary, "port": str(service.port), "version": facts.version(),
            "service_facts": repr(known), "env_names": repr(list(derive_secrets.compose_names({service.name: service}))),
            "printed": "`up` prints a first call; " if service.first_call else "",
            "required": ", ".join(f"`{name}`" for name in required) or "nothing",
            "scope": f"{service.collections[0]}:write" if service.collections else "things:write",
            "neighbours": f"Works better with, found by `DISCOVERY_MODE`: {neighbours}.\n" if neighbours else "", "body": readme_body(service)}


def readme_body(service: Service) -> str:
    """What the service's own README says about it: without title, without what holds only inside the platform."""
    path = service.folder / "README.md"
    text = PLATFORM_ONLY.sub("", path.read_text(encoding="utf-8")) if path.is_file() else ""
    text = re.sub(r"\A# .*\n+", "", text)
    text = CODE_BLOCK.sub(lambda match: "" if "./gravity" in match[0] else match[0], text)
    for number, line in enumerate(text.splitlines(), 1):
        if "./gravity" in line or "../" in line:
            raise Failure(f"{service.folder_name}/README.md speaks of the platform's folders or command: {line.strip()[:120]!r}",
                          "Put that between the lines `<!-- platform -->` and `<!-- /platform -->`.")
    text = re.sub(r"\n{3,}", "\n\n", text).strip("\n")
    return f"## What it does\n\n{text}\n\n" if text else ""


def without_origin(text: str) -> str:
    """Without the line that says what the file was derived from: here it is the original."""
    return re.sub(r"\A# generated from .*\n", "", text)


def packages(service: Service) -> list[str]:
    common = manifest.common_packages()
    run = [name for name in common["run"] if name != "supervisor"]
    names = [*common["build"], *(name for name in common["test"] if not name.startswith("python3")), *run, "ca-certificates", "curl",
             "python3", *service.build_packages, *service.run_packages, *service.test_packages]
    return list(dict.fromkeys(names))


def compose_file(service: Service) -> str:
    only = {service.name: service}
    daemon = compose.daemon(service)
    del daemon["profiles"]
    daemon["build"] = {"context": ".", "args": {"BASE_IMAGE": "${BASE_IMAGE:-debian:12-slim}", **compose.COMPILATIONS}}
    for name in ("DISCOVERY_URL", "ADVERTISE_ADDRESS"):
        daemon["environment"].pop(name, None)
    daemon["environment"]["DISCOVERY_MODE"] = "off"
    daemon["ports"] = [f"127.0.0.1:${{PORT:-{service.port}}}:{service.port}"]
    document = {"version": compose.VERSION, "x-service": compose.common(), "x-environment": compose.shared_environment(),
                "services": compose.stores(only) | {service.name: daemon}, "networks": {"platform": {}, "stores": {"internal": True}},
                "volumes": {name: {} for name in compose.volumes(only)}}
    text = compose.with_anchors(to_yaml(document), ("service", "environment")).replace(compose.HINT, HINT)
    return f"# ./run secrets      (once: passwords in .env)\n# docker-compose up -d --build\n{text}"


def store_images(service: Service) -> dict[str, str]:
    """The images of the stores that docker-compose.yml builds."""
    images = dockerfile.files({service.name: service})
    result = {}
    for store in facts.stores_of(service):
        folder = f"{dockerfile.FOLDER}/{store}"
        result[f"{folder}/Dockerfile"] = without_origin(images[f"{folder}/Dockerfile"]).replace("tools/gravity/data/", f"{folder}/")
        result[f"{folder}/entrypoint.sh"] = (paths.ROOT / folder / "entrypoint.sh").read_text(encoding="utf-8")
    if service.store.postgres:
        result[f"{dockerfile.FOLDER}/postgres/database.sql"] = (manifest.DATA / "database.sql").read_text(encoding="utf-8")
    return result


def kubernetes_files(service: Service) -> dict[str, str]:
    """The objects of one service that knows no other: its callers are the pods of its name space, its tokens are an issuer's outside."""
    only = {service.name: service}
    parts = kubernetes.objects(service, only, dev=False)
    if "AUTH_JWKS_URL" in parts["configmap"]["data"]:
        parts["configmap"]["data"]["AUTH_JWKS_URL"] = ISSUER
        parts["deployment"] = kubernetes.deployment(service, parts["configmap"], dev=False)
    policy = parts["networkpolicy"]["spec"]
    opened = [{"port": number, "protocol": protocol.upper()} for _, number, protocol in facts.open_ports(service)]
    policy["ingress"].insert(0, {"from": [{"podSelector": {}}], "ports": opened})
    policy["egress"].append({"ports": [{"port": 443, "protocol": "TCP"}]})
    result = {f"{name}.yaml": to_yaml(item) for name, item in (parts | {"secret.example": kubernetes.secret_example(service)}).items()}
    result["kustomization.yaml"] = without_origin(kubernetes.kustomization([f"{name}.yaml" for name in parts], [service.name]))
    return result


def systemd_unit(service: Service) -> str:
    text = without_origin(systemd.unit(service)).replace(f"{service.folder_name}/.env.example", ".env.example")
    return text.replace(f"PartOf={systemd.TARGET}\n", "").replace(f"WantedBy={systemd.TARGET}", "WantedBy=multi-user.target")


def faults(files: dict[str, bytes]) -> list[str]:
    """What would tie the repository to the platform: a path out of it, another service's folder or executable."""
    own = {name for name in files}
    found = []
    others = [name for name in manifest.load_all()]
    for name in own:
        text = files[name].decode("utf-8", "replace")
        if name.endswith((".cpp", ".hpp")):
            ties = re.findall(r'#\s*include\s*["<]\.\./[^">]*', text)
        elif name == "tools/update-common":
            continue
        else:
            ties = re.findall(r"\.\./\S*|\./gravity\b", text)
        ties += [f"services/{other}" for other in others if f"services/{other}/" in text]
        found += [f"{name}: {tie}" for tie in ties]
    return sorted(found)


def write(service: Service, target: Path, force: bool) -> int:
    """Writes all of it; with `force` over what is there, leaving files it does not know. Returns the number of files."""
    if target.exists() and not target.is_dir():
        raise Failure(f"{target} is not a folder.", code=USAGE)
    if target.is_dir() and any(target.iterdir()) and not force:
        raise Failure(f"{target} is not empty.", "--force writes into it all the same.", USAGE)
    if target.resolve().is_relative_to(paths.ROOT) and not target.resolve().is_relative_to(paths.ROOT / "var"):
        raise Failure(f"{target} is inside the platform's own checkout.", "Give a folder beside it.", USAGE)
    files = repository(service)
    ties = faults(files)
    if ties:
        raise Failure(f"{service.name} cannot stand alone:\n    " + "\n    ".join(ties))
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if name in EXECUTABLE else 0o644)
    update_common.write(target / update_common.PLACE, paths.ROOT)
    return len(files) + len(update_common.present(target / update_common.PLACE)) + 1


def commit(service: Service, target: Path) -> None:
    """git init and one commit, dated like the checkout's own last one, so that it too is the same each time."""
    def git(*words: str, folder: Path = target, **environment: str) -> str:
        ran = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, env={**os.environ, **environment})
        if ran.returncode != 0:
            raise Failure(f"git {words[0]}: {ran.stderr.strip() or ran.stdout.strip()}")
        return ran.stdout.strip()

    if shutil.which("git") is None:
        raise Failure("git is not installed.", "apt-get install git")
    try:
        when = git("log", "-1", "--format=%cI", folder=paths.ROOT)
    except Failure:
        when = "2026-01-01T00:00:00+00:00"  # not from a git checkout
    who = "Gravity export"
    known = subprocess.run(["git", "config", "user.email"], cwd=target, capture_output=True).returncode == 0
    names = {} if known else {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", who), ("EMAIL", "export@gravity.invalid"))}
    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "--message", f"{service.title} {facts.version()}", GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when, **names)


def verify(target: Path) -> None:
    """Builds and tests a copy elsewhere, with an environment that has nothing of this one."""
    with tempfile.TemporaryDirectory(prefix="gravity-verify-") as scratch:
        os.chmod(scratch, 0o755)
        copy = Path(scratch) / target.name
        shutil.copytree(target, copy, ignore=shutil.ignore_patterns("build", "var", ".git"))
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": scratch, "LANG": "C.UTF-8"}
        if "CCACHE_DIR" in os.environ:
            environment["CCACHE_DIR"] = os.environ["CCACHE_DIR"]  # what was compiled before, not how
        ran = subprocess.run(["./run", "test"], cwd=copy, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if ran.returncode != 0:
            raise Failure("The exported repository does not build and pass its tests:\n" + "\n".join(ran.stdout.splitlines()[-80:]))
        output.say(f"{output.mark('ok')} built and tested in an empty environment: " + next(
            (line for line in reversed(ran.stdout.splitlines()) if "tests passed" in line), ""))
