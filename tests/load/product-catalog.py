#!/usr/bin/env python3
"""product-catalog against pgbench with the same statements, on the same cores, in one run: ratios, never bare times.

    tests/load/product-catalog.py [--seconds 5] [--runs 3] [--check]      (release preset; needs wrk; `./gravity bench product-catalog` builds and runs it)"""

import http.client
import math
import os
import random
import subprocess
import sys
import time

from harness import HERE, Results, Workshop, call, idle, open_loop, options, pgbench, pgbench_tail, say, wrk

READ, WRITE, TAIL = "one-row read / pgbench -S -M prepared", "insert with outbox / pgbench, same statements", "p99 / p50 of the read at 70 % load"
UNTOUCHED = "the same, of requests that no pause of the machine touched"
LIST, COUNT = "list of 100 k products with 5 facets, p95, ms", "the same, p50 / counting the facets row by row"
BARS = {
    READ: ("least", 0.4),
    WRITE: ("least", 0.4),
    TAIL: ("most", 5),
    UNTOUCHED: ("most", 5),
    LIST: ("most", 60),
    COUNT: ("most", 0.1),
    "start to ready, ms": ("most", 300),
    "idle, MiB proportional": ("most", 8),
    "idle, % of a core": ("most", 0.1),
}

# What one POST does: the product, its slug (what it had reserved goes first), the event.
INSERT = """begin;
select set_config('gravity.project', '{project}', true), set_config('gravity.caller', 'bench', true), set_config('gravity.scope', 'project', true), set_config('statement_timeout', '15000', true);
insert into product (id, type_id, staged) values (gen_random_uuid(), null, '{staged}') returning * \\gset p_
delete from slug where target = :p_id and state = 'reserved';
insert into slug (lang, slug, kind, target, state) values ('{lang}', gen_random_uuid()::text, 'product', :p_id, 'reserved')
    on conflict (project, lang, slug) do update set state = slug.state where slug.target = excluded.target returning state;
insert into gravity.outbox (project, id, type, subject, data, time) values (gravity.current_project(), gen_random_uuid(), 'gravity.bench.product.created', 's', '{{}}', now());
commit;
"""

LUA = """local n, mark = 0, '%d'
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n + 1
  return wrk.format("POST", nil, nil, string.format('{"name":"Mug","slug":"b-%%s-%%d"}', mark, n))
end
"""

# Lists as buyers ask for them: everything, a category, one value, several, bounds, a channel, other orders; all with five facets.
FACETS = "/api/v1/products?limit=24&facets=color,size,brand,material,season"
LISTS = ["", "&category=c0", "&category=c3", "&attr.color=c1", "&attr.color=c1,c2&attr.size.gte=40", "&attr.brand=b7", "&attr.brand=b1,b2&attr.season=s1&sort=price",
         "&category=c3&attr.material=m2,m3", "&channel=web&attr.size.gte=38&attr.size.lte=41&sort=-price", "&attr.color=c5&attr.size=44&attr.brand=b9",
         "&channel=web&sort=name"]
BY_ROWS = "select val, count(distinct product_id) from attr_index cross join unnest(vals) as val where project = '{project}' group by val;\n"


