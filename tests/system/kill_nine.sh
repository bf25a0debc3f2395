#!/bin/sh
# Runs beside other scripts: its daemons are its own.
# A few rounds of tests/chaos/kill_nine.py with every test run; `tests/chaos/kill_nine.py --rounds 50` is the whole of it.
folder=$(dirname "$0")/..
cmake --build "$folder/../build/${GRAVITY_PRESET:-dev}" --target chaos-counter || exit 1
exec "$folder/chaos/kill_nine.py" --rounds 5
