"""Runs the unittest files of a folder and writes JUnit: `python3 unittest_run.py <folder> <report.xml> [pattern]`.

A program of its own, so that tests cannot disturb the command that runs them. Classes run beside each other, as many as there are processors: what they start
is mostly waited for. What one says is shown when it is through, in one piece."""

import io
import multiprocessing
import os
import sys
import time
import unittest
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
if sys.path[1:2] == [os.path.dirname(os.path.abspath(__file__))]:
    del sys.path[1]

from gravity import junit  # noqa: E402


class _Result(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases: list[junit.Case] = []
        self.begun = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def _add(self, test, outcome: str, text: str = "") -> None:
        self.cases.append(junit.Case(test.id(), time.monotonic() - self.begun, outcome, text))

    def addSuccess(self, test):
        super().addSuccess(test)
        self._add(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._add(test, "failed", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._add(test, "failed", self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._add(test, "skipped", reason)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._add(test, "passed")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._add(test, "failed", "succeeded unexpectedly")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._add(subtest, "failed", self._exc_info_to_string(err, subtest))


def _classes(tests: unittest.TestSuite) -> list[unittest.TestSuite]:
    """One suite for each class, in their order: what a class sets up is set up once."""
    groups: dict[type, unittest.TestSuite] = {}
    waiting = list(tests)
    while waiting:
        test = waiting.pop(0)
        if isinstance(test, unittest.TestSuite):
            waiting[:0] = test
        else:
            groups.setdefault(type(test), unittest.TestSuite()).addTest(test)
    return list(groups.values())


_groups: list[unittest.TestSuite] = []  # found before the processes are forked, which so have them


def _run(number: int) -> tuple[str, list[junit.Case], bool]:
    said = io.StringIO()
    result = unittest.TextTestRunner(stream=said, verbosity=2, resultclass=_Result).run(_groups[number])
    return said.getvalue(), result.cases, result.wasSuccessful()


def main(folder: str, report: str, pattern: str = "test_*.py") -> int:
    _groups[:] = _classes(unittest.defaultTestLoader.discover(folder, pattern=pattern, top_level_dir=folder))
    cases: dict[int, list[junit.Case]] = {}
    sound = True
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context("fork")) as pool:
        running = {pool.submit(_run, number): number for number in range(len(_groups))}
        for done in as_completed(running):
            said, cases[running[done]], well = done.result()
            sound = sound and well
            print(said, end="", flush=True)
    junit.write(junit.Suite(Path(folder).name, [case for number in sorted(cases) for case in cases[number]]), Path(report))
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