def lists(shop, project, results, arguments):
    """100,000 products more; what lists with five facets take, one after the other, and what the same counts take when rows are counted."""
    subprocess.run([str(shop.cluster.bin / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-v", f"project={project}", "-h", "127.0.0.1", "-p", str(shop.cluster.port),
                    "-U", "postgres", "-d", "catalog", "-f", str(HERE / "catalog.sql")], check=True, stdout=subprocess.DEVNULL)
    begun = time.monotonic()
    while shop.cluster.sql("select count(*) from facet_change", "catalog") != "0":
        if time.monotonic() - begun > 120:
            sys.exit("the facets were not packed")
        time.sleep(0.1)
    shop.cluster.sql("vacuum analyze", "catalog")
    connection = http.client.HTTPConnection("127.0.0.1", shop.daemon.port)

    def ask(query):
        begun = time.monotonic()
        connection.request("GET", FACETS + query, headers={"Authorization": f"Bearer {shop.token}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{query}: {answer.status} {body.decode()}")
        return 1000 * (time.monotonic() - begun)

    for _ in range(arguments.runs):
        took = {query: [] for query in LISTS}
        for query in random.sample(LISTS * 20, 20 * len(LISTS)):
            took[query].append(ask(query))
        every = sorted(sum(took.values(), []))
        middle = {query: sorted(times)[len(times) // 2] for query, times in took.items()}
        slowest = max(LISTS, key=middle.get)
        results.add(LIST, every[int(0.95 * len(every))], f"p50 {every[len(every) // 2]:.1f} ms; the slowest, '{slowest}': p50 {middle[slowest]:.1f} ms")
        base = 1000 / pgbench(shop, BY_ROWS.format(project=project), arguments.seconds, "postgres", "catalog", clients=1)
        results.add(COUNT, every[len(every) // 2] / base, f"row by row: {base:.0f} ms")


def main():
    arguments = options(__doc__).parse_args()
    preset = os.environ.get("GRAVITY_PRESET", "release")
    results = Results(BARS)
    with Workshop(preset) as shop:
        product = call(shop, "POST", "/api/v1/products", {"name": "Mug", "slug": "bench"})
        path = f"/api/v1/products/{product['id']}"
        project = shop.cluster.sql("select project from product", "catalog")
        shop.cluster.sql(f"alter role catalog_app set gravity.project = '{project}'")  # pgbench's plain read sees the row too
        staged = shop.cluster.sql("select replace(staged::text, chr(39), chr(39) || chr(39)) from product", "catalog")
        insert = INSERT.format(project=project, staged=staged, lang=shop.cluster.sql("select lang from slug", "catalog"))
        lua = shop.folder / "insert.lua"
        wrk(shop, path, 1)  # connections and statements are there
        for run in range(arguments.runs):
            select = f"select * from product where id = '{product['id']}';\n"
            base = pgbench(shop, select, arguments.seconds, "catalog_app", "catalog")
            ours = wrk(shop, path, arguments.seconds)
            results.add(READ, ours / base)
            at_load = open_loop(shop, path, 0.7 * ours, arguments.seconds)
            kept = at_load["rate"] > 0.97 * 0.7 * ours  # else it queued ever longer, and latencies say nothing but that
            results.add(TAIL, at_load["p99"] / at_load["p50"] if kept else math.inf, f"{at_load['rate']:.0f}/s{'' if kept else ' instead of %.0f/s' % (0.7 * ours)}: p50 {at_load['p50']:.2f} ms, p99 {at_load['p99']:.2f} ms, longest {at_load['max']:.1f} ms")
            rest = at_load["untouched"]
            if rest and rest["p50"] > 0:
                results.add(UNTOUCHED, rest["p99"] / rest["p50"] if kept else math.inf,
                            f"{100 * rest['share']:.0f} % of them: p50 {rest['p50']:.2f} ms, p99 {rest['p99']:.2f} ms, longest {rest['max']:.1f} ms; "
                            f"the machine stood still {at_load['pauses']} times, {100 * at_load['paused']:.1f} % of the time")
            peer = pgbench_tail(shop, select, 0.7 * base, arguments.seconds, "catalog_app", "catalog")
            say(arguments, f"pgbench -R at 70 %: p50 {peer['p50']:.2f} ms, p99 {peer['p99']:.2f} ms, longest {peer['max']:.1f} ms (x {peer['p99'] / peer['p50']:.1f})")
            base_insert = pgbench(shop, insert, arguments.seconds, "catalog_app", "catalog", mode="prepared")
            lua.write_text(LUA % run)
            ours_insert = wrk(shop, "/api/v1/products", arguments.seconds, lua=lua)
            results.add(WRITE, ours_insert / base_insert)
            say(arguments, f"read {ours:.0f}/s against {base:.0f}/s; insert with outbox {ours_insert:.0f}/s against {base_insert:.0f}/s")
        idle(shop, preset, results, arguments)
        lists(shop, project, results, arguments)
    met = results.report(arguments.json)
    return 1 if arguments.check and not met else 0


sys.exit(main())
