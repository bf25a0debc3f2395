"""Swagger UI for /docs: the npm package swagger-ui-dist, fetched once and checked against its known digest."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from . import output, paths

VERSION = "5.17.14"
DIGEST = "CVbSfaLpstV65OnSjbXfVd6Sta3q3F7Cj/yYuvHMp1P90LztOLs6PfUnKEVAeiIVQt9u2SaPwv0LiH/OyMjHRw=="  # SHA-512, as the registry publishes it
FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-32x32.png", "LICENSE", "NOTICE")


def folder() -> Path:
    return paths.ROOT / "var" / "docs" / "swagger-ui"


def ensure() -> None:
    """Without npm or network the platform runs all the same; /docs then has no page and says why."""
    if (folder() / f".version-{VERSION}").exists():
        return
    if shutil.which("npm") is None:
        output.say(f"{output.mark('warn')} npm is not installed: /docs will show the OpenAPI document without Swagger UI")
        return
    with tempfile.TemporaryDirectory() as scratch:
        try:
            packed = subprocess.run(["npm", "pack", "--silent", f"swagger-ui-dist@{VERSION}"], cwd=scratch, capture_output=True, text=True,
                                    timeout=120)
        except subprocess.TimeoutExpired:
            packed = None
        archive = next(Path(scratch).glob("*.tgz"), None)
        if packed is None or packed.returncode != 0 or archive is None:
            output.say(f"{output.mark('warn')} Swagger UI could not be fetched: /docs will show the OpenAPI document without it")
            return
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != DIGEST:
            output.say(f"{output.mark('warn')} swagger-ui-dist {VERSION} has an unexpected digest and is not used")
            return
        fresh = folder().with_name("swagger-ui.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        with tarfile.open(archive) as tar:
            for name in FILES:
                member = tar.extractfile(f"package/{name}")
                (fresh / name).write_bytes(member.read())
        (fresh / f".version-{VERSION}").touch()
        shutil.rmtree(folder(), ignore_errors=True)
        fresh.rename(folder())
