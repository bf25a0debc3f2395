#!/usr/bin/env python3
"""product-catalog against pgbench with the same statements, on the same cores, in one run: ratios, never bare times.

    tests/load/catalog.py [--seconds 5] [--runs 3]      (release preset; needs wrk)"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from throwaway import Workshop  # noqa: E402

PROJECT_SETTINGS = """begin; select set_config('gravity.project', '{project}', true), set_config('gravity.caller', 'bench', true), set_config('gravity.scope', 'project', true), set_config('statement_timeout', '15000', true);
"""

# What creating a product writes: its row and the claim of its slug.
INSERT = """with made as (insert into product (id, staged) values (gen_random_uuid(), '{"name":"Mug","slug":"mug"}') returning id)
insert into slug (lang, slug, kind, target, state) select 'en', id::text, 'product', id, 'reserved' from made;
"""


def create(shop, slug):
    request = urllib.request.Request(f"http://127.0.0.1:{shop.daemon.port}/api/v1/products", data=json.dumps({"name": "Mug", "slug": slug}).encode(),
                                     headers={"Content-Type": "application/json", "Authorization": f"Bearer {shop.token}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def wrk(shop, path, seconds, script=None):
    command = ["wrk", "-t1", "-c16", f"-d{seconds}", "--latency", "-H", f"Authorization: Bearer {shop.token}", f"http://127.0.0.1:{shop.daemon.port}{path}"]
    if script:
        command[1:1] = ["-s", str(script)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        sys.exit(out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])


def pgbench(shop, sql, seconds, mode="prepared"):
    script = shop.folder / "bench.sql"
    script.write_text(sql)
    out = subprocess.run([str(shop.cluster.bin / "pgbench"), "-n", "-M", mode, "-c", "8", "-j", "2", "-T", str(seconds), "-f", str(script), "-h", "127.0.0.1",
                          "-p", str(shop.cluster.port), "-U", "catalog_app", "catalog"], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"tps = ([\d.]+) \(without", out)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with Workshop(os.environ.get("GRAVITY_PRESET", "release")) as shop:
        product = create(shop, "bench")
        project = shop.cluster.sql("select project from product", "catalog")
        shop.cluster.sql("alter role catalog_app set gravity.project = '%s'" % project)  # pgbench's plain read sees the row too
        lua = shop.folder / "insert.lua"
        lua.write_text("""local n = 0
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n + 1
  return wrk.format("POST", nil, nil, string.format('{"name":"Mug","slug":"b-%d-%d"}', os.time(), n))
end
""")
        outbox = ("insert into gravity.outbox (project, id, type, subject, data, time) values (gravity.current_project(), gen_random_uuid(), "
                  "'gravity.bench.product.created', 's', '{}', now());\n")
        insert = PROJECT_SETTINGS.format(project=project) + INSERT + outbox + "commit;\n"
        read, write = [], []
        for _ in range(options.runs):
            base = pgbench(shop, f"select * from product where id = '{product['id']}';\n", options.seconds)
            ours = wrk(shop, f"/api/v1/products/{product['id']}", options.seconds)
            read.append(ours / base)
            base_insert = pgbench(shop, insert, options.seconds, "simple")
            ours_insert = wrk(shop, "/api/v1/products", options.seconds, lua)
            write.append(ours_insert / base_insert)
            print(f"read {ours:.0f}/s against {base:.0f}/s; insert with outbox {ours_insert:.0f}/s against {base_insert:.0f}/s", flush=True)
        for name, ratios in (("one-row read / pgbench -M prepared", read), ("insert with outbox / pgbench of the same statements", write)):
            print(f"{name}: {statistics.median(ratios):.2f} (of {', '.join(f'{r:.2f}' for r in ratios)})")


main()
