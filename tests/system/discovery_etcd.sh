#!/bin/sh
# Runs beside other scripts: its daemons and its etcd are its own.
# A few rounds of tests/chaos/discovery_etcd.py with every test run; `tests/chaos/discovery_etcd.py --rounds 30` is the whole of it.
exec "$(dirname "$0")/../chaos/discovery_etcd.py" --rounds 3
