"""Java programs of the tests, built by Maven as their users build them."""

import shutil
import subprocess
import sys

import throwaway


def archive_of(maven, source, main, archive):
    """The program in the folder `source` (`pom.xml` and `<main>.java`, of the package `example`) as one archive, `archive` in its `target`. Built when its sources have changed."""
    folder = throwaway.ROOT / "var" / f"test-{source.name.replace('_', '-')}"
    places = {"pom.xml": folder / "pom.xml", f"{main}.java": folder / "src/main/java/example" / f"{main}.java"}
    sources = {name: (source / name).read_text() for name in places}
    made, kept = folder / "target" / archive, folder / "sources"
    if made.is_file() and kept.is_file() and kept.read_text() == "".join(sources.values()):
        return made
    shutil.rmtree(folder, ignore_errors=True)
    for name, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(sources[name])
    built = subprocess.run([maven, "-B", "-q", "-DskipTests", "package"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if built.returncode != 0:
        print(built.stdout[-4000:])
        sys.exit(f"building {source.name} failed")
    kept.write_text("".join(sources.values()))
    return made
