#!/usr/bin/env python3
"""product-catalog with much in it: one import of 100,000 variants, a sitemap of a million URLs, the page of a product with 5,000 variants.

    tests/load/product-catalog-bulk.py [import] [sitemap] [page] [--variants N] [--urls N] [--check]     (all three without a name; GRAVITY_PRESET, release if unset)

On a durable PostgreSQL and a product-catalog of its own; minutes, so by hand. Memory is the daemon's largest resident set while it worked (VmHWM)."""

import argparse
import json
import os
import pathlib
import re
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from throwaway import Workshop, project_of  # noqa: E402

COLORS, SIZES = ["red", "blue"], ["36", "38", "40", "42", "44"]
MEBIBYTE = 1024
BARS = {"sitemap: MiB at most": 64, "page of 5,000 variants: ms": 50}  # of the service's design


class Peak:
    """The daemon's largest resident set from here on."""

    def __init__(self, shop):
        self.folder = pathlib.Path(f"/proc/{shop.daemon.process.pid}")
        (self.folder / "clear_refs").write_text("5")

    def mebibytes(self):
        return int(re.search(r"^VmHWM:\s+(\d+)", (self.folder / "status").read_text(), re.M)[1]) / MEBIBYTE


def call(shop, method, path, body=None, content_type="application/json"):
    request = urllib.request.Request(f"http://127.0.0.1:{shop.daemon.port}{path}", body, {"Content-Type": content_type, "Authorization": f"Bearer {shop.token}"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def rows(variants, of_one_product):
    """CSV: products of ten variants each, or one of all of them."""
    yield "slug,name,description,product_list_price,sku,list_price,option.color,option.size,media\n"
    for number in range(variants):
        if of_one_product:
            product, color, size = 0, f"c{number // 100}", f"s{number % 100}"
        else:
            product, color, size = number // 10, COLORS[number % 2], SIZES[number // 2 % 5]
        mark = "wide" if of_one_product else "shoe"
        yield f"{mark}-{product},Running shoe {product},Light and fast,89.90 EUR,{mark}-{number},{80 + number % 20}.90 EUR,{color},{size},https://cdn.example/{product}.jpg\n"


def import_file(shop, variants, of_one_product=False):
    """Uploads and waits; seconds of the upload, of the import with its publication, and the import as it ended."""
    body = "".join(rows(variants, of_one_product)).encode()
    begun = time.monotonic()
    started = call(shop, "POST", "/api/v1/product-imports?publish=true", body, "text/csv")
    uploaded = time.monotonic()
    while True:
        state = call(shop, "GET", f"/api/v1/product-imports/{started['id']}")
        if state.get("finished_at"):
            break
        time.sleep(0.2)  # the poll of any client
    if state["state"] != "done" or state["bad"] or state.get("problem"):
        sys.exit(f"the import ended otherwise: {state}")
    return uploaded - begun, time.monotonic() - uploaded, state


def measure_import(shop, arguments, results):
    peak = Peak(shop)
    upload, work, state = import_file(shop, arguments.variants)
    size = shop.cluster.sql("select pg_size_pretty(pg_database_size('catalog'))")
    print(f"import of {state['rows']:,} variants of {state['published']:,} products, published: upload {upload:.1f} s, work {work:.1f} s "
          f"({state['rows'] / work:.0f} variants/s), daemon at most {peak.mebibytes():.0f} MiB, database {size}", flush=True)
    results["import: variants/s"] = state["rows"] / work


def measure_sitemap(shop, arguments, results):
    # As rows, for what is measured is the reading: products that are shown, each with one page.
    shop.cluster.sql(f"""
        select set_config('gravity.project', '{project_of(shop.token)}', false);
        create temp table fill as select gen_random_uuid() as id, n from generate_series(1, {arguments.urls}) n;
        insert into product (id, project, staged, status, revision, published_version, published_at)
            select id, '{project_of(shop.token)}', '{{"name":"Mug","slug":"mug"}}', 'active', 1, 1, now() from fill;
        insert into listing (project, product_id, channel, visible_from, visible_until, published_at, sort_name, sort_price, search_text)
            select '{project_of(shop.token)}', id, '', '-infinity', 'infinity', now(), 'mug', 1999, '' from fill;
        insert into slug (project, lang, slug, kind, target, state)
            select '{project_of(shop.token)}', 'en', 'running-shoe-of-the-year-' || n, 'product', id, 'current' from fill;
        analyze product; analyze listing; analyze slug;""", "catalog")
    peak = Peak(shop)

    def fetch(path):
        count, largest = 0, 0
        with urllib.request.urlopen(f"http://127.0.0.1:{shop.daemon.port}{path}", timeout=600) as answer:
            rest = b""
            while piece := answer.read(1 << 20):
                largest += len(piece)
                rest += piece
                count += rest.count(b"<loc>")
                rest = rest[rest.rfind(b"<loc>") + 5:] if b"<loc>" in rest else rest[-5:]
                files.extend(re.findall(rb"(/sitemap-[0-9a-f-]+\.xml)", piece)) if path == "/sitemap.xml" else None
        return count, largest

    files = []
    begun = time.monotonic()
    fetch("/sitemap.xml")
    index = time.monotonic()
    urls = largest = 0
    for file in files:
        count, size = fetch(file.decode())
        if count > 50_000 or size > 50 * 1024 * 1024:
            sys.exit(f"{file}: {count} URLs, {size} bytes")
        urls, largest = urls + count, max(largest, size)
    done = time.monotonic()
    if urls < arguments.urls:
        sys.exit(f"{urls} URLs instead of {arguments.urls}")
    print(f"sitemap of {urls:,} URLs in {len(files)} files (the largest {largest / 2**20:.1f} MiB): index {index - begun:.1f} s, files {done - index:.1f} s "
          f"({urls / (done - index):.0f} URLs/s), daemon at most {peak.mebibytes():.0f} MiB", flush=True)
    results["sitemap: MiB at most"] = peak.mebibytes()


def measure_page(shop, arguments, results):
    _, work, state = import_file(shop, 5_000, of_one_product=True)
    print(f"one product of {state['rows']:,} variants imported and published in {work:.1f} s", flush=True)
    times = []
    for _ in range(30):
        begun = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{shop.daemon.port}/p/en/wide-0") as answer:
            size = len(answer.read())
        times.append(1000 * (time.monotonic() - begun))
    times.sort()
    print(f"its page: {times[len(times) // 2]:.1f} ms in the middle, {times[-2]:.1f} ms at the slow end, {size / 1024:.0f} KiB", flush=True)
    results["page of 5,000 variants: ms"] = times[len(times) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="import, sitemap, page")
    parser.add_argument("--variants", type=int, default=100_000)
    parser.add_argument("--urls", type=int, default=1_000_000)
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar of the design is missed")
    arguments = parser.parse_args()
    parts = {"import": measure_import, "page": measure_page, "sitemap": measure_sitemap}
    results = {}
    for name in arguments.what or parts:
        if name not in parts:
            sys.exit(f"{name} is none of {', '.join(parts)}")
        with Workshop(os.environ.get("GRAVITY_PRESET", "release"), collections=["products"], public=True) as shop:
            parts[name](shop, arguments, results)
    missed = {name: value for name, value in results.items() if name in BARS and value > BARS[name]}
    for name, value in missed.items():
        print(f"MISSED: {name}: {value:.1f}, wanted at most {BARS[name]}")
    return 1 if arguments.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
