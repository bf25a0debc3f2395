#!/bin/sh
# Runs beside other scripts: its daemon and its disk are its own.
# A few rounds of tests/chaos/discovery_full.py with every test run; `tests/chaos/discovery_full.py --rounds 20` is the whole of it.
exec "$(dirname "$0")/../chaos/discovery_full.py" --rounds 2
