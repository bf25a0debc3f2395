#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Spring Cloud Config's own server as the oracle: the same settings, as files there and published here, are answered alike. And what it encrypts opens here. On a config and a
PostgreSQL of its own. Needs a JDK and Maven (Debian: openjdk-17-jdk-headless, maven) and PyYAML."""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import config_service  # noqa: E402
import fetched  # noqa: E402
import throwaway  # noqa: E402
from maven import archive_of  # noqa: E402
from scripts import same  # noqa: E402

try:
    import yaml
except ImportError:
    fetched.skip("there is no PyYAML")

SOURCE = pathlib.Path(__file__).resolve().with_suffix("")
SETTINGS = {
    ("application", "default"): {"shared": True, "shop": {"port": 1, "hosts": ["x", "y", "z"]}},
    ("application", "eu"): {"shop": {"region": "all of eu", "none": []}},
    ("shop", "default"): {"shop": {"port": 8080, "name": "no", "url": "http://localhost:${shop.port}/${shop.none:-}", "ratio": 0.5, "limits": {"cpu": 2, "memory": 64}}},
    ("shop", "dev"): {"shop": {"port": 9090, "hosts": ["a", "b"], "motto": "é = ü: #1"}},
    ("shop", "eu"): {"shop": {"port": 9091, "zone": "eu"}},
}


@contextlib.contextmanager
def spring_server(java, archive, folder):
    """Its address."""
    files = folder / "settings"
    files.mkdir()
    for (application, profile), settings in SETTINGS.items():
        name = application if profile == "default" else f"{application}-{profile}"
        (files / f"{name}.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    port = throwaway.free_port()
    flags = {"server.port": port, "server.address": "127.0.0.1", "spring.profiles.active": "native", "spring.cloud.config.server.native.search-locations": f"file:{files}/",
             "spring.main.banner-mode": "off", "logging.level.root": "WARN"}
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen([java, "-Dfile.encoding=UTF-8", "-jar", str(archive), *(f"--{name}={value}" for name, value in flags.items())], cwd=folder,
                                   env={**os.environ, "ENCRYPT_KEY": "foo", "ENCRYPT_SALT": "c0ffee00"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        throwaway.wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def ask(url, body=None, **fields):
    """Status and text."""
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, None if body is None else body.encode(), fields), timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except ConnectionError:  # it listens before it answers
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def sources_of(text):
    """What a client goes by, without the names of files that only the one has."""
    document = json.loads(text)
    sources = []
    for source in document["propertySources"]:
        file = re.search(r"([a-z-]+)\.yml", source["name"])
        sources.append((file.group(1) if file else source["name"], source["source"]))
    return document["name"], ",".join(document["profiles"]), sources  # the server gives the part of the path back as it is: one text in a list


def properties_of(text):
    """Of values as they are used here, one line each: there as they are behind a colon, here escaped behind an equals sign."""
    properties = {}
    for line in text.splitlines():
        plain = re.sub(r"\\([:=#])", r"\1", line)
        key, value = plain.split(": " if ": " in plain.split("=")[0] else "=", 1)
        properties[key] = value.encode("latin-1", "backslashreplace").decode("unicode_escape")
    return properties


def compare(config, oracle):
    def both(path, read):
        status, text = ask(f"{oracle}{path}")
        ours, our_text = ask(f"{config.url}/spring{path}", Authorization=f"Bearer {config.token}")
        same(f"the status of {path}", ours, status)
        same(path, read(our_text), read(text))

    for path in ("/shop/default", "/shop/dev", "/shop/dev,eu", "/shop/eu,dev", "/nobody/default", "/nobody/eu", "/application/default"):
        both(path, sources_of)
    for name in ("shop-default", "shop-dev", "shop-eu", "nobody-eu"):
        both(f"/{name}.json", json.loads)
        both(f"/{name}.yml", yaml.safe_load)
        both(f"/{name}.yaml", yaml.safe_load)
    both("/shop-dev.properties", properties_of)
    both("/shop-dev.json?resolvePlaceholders=false", json.loads)


def move_ciphers(config, oracle):
    """What a team that moves from one to the other brings with it."""
    status, cipher = ask(f"{oracle}/encrypt", "hunter2", **{"Content-Type": "text/plain"})
    same("a cipher is made", status, 200)
    config.ask("PUT", "/api/v1/config/spring-key", {"key": "foo", "salt": "c0ffee00"})
    config.publish("vault", "default", {"db": {"password": f"{{cipher}}{cipher}"}})
    same("what the server encrypted", json.loads(config.ask("GET", "/spring/vault/default"))["propertySources"][0]["source"], {"db.password": "hunter2"})


def main():
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None or maven is None:
        fetched.skip("there is no JDK with Maven to build the server with")
    program = throwaway.binary("config", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        fetched.skip(f"{program} is not built")
    archive = archive_of(maven, SOURCE, "Server", "config-server-1.jar")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-config-"))
    with tempfile.TemporaryDirectory(prefix="gravity-spring-") as files, spring_server(java, archive, pathlib.Path(files)) as oracle:
        settings = {"CONFIG_MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
        with config_service.running(program, folder, settings=settings, more=["configs:secrets"]) as config:
            for (application, profile), published in SETTINGS.items():
                config.publish(application, profile, published)
            compare(config, oracle)
            move_ciphers(config, oracle)
    print("config answers as Spring Cloud Config's own server does, and opens what it encrypted")


main()
