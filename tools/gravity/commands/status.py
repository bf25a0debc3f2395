"""State of every service: process, port, readiness with its reason, restarts, memory, version. Exit code 0 only if all are ready."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from .. import errors, output, paths, processes, programs
from ..platform_run import Platform


def add_arguments(parser):
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.add_argument("--watch", action="store_true", help="print anew every two seconds until Ctrl-C")


def gather(platform: Platform) -> dict:
    """All facts, for people and for machines."""
    instance = platform.instance
    alive = platform.supervisor.alive()
    info = platform.supervisor.info() if alive else {}
    services = platform.known_services()
    prober = platform.prober()

    def look(service) -> dict:
        state = info.get(service.name, {}).get("statename", "STOPPED")
        verdict = prober.verdict(service, state)
        state = "RUNNING" if verdict.ready else state  # ready during supervisor's second of probation
        pid = info.get(service.name, {}).get("pid", 0)
        return {"name": service.name, "state": state.lower(), "pid": pid or None, "port": instance.port(service.port), "ready": verdict.ready,
                "reason": verdict.reason, "restarts": programs.restarts(instance, service.name), "version": verdict.version,
                "memory": processes.memory_bytes(pid) if pid else 0, "cpu_seconds": processes.cpu_seconds(pid) if pid else 0.0}

    with ThreadPoolExecutor(max_workers=16) as pool:
        rows = list(pool.map(look, services))
    stores = []
    for name, server in (("postgres", platform.postgres), ("redis", platform.redis)):
        if name in info:
            running = info[name]["statename"] in ("RUNNING", "STARTING")
            ready = running and server.answers()
            stores.append({"name": name, "state": info[name]["statename"].lower(), "pid": info[name]["pid"] or None, "port": server.port,
                           "ready": ready, "reason": "" if ready else "does not answer", "data": str(server.data)})
    return {"running": alive, "url": f"http://127.0.0.1:{instance.port(8000)}", "port_base": instance.offset + paths.DEFAULT_BASE,
            "preset": instance.preset, "data": str(instance.store_dir), "stores": stores, "services": rows,
            "ready": alive and bool(rows) and all(row["ready"] for row in (*rows, *stores))}


def show(facts: dict) -> None:
    if not facts["running"]:
        output.say("The platform does not run. `./gravity up` starts it.")
        return
    rows = []
    for row in (*facts["stores"], *facts["services"]):
        ready = output.mark("ok") if row["ready"] else output.mark("bad")
        memory = output.human_bytes(row["memory"]) if row.get("memory") else ""
        rows.append([ready, row["name"], row["state"], str(row["pid"] or "-"), str(row["port"]), str(row.get("restarts", "")), memory,
                     row.get("version", ""), row["reason"]])
    output.say(output.table(rows, ["", "name", "state", "pid", "port", "restarts", "memory", "version", "why not ready"]))
    total = sum(row["memory"] for row in facts["services"])
    output.say(f"\n{sum(row['ready'] for row in facts['services'])} of {len(facts['services'])} ready, services use {output.human_bytes(total)}. "
               f"{facts['url']}  Data: {facts['data']}")


def run(arguments) -> int:
    platform = Platform(paths.main_instance())
    while True:
        facts = gather(platform)
        if arguments.json:
            print(json.dumps(facts, indent=2))
        else:
            if arguments.watch and output.is_terminal():
                output.say("\033[H\033[2J" + time.strftime("%H:%M:%S"))
            show(facts)
        if not arguments.watch:
            return errors.OK if facts["ready"] else errors.FAILED
        time.sleep(2)
