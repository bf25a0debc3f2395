"""A new service: a skeleton that compiles and passes its tests, with one example collection, in the shape of services/product-catalog.

The first collection gets routes; further ones are only claimed in service.yaml. Everything derived from the manifests is written anew."""

from .. import build, drift, errors, generate, manifest, output, paths, scaffold


def add_arguments(parser):
    parser.add_argument("service", help="its name: folder services/<name>, executable gravity-<name>")
    parser.add_argument("--port", type=int, required=True, help="HTTP port; docs/ports.md lists those that are taken")
    parser.add_argument("--collections", required=True, metavar="a,b", help="its nouns under /api/v1, in the plural: widgets,spare-parts")
    parser.add_argument("--store", choices=scaffold.STORES, default="postgres")
    parser.add_argument("--no-build", action="store_true", help="do not compile it; its openapi.json is then written by the next `generate`")


def run(arguments) -> int:
    collections = [name.strip() for name in arguments.collections.split(",") if name.strip()]
    wanted = scaffold.plan(arguments.service, arguments.port, collections, arguments.store, manifest.load_all(), scaffold.common_spaces())
    folder = paths.ROOT / "services" / wanted.name
    written = scaffold.write(wanted, folder)
    manifest.load_all.cache_clear()
    output.say(f"{output.mark('ok')} services/{wanted.name}: {len(written)} files")
    changes = generate.write(generate.outputs())
    output.say(f"{output.mark('ok')} {len(changes)} derived files made or changed, in deploy/, docs/ and beside it")
    if not arguments.no_build:
        service = manifest.get(wanted.name)
        seconds = build.compile_targets("dev", [service.executable])
        output.say(f"{output.mark('ok')} built {service.executable}  {seconds:.1f} s")
        drift.write_openapi(service, build.directory("dev") / "bin" / service.executable)
    output.say(f"\nNow: ./gravity test {wanted.name}\nThen make it yours: src/model.hpp says what it keeps, src/api.cpp what callers see, README.md what it is.")
    return errors.OK
