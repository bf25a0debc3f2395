#!/usr/bin/env python3
"""product-catalog against pgbench with the same statements, on the same cores, in one run: ratios, never bare times.

    tests/load/product-catalog.py [--seconds 5] [--runs 3] [--check]      (release preset; needs wrk; `./gravity bench product-catalog` builds and runs it)"""

import math
import os
import sys

from harness import Results, Workshop, call, idle, open_loop, options, pgbench, pgbench_tail, say, wrk

READ, WRITE, TAIL = "one-row read / pgbench -S -M prepared", "insert with outbox / pgbench, same statements", "p99 / p50 of the read at 70 % load"
BARS = {
    READ: ("least", 0.4),
    WRITE: ("least", 0.4),
    TAIL: ("most", 5),
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
            peer = pgbench_tail(shop, select, 0.7 * base, arguments.seconds, "catalog_app", "catalog")
            say(arguments, f"pgbench -R at 70 %: p50 {peer['p50']:.2f} ms, p99 {peer['p99']:.2f} ms, longest {peer['max']:.1f} ms (x {peer['p99'] / peer['p50']:.1f})")
            base_insert = pgbench(shop, insert, arguments.seconds, "catalog_app", "catalog", mode="prepared")
            lua.write_text(LUA % run)
            ours_insert = wrk(shop, "/api/v1/products", arguments.seconds, lua=lua)
            results.add(WRITE, ours_insert / base_insert)
            say(arguments, f"read {ours:.0f}/s against {base:.0f}/s; insert with outbox {ours_insert:.0f}/s against {base_insert:.0f}/s")
        idle(shop, preset, results, arguments)
    met = results.report(arguments.json)
    return 1 if arguments.check and not met else 0


sys.exit(main())
