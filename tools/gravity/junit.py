"""JUnit XML: writing our suites' results, and counting those that ctest and others wrote."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Case:
    name: str
    seconds: float = 0.0
    outcome: str = "passed"  # passed, failed, skipped
    text: str = ""


@dataclass
class Suite:
    name: str
    cases: list[Case] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        return sum(case.outcome == outcome for case in self.cases)


def _legal(text: str) -> str:
    # XML 1.0 section 2.2 has no place for other control characters.
    return "".join(c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "?" for c in text)


def write(suite: Suite, path: Path) -> None:
    root = ET.Element("testsuite", name=suite.name, tests=str(len(suite.cases)), failures=str(suite.count("failed")),
                      skipped=str(suite.count("skipped")), time=f"{sum(case.seconds for case in suite.cases):.3f}")
    for case in suite.cases:
        element = ET.SubElement(root, "testcase", classname=suite.name, name=case.name, time=f"{case.seconds:.3f}")
        if case.outcome == "failed":
            ET.SubElement(element, "failure").text = _legal(case.text)
        elif case.outcome == "skipped":
            ET.SubElement(element, "skipped", message=_legal(case.text))
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def read(path: Path) -> Suite:
    """A file of ctest --output-junit or of `write`. ctest marks what it did not run with status `notrun` or `disabled`."""
    root = ET.parse(path).getroot()
    suite = Suite(root.get("name", path.stem))
    for element in root.iter("testcase"):
        failure, skipped = element.find("failure"), element.find("skipped")
        if failure is None:
            failure = element.find("error")
        case = Case(element.get("name", ""), float(element.get("time") or 0))
        if failure is not None or element.get("status") == "fail":
            output = element.findtext("system-out") or ""
            case.outcome, case.text = "failed", (failure.text or failure.get("message") or "" if failure is not None else "") or output
        elif skipped is not None or element.get("status") in ("notrun", "disabled"):
            case.outcome, case.text = "skipped", skipped.get("message", "") if skipped is not None else ""
        suite.cases.append(case)
    return suite


def telling(text: str, lines: int) -> list[str]:
    """The end of what a test said; where GoogleTest's first failure stands further up, that and what follows it too."""
    said = text.strip().splitlines()
    first = next((i for i, line in enumerate(said) if line.endswith(": Failure")), len(said))
    if first >= len(said) - lines:
        return said[-lines:]
    half = lines // 2
    return [*said[first:first + half], "...", *said[-half:]]


def failures(suites: list[Suite], lines: int = 30) -> str:
    """What failed, each with what it said of that; empty if nothing did."""
    result = []
    for suite in suites:
        for case in suite.cases:
            if case.outcome == "failed":
                result.append(f"    {suite.name}: {case.name}" + "".join(f"\n        {line}" for line in telling(case.text, lines)))
    return "\n".join(result)


def closing_line(suites: list[Suite]) -> str:
    """The line that ends every test run."""
    passed, failed, skipped = (sum(suite.count(outcome) for suite in suites) for outcome in ("passed", "failed", "skipped"))
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")
