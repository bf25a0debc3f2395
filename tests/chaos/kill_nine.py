#!/usr/bin/env python3
"""kill -9 of the service, of PostgreSQL with all its sessions, of Redis, of a consumer, and of all of them at once, in the middle of writes, again and
again: nothing that was acknowledged is lost, a key that is sent again takes effect once, every event takes effect at the consumer once, though
Redis forgets everything in the second half, and all are ready again without help.

    tests/chaos/kill_nine.py [--rounds 50]"""

import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import random
import sys
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from throwaway import Workshop  # noqa: E402


def writer(daemon, token, number, until, acknowledged):
    """Creates products under a key each; one that got no answer is sent again with its key until it gets one."""
    sent = 0
    while time.monotonic() < until:
        slug = f"w{number}-{uuid.uuid4().hex}"
        request = urllib.request.Request(f"http://127.0.0.1:{daemon.port}/api/v1/products", data=json.dumps({"name": "Mug", "slug": slug}).encode(),
                                         headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Idempotency-Key": slug})
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    acknowledged.append((slug, json.load(answer)["id"]))
                    break
            except urllib.error.HTTPError as refused:
                if refused.code not in (409, 503, 504):
                    sys.exit(f"{slug}: {refused.code} {refused.read().decode()}")
            except (OSError, ValueError):
                pass  # cut off in the middle: nobody knows, so the same key again
            time.sleep(0.02)
        sent += 1
    return sent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    rounds = parser.parse_args().rounds
    for redis_keeps, share in ((True, rounds - rounds // 2), (False, rounds // 2)):
        with Workshop(os.environ.get("GRAVITY_PRESET", "dev"), events=True, redis_keeps=redis_keeps) as shop:
            acknowledged = []
            # The second half begins where the first of a short run ends, so that five rounds kill each.
            victims = [("PostgreSQL", shop.cluster), ("service", shop.daemon), ("everything", Everything(shop)), ("Redis", shop.redis), ("consumer", shop.consumer)]
            victims = itertools.cycle(victims if redis_keeps else victims[3:] + victims[:3])
            for number in range(share):
                round_of_writes(shop, acknowledged, *next(victims))
                check(shop, acknowledged, number + 1)
    print(f"{rounds} rounds passed")


class Everything:
    """As when the machine stops: all at once, and none waits for another."""

    def __init__(self, shop):
        self.parts = [shop.daemon, shop.consumer, shop.redis, shop.cluster]

    def kill(self):
        for part in self.parts:
            part.kill()

    def start(self):
        for part in self.parts:
            part.start()


def round_of_writes(shop, acknowledged, name, victim):
    until = time.monotonic() + 2
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(writer, shop.daemon, shop.token, n, until, acknowledged) for n in range(4)]
        time.sleep(random.uniform(0.2, 1.2))
        victim.kill()
        victim.start()
        for done in writers:
            done.result()
    for daemon in shop.daemons:
        daemon.wait_ready()
    print(f"{name} killed", end="; ")


def effects(shop, wanted, limit=90):
    """What the consumer has noted, once it has noted as many as wanted and Redis has nothing left that is not settled."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        seen = int(shop.cluster.sql("select count(*) from seen", "counter"))
        waiting = shop.cluster.sql("select count(*) from gravity.outbox where published_at is null", "catalog")
        if seen >= wanted and waiting == "0":
            break
        time.sleep(0.1)
    return tuple(map(int, shop.cluster.sql("select count(*) || '|' || count(distinct product) from seen", "counter").split("|")))


def check(shop, acknowledged, number):
    rows = dict(line.split("|") for line in shop.cluster.sql("select staged->>'slug', id from product", "catalog").splitlines())
    lost = [slug for slug, id in acknowledged if rows.get(slug) != id]
    created = "select count(*) || '|' || count(distinct subject) from gravity.outbox where type like '%.product.created'"
    events, subjects = map(int, shop.cluster.sql(created, "catalog").split("|"))
    print(f"round {number}: {len(acknowledged)} acknowledged, {len(rows)} rows, {events} events, {len(lost)} lost", flush=True)
    if lost:
        sys.exit(f"lost or changed: {lost[:5]}")
    if events != subjects or subjects != len(rows):
        sys.exit("an event is missing or there twice")
    if len(rows) != len(acknowledged):
        sys.exit("a key took effect twice, or something stayed that nobody was told of")
    noted, products = effects(shop, len(rows))
    if (noted, products) != (len(rows), len(rows)):
        sys.exit(f"of {len(rows)} events {products} took effect at the consumer, in {noted} effects")


main()
