#!/bin/sh
# Runs beside other scripts: its daemon is its own.
# A few rounds of tests/chaos/discovery_kill.py with every test run; `tests/chaos/discovery_kill.py --rounds 50` is the whole of it.
exec "$(dirname "$0")/../chaos/discovery_kill.py" --rounds 4
