#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""A Spring Boot application with `spring-cloud-starter-config`, as its users write one, started from config; and refused to start where it must (fail-fast). On a
config and a PostgreSQL of its own. Needs a JDK and Maven (Debian: openjdk-17-jdk-headless, maven)."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

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
    print("a Spring Boot application starts from config")


main()
