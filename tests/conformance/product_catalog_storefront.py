#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""What product-catalog shows the world, read by clients that others wrote: spck-conformance and ucp-sdk (UCP), extruct (JSON-LD),
ultimate-sitemap-parser, feedparser, python-stdnum (GTIN), lxml (hreflang as search engines check it); and the examples of its README, each run as it
stands there. On a product-catalog and a PostgreSQL of its own."""

import csv
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import throwaway  # noqa: E402
from scripts import same  # noqa: E402

try:
    import extruct
    import feedparser
    import lxml.etree
    import lxml.html
    from stdnum import ean
    from ucp_sdk.models.schemas import profile
    from ucp_sdk.models.schemas.shopping import catalog_lookup, catalog_search
    from usp.tree import sitemap_tree_for_homepage
except ImportError as missing:
    print(f"{missing.name} is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)

COLLECTIONS = ["products", "product-types", "product-categories", "product-collections", "channels"]
PRODUCTS = 13  # more than one page of a search
README = throwaway.ROOT / "services" / "product-catalog" / "README.md"


def claim(what, holds):
    if not holds:
        sys.exit(f"not so: {what}")


class Shop:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def ask(self, method, path, body=None, headers=None, token=True):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def make(self, path, body):
        status, _, text = self.ask("POST", path, body)
        if status not in (200, 201):
            sys.exit(f"POST {path}: {status} {text}")
        return json.loads(text)

    def public(self, method, path, body=None, headers=None):
        return self.ask(method, path, body, headers, token=False)


def furnish(shop):
    """A shop: one product with options, twelve plain ones, one without a price."""
    kind = shop.make("/api/v1/product-types", {"key": "shoe", "name": "Shoe", "attributes": [
        {"name": "brand", "kind": "text", "label": {"en": "Brand"}},
        {"name": "size_system", "kind": "text"},
        {"name": "material", "kind": "text", "label": {"en": "Material", "de": "Material"}},
        {"name": "weight", "kind": "measurement", "unit": "KGM", "label": {"en": "Weight", "de": "Gewicht"}},
        {"name": "color", "kind": "enum", "per_variant": True, "label": {"en": "Color", "de": "Farbe"},
         "values": [{"value": "red", "label": {"en": "Red", "de": "Rot"}}, {"value": "blue", "label": {"en": "Blue", "de": "Blau"}}]}]})
    shoes = shop.make("/api/v1/product-categories", {"name": "Shoes", "slug": "shoes", "translations": {"de": {"name": "Schuhe", "slug": "schuhe"}}})
    running = shop.make("/api/v1/product-categories", {"name": "Running", "slug": "running", "parent_id": shoes["id"], "translations": {"de": {"name": "Laufen", "slug": "laufen"}}})
    shoe = shop.make("/api/v1/products", {
        "type_id": kind["id"], "name": "Running shoe </script><b>7", "slug": "running-shoe-7", "meta_title": "Running shoe 7",
        "description": "<p>Light &amp; fast</p><script>alert(1)</script>",
        "translations": {"de": {"name": "Laufschuh 7", "slug": "laufschuh-größe-7"}},
        "attributes": {"brand": "Fleet", "size_system": "EU", "material": "Leather", "weight": {"value": 0.3, "unit": "kg"}},
        "options": [{"name": "color", "values": ["red", "blue"]}, {"name": "size", "values": ["38", "40"]}],
        "categories": [running["id"]], "media": [{"url": "https://cdn.example/shoe.jpg", "alt": {"en": "A shoe", "de": "Ein Schuh"}}]})
    variants = []
    for index, (color, size, gtin) in enumerate([("red", "38", "4006381333931"), ("red", "40", "036000291452"), ("blue", "38", "40170725")]):
        variants.append(shop.make(f"/api/v1/products/{shoe['id']}/variants", {
            "sku": f"RUN-{color}-{size}", "gtin": gtin, "options": {"color": color, "size": size}, "list_price": {"amount": 8990 + index, "currency": "EUR"}}))
    shop.make(f"/api/v1/products/{shoe['id']}/publish", None)
    for number in range(PRODUCTS - 1):
        mug = shop.make("/api/v1/products", {"name": f"Mug {number}", "slug": f"mug-no-{number}", "description": "A mug", "list_price": {"amount": 1500, "currency": "JPY"},
                                             "media": [{"url": f"https://cdn.example/mug{number}.jpg", "alt": {"en": "A mug"}}]})
        shop.make(f"/api/v1/products/{mug['id']}/variants", {"sku": f"MUG-{number}"})
        shop.make(f"/api/v1/products/{mug['id']}/publish", None)
    free = shop.make("/api/v1/products", {"name": "Priceless mug", "slug": "priceless", "media": [{"url": "https://cdn.example/p.jpg"}]})
    shop.make(f"/api/v1/products/{free['id']}/variants", {"sku": "PRICELESS"})
    shop.make(f"/api/v1/products/{free['id']}/publish", None)
    return shoe, variants


def check_ucp(shop, shoe, variants, folder):
    config = {"product_id": shoe["id"], "catalog": {"variant_id": variants[2]["id"], "configurable_product_id": shoe["id"], "max_batch": 50,
                                                    "paginated_query": "*", "paginated_total": PRODUCTS}}
    file = folder / "merchant.json"
    file.write_text(json.dumps(config))
    runner = pathlib.Path(sys.executable).with_name("spck-conformance")
    run = subprocess.run([str(runner), "--server", shop.url, "--config", str(file), "--json"], capture_output=True, text=True)
    report = json.loads(run.stdout)
    checks = report["checks"] if "checks" in report else report["detail"]
    # The runner takes checkout for the core of every business; a catalogue does not claim it. What it asks of other paths is not ours to answer.
    ours = [check for check in checks if check["id"].startswith(("catalog.", "discovery.")) or "/checkout" not in json.dumps(check.get("observed") or "")]
    deviations = [check for check in ours if "deviation" in str(check.get("status"))]
    if deviations:
        sys.exit(f"spck-conformance: {json.dumps(deviations, indent=1)}\n{run.stderr}")
    passed = sorted(check["id"] for check in checks if check.get("status") == "clean-pass")
    print(f"spck-conformance: {len(passed)} checks passed: {' '.join(passed)}")
    claim("every catalog check of the runner ran", sum(name.startswith("catalog.") for name in passed) >= 14)

    _, headers, text = shop.public("GET", "/.well-known/ucp")
    profile.BusinessSchema.model_validate_json(text)
    claim("the profile may be cached", "max-age" in headers["Cache-Control"])
    seen, cursor, pages = [], None, 0
    while True:
        status, _, text = shop.public("POST", "/catalog/search", {"query": "*", "pagination": {"limit": 5, **({"cursor": cursor} if cursor else {})}})
        found = catalog_search.SearchResponse.model_validate_json(text)
        seen += [product.id for product in found.products]
        pages += 1
        cursor = found.pagination.cursor
        if not found.pagination.has_next_page:
            break
    same("products found by walking the cursor", (len(seen), len(set(seen)), pages), (PRODUCTS, PRODUCTS, 3))
    found = catalog_search.SearchResponse.model_validate_json(shop.public("POST", "/catalog/search", {"query": "shoe 7"})[2])
    same("search by words", [product.handle for product in found.products], ["running-shoe-7"])
    found = catalog_search.SearchResponse.model_validate_json(shop.public("POST", "/catalog/search", {"filters": {"categories": ["Shoes"]}, "context": {"language": "de"}})[2])
    same("search by a category above", [(p.handle, p.title, p.categories[0].value) for p in found.products], [("laufschuh-größe-7", "Laufschuh 7", "Schuhe > Laufen")])
    found = catalog_search.SearchResponse.model_validate_json(shop.public("POST", "/catalog/search", {"filters": {"price": {"min": 8000}}})[2])
    same("search by price", [(p.price_range.min.amount, p.price_range.max.amount) for p in found.products], [(8990, 8992)])
    ids = [shoe["id"], variants[0]["id"], "RUN-blue-38", "4006381333931", "mug-no-3", "nobody"]
    found = catalog_lookup.LookupResponse.model_validate_json(shop.public("POST", "/catalog/lookup", {"ids": ids})[2])
    same("products looked up by five kinds of identifier", sorted(p.handle for p in found.products), ["mug-no-3", "running-shoe-7"])
    same("what is not there", [m.content for m in found.messages], ["nobody"])
    found = catalog_lookup.GetProductResponse.model_validate_json(
        shop.public("POST", "/catalog/product", {"id": shoe["id"], "selected": [{"name": "Color", "label": "Blue"}, {"name": "size", "label": "40"}], "preferences": ["Color"]})[2])
    same("a choice that nobody has is relaxed", [(s.name, s.label) for s in found.product.selected], [("Color", "Blue")])
    values = {value.label: value.exists for option in found.product.options if option.name == "size" for value in option.values}
    same("sizes there are in blue", values, {"38": True, "40": False})


def check_pages(shop):
    addresses = {lang: f"{shop.url}/p/{lang}/{urllib.parse.quote(slug)}" for lang, slug in (("en", "running-shoe-7"), ("de", "laufschuh-größe-7"))}
    alternates = {}
    for lang, address in addresses.items():
        status, headers, text = shop.public("GET", address[len(shop.url):])
        same(f"{address}", status, 200)
        claim("nothing of a page may run", "script-src" not in headers["Content-Security-Policy"] and "default-src 'none'" in headers["Content-Security-Policy"])
        tree = lxml.html.fromstring(text)
        same("language", tree.get("lang"), lang)
        same("canonical", tree.xpath("//link[@rel='canonical']/@href"), [address])
        alternates[lang] = {link.get("hreflang"): link.get("href") for link in tree.xpath("//link[@rel='alternate']")}
        same("scripts, all of them data", set(tree.xpath("//script/@type")), {"application/ld+json"})
        claim("every picture says what it shows", all(tree.xpath("//img/@alt")))
        data = extruct.extract(text, base_url=address, syntaxes=["json-ld"])["json-ld"]
        group = next(item for item in data if item["@type"] == "ProductGroup")
        claim("the name survives its characters", lang == "de" or group["name"] == "Running shoe </script><b>7")
        same("what variants differ in", group["variesBy"], ["https://schema.org/color", "https://schema.org/size"])
        same("variants", len(group["hasVariant"]), 3)
        for variant in group["hasVariant"]:
            claim(f"{variant['gtin']} is a GTIN", ean.is_valid(variant["gtin"]) or len(variant["gtin"]) == 12)
            claim("an offer has its price", re.fullmatch(r"89\.9\d", variant["offers"]["price"]) and variant["offers"]["priceCurrency"] == "EUR")
        crumbs = next(item for item in data if item["@type"] == "BreadcrumbList")["itemListElement"]
        same("breadcrumbs", [crumb["position"] for crumb in crumbs], [1, 2, 3])
    # https://developers.google.com/search/docs/specialty/international/localized-versions: each names all, itself included, in full.
    same("both pages name the same alternates", alternates["en"], alternates["de"])
    same("alternates", alternates["en"], {**addresses, "x-default": addresses["en"]})
    data = extruct.extract(shop.public("GET", "/p/en/mug-no-1")[2], base_url=shop.url, syntaxes=["json-ld"])["json-ld"]
    same("a plain product", [(item["@type"], item["sku"], item["offers"]["price"]) for item in data], [("Product", "MUG-1", "1500")])


def check_categories(shop):
    alternates = {}
    for lang, slug, name, above in (("en", "running", "Running", "Shoes"), ("de", "laufen", "Laufen", "Schuhe")):
        address = f"{shop.url}/c/{lang}/{slug}"
        status, _, text = shop.public("GET", f"/c/{lang}/{slug}")
        same(address, status, 200)
        tree = lxml.html.fromstring(text)
        same("heading", tree.xpath("//h1/text()"), [name])
        same("canonical of a category", tree.xpath("//link[@rel='canonical']/@href"), [address])
        alternates[lang] = {link.get("hreflang"): link.get("href") for link in tree.xpath("//link[@rel='alternate']")}
        data = extruct.extract(text, base_url=address, syntaxes=["json-ld"])["json-ld"]
        page = next(item for item in data if item["@type"] == "CollectionPage")
        listed = page["mainEntity"]["itemListElement"]
        same("what is in the category", len(listed), 1)
        same("the page of what is in it", shop.public("GET", listed[0]["url"][len(shop.url):])[0], 200)
        crumbs = next(item for item in data if item["@type"] == "BreadcrumbList")["itemListElement"]
        same("the way to the category", [crumb["name"] for crumb in crumbs], [above, name])
        for crumb in crumbs:
            same(crumb["item"], shop.public("GET", crumb["item"][len(shop.url):])[0], 200)
    same("both name the same alternates", alternates["en"], alternates["de"])
    same("what is only below it is in it", shop.public("GET", "/c/en/shoes")[2].count("/p/en/running-shoe-7\""), 2)  # once for people, once for programs


def check_sitemap(shop):
    tree = sitemap_tree_for_homepage(shop.url + "/", use_robots=False)
    pages = sorted({page.url for page in tree.all_pages()})
    same("pages in the sitemap", len(pages), PRODUCTS + 2 + 4)  # the shoe in two languages, the priceless one, two categories in two languages
    for address in pages:
        same(address, shop.public("GET", address[len(shop.url):])[0], 200)
    index = lxml.etree.fromstring(shop.public("GET", "/sitemap.xml")[2].encode())
    spaces = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    links = {}
    for file in index.xpath("//s:loc/text()", namespaces=spaces):
        for url in lxml.etree.fromstring(shop.public("GET", file[len(shop.url):])[2].encode()).xpath("//s:url", namespaces=spaces):
            links[url.find("s:loc", spaces).text] = {link.get("href") for link in url.findall("x:link", spaces)}
    for page, named in links.items():
        for other in named:
            claim(f"{other} names {page} back", page in links[other])


def check_feed(shop):
    feed = feedparser.parse(shop.public("GET", "/feeds/google.xml")[2])
    claim("the feed is well-formed", not feed.bozo)
    items = {item.g_id: item for item in feed.entries}
    same("items", len(items), PRODUCTS - 1 + 3)
    claim("what has no price is left out", "PRICELESS" not in items)
    red = items["RUN-red-38"]
    same("a price", red.g_price, "89.90 EUR")
    same("a GTIN", (red.g_gtin, ean.is_valid(red.g_gtin)), ("4006381333931", True))
    same("of one group", len({item.g_item_group_id for item in feed.entries if "g_item_group_id" in item}), 1)
    same("sizes have a system", (red.g_size, red.g_size_system), ("38", "EU"))
    for item in feed.entries:
        for needed in ("g_id", "g_title", "g_description", "g_link", "g_image_link", "g_availability", "g_price"):
            claim(f"{item.g_id} has {needed}", item.get(needed))
    rows = list(csv.DictReader(io.StringIO(shop.public("GET", "/feeds/google.tsv")[2]), dialect="excel-tab"))
    same("both forms list the same", sorted(row["id"] for row in rows), sorted(items))
    same("and say the same", {row["id"]: (row["price"], row["title"]) for row in rows}, {key: (item.g_price, item.g_title) for key, item in items.items()})
    status, _, text = shop.ask("GET", "/api/v1/product-feeds/google/left-out")
    same("the report", [(row["sku"], row["missing"]) for row in csv.DictReader(io.StringIO(text), dialect="excel-tab")], [("PRICELESS", "price")])


def check_examples(shop, folder):
    """The README's examples, word for word but for the port: each is a command that works."""
    launcher = folder / "gravity"  # stands for ./gravity, of which the examples want a token
    launcher.write_text(f"#!/bin/sh\n[ \"$1\" != token ] || echo {shop.token}\n")
    launcher.chmod(0o755)
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.S)
    text = "".join(f"begin {number}\n{block}settle\n" for number, block in enumerate(blocks))
    text = re.sub(r"http://127\.0\.0\.1:(8000|8102)", shop.url, text)
    # A refusal ends it; every answer is a line of a file, told apart by where it came from; an import or export is let end before the next block.
    prelude = """set -eu
curl() { command curl --fail-with-body "$@" > answer || { cat answer; return 1; }; printf '%s %s\\n' "$block" "$(tr -d '\\n' < answer)" >> answers; }
begin() { block=$1; }
settle() { until ! command curl -sf SHOP/api/v1/product-imports SHOP/api/v1/product-exports -H "Authorization: Bearer $TOKEN" | grep -Eq '"state":"(waiting|running)"'; do sleep 0.1; done; }
""".replace("SHOP", shop.url)
    run = subprocess.run(["bash", "-c", prelude + text], cwd=folder, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"an example of {README.name} fails: {run.stdout}{run.stderr}")
    answers = (folder / "answers").read_text().splitlines()
    commands = sum(line.startswith("curl ") for block in blocks for line in block.splitlines())
    same("examples that answered", len(answers), commands)
    claim("the examples are there", commands >= 7)
    for wanted in ('"status":"draft"', '"state":"waiting"', '"format":"csv"', "<h1>Shirt</h1>", "<sitemapindex", "SHIRT-RED", '"handle":"shirt"'):
        claim(f"an example answers {wanted}", any(wanted in answer for answer in answers))
    print(f"{len(answers)} examples of the README work.")


def main():
    port = throwaway.free_port()
    settings = {"PORT": str(port), "CATALOG_PUBLIC_BASE_URL": f"http://127.0.0.1:{port}", "CATALOG_LANGS": "en,de", "CATALOG_SHOP_NAME": "Cups & Co"}
    with throwaway.Workshop(os.environ.get("GRAVITY_PRESET", "dev"), settings=settings, collections=COLLECTIONS, public=True) as workshop:
        shop = Shop(f"http://127.0.0.1:{port}", workshop.token)
        shoe, variants = furnish(shop)
        check_ucp(shop, shoe, variants, workshop.folder)
        check_pages(shop)
        check_sitemap(shop)
        check_categories(shop)
        check_feed(shop)
        check_examples(shop, workshop.folder)
    print("Agents, crawlers and feed readers understood everything.")


main()
