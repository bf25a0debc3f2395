#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""The JSON Schema Test Suite, draft 7, as the sources of PyPI's jsonschema have it, against config's checker. What the checker refuses, and why, stands in
services/config/tests/json_schema_suite_test.cpp by name; the folder `optional` (formats, big numbers, ECMA 262's regular expressions, contents) is left out: the
checker's formats are its own, patterns are RE2's, numbers are doubles or 64-bit integers."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import fetched  # noqa: E402
from throwaway import ROOT  # noqa: E402

SOURCES = "jsonschema==4.17.3"


def suite():
    """The folder with the tests of draft 7."""
    folder = ROOT / "var" / "test-json-schema-suite" / SOURCES
    if not (folder / "done").is_file():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        fetched.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", "jsonschema", SOURCES], folder,
                    f"fetching {SOURCES}")
        archive = next(folder.glob("*.tar.gz"))
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                if re.fullmatch(r"[^/]+/json/tests/draft7/[\w-]+\.json", member.name) and member.isfile():
                    (folder / pathlib.PurePath(member.name).name).write_bytes(tar.extractfile(member).read())
        archive.unlink()
        (folder / "done").touch()
    return folder


def main():
    program = ROOT / "build" / os.environ.get("GRAVITY_PRESET", "dev") / "bin" / "config_test"
    if not program.exists():
        fetched.skip(f"{program} is not built")
    environment = {**os.environ, "GRAVITY_JSON_SCHEMA_SUITE": str(suite())}
    said = fetched.run([str(program), "--gtest_filter=JsonSchemaSuite.*"], None, "the suite", env=environment)
    counted = re.search(r"^(\d+) tests of the suite pass, (\d+) schemas of it are refused$", said, re.MULTILINE)
    if counted is None:
        sys.exit(f"the suite was not run:\n{said}")
    print(counted[0])


main()
