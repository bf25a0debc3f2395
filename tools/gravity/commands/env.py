"""Print the environment a service runs with here, as shell assignments: `eval "$(./gravity env order)"`."""

import json
import shlex

from .. import errors, manifest, paths, programs


def add_arguments(parser):
    parser.add_argument("service")
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(arguments) -> int:
    instance = paths.main_instance()
    service = manifest.get(arguments.service)
    if not (instance.secrets_dir / f"{service.name}.env").exists():
        raise errors.Failure(f"{service.name} has not been started here yet.", f"`./gravity up {service.name}`")
    values = programs.environment(instance, service, "discovery" in instance.state().get("services", []))
    if arguments.json:
        print(json.dumps(values, indent=2))
    else:
        print("\n".join(f"export {key}={shlex.quote(value)}" for key, value in values.items()))
    return errors.OK
