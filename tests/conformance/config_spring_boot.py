#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""A Spring Boot application with `spring-cloud-starter-config`, as its users write one, started from config; refused to start where it must be (fail-fast), and
started once config is there (retry). On a config and a PostgreSQL of its own. Needs a JDK and Maven (Debian: openjdk-17-jdk-headless, maven)."""

import contextlib
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import config_service  # noqa: E402
import throwaway  # noqa: E402
from maven import archive_of  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().with_suffix("")


def start(java, archive, config, **settings):
    flags = {"spring.application.name": "shop", "spring.profiles.active": "dev", "spring.main.banner-mode": "off", "logging.level.root": "WARN",
             "spring.config.import": f"configserver:{config.url}/spring", "spring.cloud.config.headers.Authorization": f"Bearer {config.token}", **settings}
    return subprocess.run([java, "-jar", str(archive), *(f"--{name}={value}" for name, value in flags.items())], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=180)


def claim(what, holds, ran):
    if not holds:
        print(ran.stdout[-8000:])
        sys.exit(f"not so: {what}")


@contextlib.contextmanager
def behind_a_door(config, refusals):
    """config's address as it is while it starts: the first requests are answered 503. And how many have come."""
    came = []

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            came.append(self.path)
            status, body = 503, b""
            if len(came) > refusals:
                try:
                    with urllib.request.urlopen(urllib.request.Request(config.url + self.path, headers={"Authorization": self.headers["Authorization"]}), timeout=60) as answer:
                        status, body = answer.status, answer.read()
                except urllib.error.HTTPError as refused:
                    status, body = refused.code, refused.read()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"configserver:http://127.0.0.1:{server.server_address[1]}/spring", came
        finally:
            server.shutdown()
            thread.join()


def retry(java, archive, config):
    quickly = {"spring.cloud.config.fail-fast": "true", "spring.cloud.config.retry.initial-interval": "100"}
    with behind_a_door(config, 3) as (address, came):
        ran = start(java, archive, config, **quickly, **{"spring.config.import": address, "spring.cloud.config.retry.max-attempts": "6"})
        claim("it starts once config answers", ran.returncode == 0 and "GIVEN shop.port=9090\n" in ran.stdout, ran)
        claim(f"after three refusals, not after {len(came)} requests", len(came) > 3, ran)
    with behind_a_door(config, 1_000_000) as (address, came):
        ran = start(java, archive, config, **quickly, **{"spring.config.import": address, "spring.cloud.config.retry.max-attempts": "2"})
        claim(f"it gives up when it has tried twice, not after {len(came)} requests", ran.returncode != 0 and 2 <= len(came) <= 4, ran)


def use(java, archive, config):
    ran = start(java, archive, config)
    claim("it starts", ran.returncode == 0, ran)
    for line in ("shop.port=9090", "shop.port:int=9090", "shop.name=no", "shop.shared=true", "shop.url=http://localhost:9090/", "shop.hosts=[a, b]",
                 "shop.limits={cpu=2, memory=64}"):
        claim(line, f"GIVEN {line}\n" in ran.stdout, ran)
    sources = [line for line in ran.stdout.splitlines() if line.startswith("SOURCE ")]
    claim("sources in their order", sources[-3:] == ["SOURCE configserver:shop-dev", "SOURCE configserver:shop", "SOURCE configserver:application"], ran)

    ran = start(java, archive, config, **{"spring.cloud.config.label": "feature/x", "spring.profiles.active": ""})
    claim("a label with a slash", ran.returncode == 0 and "GIVEN shop.port=7\n" in ran.stdout, ran)

    ran = start(java, archive, config, **{"spring.cloud.config.label": "none", "spring.cloud.config.fail-fast": "true"})
    claim("an unknown label stops it", ran.returncode != 0, ran)
    ran = start(java, archive, config, **{"spring.cloud.config.headers.Authorization": "Bearer x", "spring.cloud.config.fail-fast": "true"})
    claim("a wrong token stops it", ran.returncode != 0, ran)
    ran = start(java, archive, config, **{"spring.application.name": "nobody"})
    claim("an application that nobody knows starts with what all share", ran.returncode == 0 and "GIVEN shop.port=1\n" in ran.stdout, ran)


def main():
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None or maven is None:
        print("there is no JDK with Maven to build the application with")
        sys.exit(77)
    program = throwaway.binary("config", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    archive = archive_of(maven, SOURCE, "Client", "config-client-1.jar")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-config-"))
    with config_service.running(program, folder) as config:
        config_service.settle(config)
        use(java, archive, config)
        retry(java, archive, config)
    print("a Spring Boot application starts from config, at once and after a while")


main()
