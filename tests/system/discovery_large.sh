#!/bin/sh
# Runs beside other scripts: its daemons and its etcd are its own.
# A few rounds of tests/chaos/discovery_large.py with every test run; `tests/chaos/discovery_large.py --rounds 30` is the whole of it.
exec "$(dirname "$0")/../chaos/discovery_large.py" --rounds 3
