#!/bin/sh
# Runs beside other scripts: its daemons and their networks are its own.
# A few rounds of tests/chaos/discovery_cuts.py with every test run; `tests/chaos/discovery_cuts.py --rounds 30` is the whole of it.
exec "$(dirname "$0")/../chaos/discovery_cuts.py" --rounds 2
