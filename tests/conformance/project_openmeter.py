#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""OpenMeter's SDK for JavaScript and the CloudEvents SDK for JavaScript, unchanged, against project's meters. On a project and a PostgreSQL of its own."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import fetched  # noqa: E402
import project_service  # noqa: E402
import throwaway  # noqa: E402

HERE = pathlib.Path(__file__).resolve()
CLIENTS = ["@openmeter/sdk@1.0.0-beta.232", "cloudevents@10.0.0"]


def main():
    node = fetched.node(20)
    program = throwaway.binary("project", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        fetched.skip(f"{program} is not built")
    modules = fetched.npm_modules("openmeter", *CLIENTS)
    with project_service.running(program) as project:
        for slug, aggregation, path in (("tokens", "sum", "$.tokens"), ("calls", "count", None), ("largest", "max", "$.tokens"), ("models", "unique_count", "$.model")):
            project.ask("POST", "/api/v1/meters", {"slug": slug, "event_type": "prompt", "aggregation": aggregation, "group_by": {"model": "$.model"},
                                                   **({"value_path": path} if path else {})})
        passed = fetched.node_tests(node, HERE.with_suffix(".mjs"), {"GRAVITY_NODE_MODULES": str(modules), "GRAVITY_PROJECT_URL": project.url,
                                                                     "GRAVITY_TOKEN": project.token}, 120)
    print(f"{passed} tests of OpenMeter's SDK and the CloudEvents SDK passed")


main()
