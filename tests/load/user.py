#!/usr/bin/env python3
"""user against pgbench with the same look-ups, on the same cores, in one run: one person by id, SCIM's filter by userName, people by a name that is nearly theirs.

    tests/load/user.py [--seconds 5] [--runs 3] [--check] [--people 100000] [--only WORD]      (release preset; needs wrk; `./gravity bench user` builds and runs it)"""

import math
import os
import subprocess
import sys
import urllib.parse

from harness import idle, measure, open_loop, options, pgbench, pgbench_tail, say, wrk

import throwaway  # tests/support, as harness has it

READ, FILTER, FOUND = "one person by id / pgbench -S -M prepared", "SCIM's userName eq, p99 / bare SQL's p99", "the same, filters/s / bare SQL's"
NAME = "a name that is nearly theirs, ms / comparing every name"
BARS = {
    READ: ("least", 0.6),
    FILTER: ("most", 3),
    FOUND: ("least", 0.3),
    NAME: ("most", 0.1),
    "start to ready, ms": ("most", 300),
    "idle, MiB proportional": ("most", 16),
    "idle, % of a core": ("most", 0.1),
}
PRESET = os.environ.get("GRAVITY_PRESET", "release")
RATE = 0.5  # of what is found a second at most: where a tail is looked at

# People as a directory has them: names that many share, each with something of its own.
PEOPLE = """set gravity.project = '{project}';
insert into users (id, subject, handle, handle_key, handle_skeleton, state, state_actor, state_at, profile, external_id, created_at, updated_at)
select md5(i::text)::uuid, 's' || i, 'bench' || i, 'bench' || i, 'bench' || i, 'active', 'bench', now(),
       jsonb_build_object('display_name', given || ' ' || family, 'addresses', '[]'::jsonb, 'name', jsonb_build_object('given_name', given, 'family_name', family)),
       'x' || i, now() - i * interval '1 second', now()
from generate_series(1, {count}) as i,
     lateral (select (array['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Alan', 'Radia', 'Niklaus', 'Hedy'])[1 + i % 10] as given,
                     (array['Lovelace', 'Hopper', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Turing', 'Perlman', 'Wirth', 'Lamarr'])[1 + i / 10 % 10]
                         || substr(translate(md5(i::text), '0123456789', 'ghijklmnop'), 1, 4) as family) as n;
insert into user_contact (user_id, kind, canonical, position, value, type, "primary")
select md5(i::text)::uuid, 'email', 'bench' || i || '@example.com', 1, 'bench' || i || '@example.com', 'work', true from generate_series(1, {count}) as i;
"""
ONE = "select * from users where id = md5('77')::uuid;\n"
BY_NAME = "select * from users where handle_key = 'bench77' and state <> 'erased' and deleted_at is null and merged_into is null order by id limit 100;\n"
EVERY_NAME = ("select id from users where word_similarity('lovelase', user_names(handle, profile)) >= 0.5 "
              "order by word_similarity('lovelase', user_names(handle, profile)) desc, created_at desc limit 50;\n")


class People:
    """PostgreSQL, a user service and its people."""

    def __init__(self, folder, count):
        self.folder = folder
        (folder / "pg").mkdir()
        self.cluster = throwaway.Cluster(folder / "pg")
        self.cluster.database("people")
        self.token, trust = throwaway.signed_token(folder, ["users"], ["scim:write"])
        settings = {"LISTEN_ADDRESS": "127.0.0.1", "LOG_LEVEL": "warn", "DISCOVERY_MODE": "off", "DEREGISTER_DELAY_SECONDS": "0", **trust}
        self.daemon = throwaway.Daemon(throwaway.binary("user", PRESET), self.cluster, folder, settings, "people")
        self.daemon.wait_ready()
        project = throwaway.project_of(self.token)
        subprocess.run([str(self.cluster.bin / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.cluster.port), "-U", "postgres", "-d", "people",
                        "-c", PEOPLE.format(project=project, count=count)], check=True, stdout=subprocess.DEVNULL)
        self.cluster.sql("vacuum analyze", "people")
        self.cluster.sql(f"alter role people_app set gravity.project = '{project}'")  # pgbench sees the rows too

    def end(self):
        self.daemon.kill()
        self.cluster.stop()


def read(people, results, arguments):
    path = f"/api/v1/users/{people.cluster.sql(ONE.replace('*', 'id'), 'people')}"
    wrk(people, path, 1)  # connections and statements are there
    for _ in range(arguments.runs):
        base, ours = pgbench(people, ONE, arguments.seconds, "people_app", "people"), wrk(people, path, arguments.seconds)
        results.add(READ, ours / base)
        say(arguments, f"read {ours:.0f}/s against {base:.0f}/s")


def find(people, results, arguments):
    """Both tails at the same share of what each side can do, from the moment each request was due."""
    path = "/scim/v2/Users?filter=" + urllib.parse.quote('userName eq "BENCH77"')
    wrk(people, path, 1)
    for _ in range(arguments.runs):
        base, ours = pgbench(people, BY_NAME, arguments.seconds, "people_app", "people"), wrk(people, path, arguments.seconds)
        results.add(FOUND, ours / base)
        bare = pgbench_tail(people, BY_NAME, RATE * ours, arguments.seconds, "people_app", "people")
        answered = open_loop(people, path, RATE * ours, arguments.seconds)
        kept = answered["rate"] > 0.97 * RATE * ours  # else it queued ever longer, and latencies say nothing but that
        results.add(FILTER, answered["p99"] / bare["p99"] if kept else math.inf,
                    f"at {RATE * ours:.0f}/s: p50 {answered['p50']:.2f} ms, p99 {answered['p99']:.2f} ms; bare SQL p50 {bare['p50']:.2f} ms, p99 {bare['p99']:.2f} ms")
        say(arguments, f"userName eq: {ours:.0f}/s against {base:.0f}/s")


def name(people, results, arguments):
    """One asker each: how long an operator waits."""
    for _ in range(arguments.runs):
        base = 1000 / pgbench(people, EVERY_NAME, arguments.seconds, "people_app", "people", clients=1)
        ours = 1000 / wrk(people, "/api/v1/users?limit=50&name=lovelase", arguments.seconds, connections=1)
        results.add(NAME, ours / base, f"{ours:.1f} ms; comparing every name: {base:.0f} ms")


PARTS = {"read": read, "find": find, "name": name, "idle": lambda people, results, arguments: idle(people, PRESET, results, arguments)}


def main():
    parser = options(__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="how many there are (%(default)s)")
    parser.add_argument("--only", choices=PARTS, help="one of the measurements")
    arguments = parser.parse_args()
    return measure(PARTS, BARS, lambda folder: People(folder, arguments.people), arguments)


sys.exit(main())
