"""Open the platform's page (the console where it runs, else the gateway's documentation) in a browser, or print its address."""

import shutil
import subprocess

from .. import errors, output, paths


def add_arguments(parser):
    parser.add_argument("--print", action="store_true", dest="only_print", help="only print the address")


def run(arguments) -> int:
    instance = paths.main_instance()
    running = instance.state().get("services", [])
    port = instance.port(8001 if "console" in running else 8000)
    url = f"http://127.0.0.1:{port}/" + ("" if "console" in running else "docs")
    print(url)
    opener = shutil.which("xdg-open")
    if arguments.only_print:
        return errors.OK
    if opener is None:
        output.warn("there is no browser to open it with (xdg-open)")
        return errors.FAILED
    return errors.OK if subprocess.run([opener, url]).returncode == 0 else errors.FAILED
