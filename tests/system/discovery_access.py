#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""A service of Gravity and the gateway against a discovery daemon with access rules: with a token for its own name the service registers, with one that may
read the gateway finds it and sends requests there; with somebody else's token it is not taken in, and says why."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from discovery import own_daemon  # noqa: E402
from neighbourhood import PRESET, Registry, asked, gateway, until  # noqa: E402
from scripts import contains, same  # noqa: E402
from throwaway import Daemon, Workshop  # noqa: E402

ROOT_TOKEN = "2f9b6f0a-7d4e-4b9b-8f0e-6f5f3f1f7a11"  # of the daemon that this script starts


def main():
    flags = ("--discovery-acl-enabled=true", f"--discovery-acl-initial-management={ROOT_TOKEN}")
    with own_daemon(*flags) as port, tempfile.TemporaryDirectory(prefix="gravity-access-") as name:
        registry, folder = Registry(port, ROOT_TOKEN), pathlib.Path(name)
        own, reading, foreign = registry.own_token(), registry.reading_token(), registry.own_token("other")
        with Workshop(PRESET, settings=registry.settings(own)) as shop:
            until("registered with the token of its name", lambda: registry.instances(reading) == [shop.daemon.port])
            same("what an anonymous caller finds", registry.instances(None), [])
            with gateway(shop.daemon, registry.settings(reading), folder) as url:
                until("a request through the gateway", lambda: asked(url, shop) == 200)

            environment = {name: value for name, value in shop.daemon.environment.items() if name != "PORT"}
            second = Daemon(shop.program, shop.cluster, folder, {**environment, **registry.settings(foreign)})
            try:
                second.wait_ready()  # it serves all the same
                log = folder / "catalog.log"
                until("its log says that it was refused", lambda: b"not registered" in log.read_bytes())
                contains("why", log.read_text(), "discovery answered 403")
                same("who is registered", registry.instances(reading), [shop.daemon.port])
            finally:
                second.kill()

            shop.daemon.process.terminate()
            same("how it ended", shop.daemon.process.wait(60), 0)
            same("who is registered at the end", registry.instances(reading), [])
    print("a service and the gateway work with access rules")


main()
