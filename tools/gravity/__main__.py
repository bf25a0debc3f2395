"""Entry point: `python3 tools/gravity/__main__.py <command> ...`, as the stub calls it."""

import importlib
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if sys.path[1:2] == [os.path.dirname(os.path.abspath(__file__))]:
    del sys.path[1]  # this folder itself: its module names must not shadow the standard library's

from gravity import cli  # noqa: E402

if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `./gravity logs | head` ends quietly
    sys.exit(cli.main(sys.argv[1:], importlib))
