"""Run the tests on stores and ports of their own; a running platform is left alone. Reports go to var/reports (JUnit).

Without flags all suites run. Arguments after `--` go to ctest: ./gravity test order -- -R Api"""

from .. import build, errors, junit, lock, manifest, output, packages, paths, testing


def add_arguments(parser):
    parser.add_argument("services", nargs="*", metavar="service", help="only these services' tests (`common`: the library's)")
    parser.add_argument("--unit", action="store_true", help="what needs no store: the launcher's unit tests, C++ tests without stores")
    parser.add_argument("--integration", action="store_true", help="all C++ tests with stores, and the launcher on fake daemons")
    parser.add_argument("--conformance", action="store_true", help="tests/conformance: clients nobody here wrote, against the platform")
    parser.add_argument("--system", action="store_true", help="tests/system: stories across services")
    parser.add_argument("--preset", default=testing.PRESET, choices=[preset for preset in build.PRESETS if preset != "release"])
    parser.add_argument("--yes", action="store_true", help="install packages without asking")


def run(arguments) -> int:
    with_common = "common" in arguments.services
    chosen = [manifest.get(name) for name in arguments.services if name != "common"]
    everything = not (arguments.unit or arguments.integration or arguments.conformance or arguments.system)
    missing = packages.missing(packages.wanted(chosen or list(manifest.load_all().values()), build=True, tests=True)
                               + manifest.common_packages()["generate"])
    if missing:
        packages.install(missing, arguments.yes)
    suites: list[junit.Suite] = []
    with lock.exclusive(paths.ROOT / "var" / "test", "test"):
        try:
            for suite in run_suites(arguments, chosen, everything, with_common):
                suites.append(suite)
                output.say(f"   {suite.name}: {junit.closing_line([suite])}")
        except errors.Failure as failure:
            output.warn(failure.message)
            suites.append(junit.Suite("setup", [junit.Case("setup", outcome="failed", text=failure.message)]))
    failures = junit.failures(suites)
    if not any(suite.cases for suite in suites):
        raise errors.Failure("There is no test to run.")
    if failures:
        output.say(f"Failed:\n{failures}\nReports and logs: {testing.REPORTS}")
    output.say(junit.closing_line(suites))
    return errors.FAILED if failures else errors.OK


def run_suites(arguments, chosen, everything, with_common):
    if (everything or arguments.unit or arguments.integration) and not chosen and not with_common and testing.LAUNCHER_TESTS.is_dir():
        yield testing.run_launcher(units_only=arguments.unit and not arguments.integration)
    if everything or arguments.unit or arguments.integration:
        suite = testing.run_native(chosen, everything or arguments.integration, arguments.preset, arguments.extra, with_common)
        if suite:
            yield suite
    kinds = [kind for kind in ("conformance", "system") if everything or getattr(arguments, kind)]
    if chosen or not with_common:
        yield from testing.run_scripts(kinds, chosen, arguments.preset)
