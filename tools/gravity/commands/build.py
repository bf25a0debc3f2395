"""Compile services (all without names). Missing packages are installed first."""

from .. import build, errors, manifest, output, packages


def add_arguments(parser):
    parser.add_argument("services", nargs="*", metavar="service")
    parser.add_argument("--preset", default="release", choices=build.PRESETS)
    parser.add_argument("--tests", action="store_true", help="the tests as well (any preset but release)")
    parser.add_argument("--jobs", type=int, help="compilers at a time (default: by cores and memory)")
    parser.add_argument("--yes", action="store_true", help="install packages without asking")


def run(arguments) -> int:
    if arguments.tests and arguments.preset == "release":
        raise errors.Failure("The release preset has no tests.", "Give --preset dev.", errors.USAGE)
    services = [manifest.get(name) for name in arguments.services] or list(manifest.load_all().values())
    missing = packages.missing(packages.wanted(services, build=True, tests=arguments.preset != "release"))
    if missing:
        packages.install(missing, arguments.yes)
    buildable = [service for service in services if build.has_build(service)]
    if arguments.services and len(buildable) < len(services):
        raise errors.Failure("No sources: " + ", ".join(s.name for s in services if s not in buildable))
    targets = []
    if arguments.services:
        targets = [service.executable for service in buildable]
        if arguments.tests:
            targets += [f"{service.id}_test" for service in buildable if any(service.folder.glob("tests/*_test.cpp"))]
    elif not arguments.tests:
        targets = [service.executable for service in buildable]
    if not targets and not arguments.tests:
        raise errors.Failure("There is nothing to build yet.")
    seconds = build.compile_targets(arguments.preset, targets, arguments.jobs)
    output.say(f"{output.mark('ok')} build/{arguments.preset} is up to date  {seconds:.1f} s")
    return errors.OK
