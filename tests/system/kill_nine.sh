#!/bin/sh
# A few rounds of tests/chaos/kill_nine.py with every test run; `tests/chaos/kill_nine.py --rounds 50` is the whole of it.
exec "$(dirname "$0")/../chaos/kill_nine.py" --rounds 4
