#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""PyPI's `websockets`, unchanged, as watchers of settings (gravity.config.v1): a snapshot, every change to every socket in order, nothing missed over a
reconnect, no secret for who may not see one. On a config and a PostgreSQL of its own. How many sockets: SOCKETS (200)."""

import asyncio
import base64
import json
import os
import pathlib
import resource
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import config_service  # noqa: E402
import throwaway  # noqa: E402

try:
    import websockets
except ImportError:
    print("websockets is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)

SOCKETS = int(os.environ.get("SOCKETS", "200"))
LIMIT = 30  # seconds for any frame


def claim(what, holds):
    if not holds:
        sys.exit(f"not so: {what}")


class Watcher:
    @staticmethod
    async def connect(config, hello):
        self = Watcher()
        address = config.url.replace("http", "ws", 1) + "/api/v1/configs/watch"
        self.socket = await websockets.connect(address, additional_headers={"Authorization": f"Bearer {config.token}"}, subprotocols=["gravity.config.v1"])
        claim("the subprotocol is taken", self.socket.subprotocol == "gravity.config.v1")
        await self.socket.send(json.dumps({"hello": {"application": "shop", **hello}}))
        return self

    async def frame(self, kind):
        frame = json.loads(await asyncio.wait_for(self.socket.recv(), LIMIT))
        claim(f"a {kind}, not {frame}", list(frame) == [kind])
        await self.socket.send(json.dumps({"ack": frame[kind]["version"], "status": "applied"}))
        return frame[kind]


async def use(config):
    identifier = json.loads(config.ask("POST", "/api/v1/configs", {"application": "shop"}))["id"]

    def publish(change):
        config.ask("PATCH", f"/api/v1/configs/{identifier}/draft", change)
        config.ask("POST", f"/api/v1/configs/{identifier}/releases", {})

    publish({"items": {"a": 0}})
    watchers = [await Watcher.connect(config, {"instance": f"shop-{number}"}) for number in range(SOCKETS)]
    for watcher in watchers:
        claim("a snapshot first", await watcher.frame("snapshot") == {"version": 1, "items": {"a": 0}})
    slowest = 0.0
    for value in (1, 2, 3):
        begun = time.monotonic()
        publishing = asyncio.get_running_loop().run_in_executor(None, publish, {"items": {"a": value}})
        frames = await asyncio.gather(*(watcher.frame("change") for watcher in watchers))
        slowest = max(slowest, time.monotonic() - begun)
        await publishing
        claim("the same change for all", all(frame == {"version": value + 1, "changed": {"a": value}, "removed": []} for frame in frames))

    await watchers[0].socket.close()
    publish({"items": {"a": None, "b": 1}})
    publish({"secrets": {"password": "hunter2"}})
    back = await Watcher.connect(config, {"have": 4})
    claim("what was missed", await back.frame("change") == {"version": 6, "changed": {"b": 1, "password": "***"}, "removed": ["a"]})
    print(f"{SOCKETS} sockets heard of three publications, the last of them {slowest:.3f} s after the draft was sent")


def main():
    program = throwaway.binary("config", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-config-"))
    with config_service.running(program, folder, settings={"CONFIG_MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}) as config:
        asyncio.run(use(config))


main()
