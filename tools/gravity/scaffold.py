"""A new service from the templates: names decided here, files written by `write`."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .errors import USAGE, Failure
from .manifest import Service
from .postgres import DECLARED_PORT as POSTGRES_PORT
from .redisserver import DECLARED_PORT as REDIS_PORT

TEMPLATES = Path(__file__).resolve().parent / "templates"
STORES = ("postgres", "redis", "none")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")  # as the schema has it
LONGEST = 40
STORE_PORTS = (POSTGRES_PORT, REDIS_PORT)
FIRST_PORT, LAST_PORT = 1024, 49151  # RFC 6335: above are the ports that systems hand out by themselves

# Words a namespace or a function cannot have (C++20), words a table cannot have without quotes (PostgreSQL 15, reserved), and types of
# `common` that a type of the same name would hide.
CXX_WORDS = frozenset("""alignas alignof and asm auto bool break case catch char class compl concept const consteval constexpr constinit continue
    decltype default delete do double dynamic else enum explicit export extern false float for friend goto if inline int long main mutable
    namespace new noexcept not nullptr operator or private protected public register requires return short signed sizeof static std struct
    switch template this throw true try typedef typeid typename union unsigned using virtual void volatile while xor""".split())
SQL_WORDS = frozenset("""all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
    concurrently constraint create cross current_date current_user default deferrable desc distinct do else end except false fetch for
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime natural not notnull null offset on only or order outer overlaps placing primary references returning right select session_user
    similar some symmetric table tablesample then to trailing true union unique user using variadic verbose when where window with""".split())
COMMON_TYPES = frozenset("""Accepted Body Bounded Caller Collection Country Created Ctx Currency Download Duration Email Event Fetcher Header Id
    IfMatch Json Locale Money Multiline NoContent Page PageQuery Parsed Patch Path Percent Phone Problem Redirect Refusal Resources Result
    Router Secret Service Slug Sql Store Task Text Timestamp Tx Url Uuid Version""".split())
# Types that one collection's templates declare beside the noun's own.
SUFFIX = "Record"


@dataclass(frozen=True)
class Plan:
    name: str
    port: int
    collections: tuple[str, ...]
    store: str

    def values(self) -> dict[str, str]:
        """What stands for each placeholder of a template."""
        collection = self.collections[0]
        noun = singular(collection).replace("-", "_")
        camel = camel_case(noun)
        if camel in COMMON_TYPES:
            noun, camel = f"{noun}_{SUFFIX.lower()}", camel + SUFFIX
        plural = collection.replace("-", "_")
        if plural == noun or plural in CXX_WORDS:
            plural += "_routes"
        ident = self.name.replace("-", "_")
        return {"service": self.name, "id": ident, "Service": camel_case(ident), "title": title(self.name), "port": str(self.port),
                "collection": collection, "collections": ", ".join(self.collections), "noun": noun, "Noun": camel, "nouns": plural,
                # A table is named like one row, as everywhere; where SQL keeps that word for itself, like all of them.
                "table": plural if noun in SQL_WORDS else noun, "word": singular(collection).replace("-", " "),
                "words": collection.replace("-", " "),
                "store": {"postgres": "{postgres: {extensions: []}, redis: false}", "redis": "{postgres: false, redis: true}",
                          "none": "{postgres: false, redis: false}"}[self.store],
                "publishes": f"gravity.{ident}.{noun}.created" if self.store == "postgres" else "",
                "status": "200" if self.store == "none" else "201"}


def singular(plural: str) -> str:
    """Of an English noun, well enough for names: categories, boxes, statuses, products. What has no plural's ending stays."""
    if plural in ("news", "series", "species") or len(plural) <= 3:
        return plural
    if re.search(r"[^aeiou]ies$", plural) and len(plural) > 4:
        return plural[:-3] + "y"
    if re.search(r"(ss|sh|ch|x|zz|(?<![ao])us)es$", plural):
        return plural[:-2]
    if plural.endswith("s") and not plural.endswith(("ss", "us", "is")):
        return plural[:-1]
    return plural


def camel_case(snake: str) -> str:
    return "".join(part.capitalize() for part in snake.split("_"))


def title(name: str) -> str:
    return " ".join(part.capitalize() for part in name.split("-"))


def plan(name: str, port: int, collections: list[str], store: str, services: dict[str, Service], spaces: set[str]) -> Plan:
    """The plan, or a Failure of one line that says what is wrong with it. `spaces`: the namespaces that common has."""
    def refuse(text: str) -> Failure:
        return Failure(text, code=USAGE)

    for what, word in (("service", name), *(("collection", collection) for collection in collections)):
        if not NAME.fullmatch(word) or len(word) > LONGEST:
            raise refuse(f"`{word}` is no name of a {what}: lower-case letters, digits and single hyphens, a letter first, at most {LONGEST}.")
    ident = name.replace("-", "_")
    if name in services:
        raise refuse(f"There is a service `{name}` already, in {services[name].folder_name}.")
    if ident in CXX_WORDS or ident in spaces:
        raise refuse(f"`{name}` cannot be the name of a service: C++ or common has it as `{ident}`.")
    if not FIRST_PORT <= port <= LAST_PORT:
        raise refuse(f"--port must be between {FIRST_PORT} and {LAST_PORT}, not {port}.")
    if not collections:
        raise refuse("--collections must name at least one.")
    if len(set(collections)) < len(collections):
        raise refuse("--collections names one twice.")
    if port in STORE_PORTS:
        raise refuse(f"Port {port} belongs to a store of the platform.")
    for service in services.values():
        if port in service.own_ports:
            raise refuse(f"Port {port} belongs to {service.name}.")
        for collection in collections:
            if collection in service.collections:
                raise refuse(f"The collection `{collection}` belongs to {service.name}.")
    return Plan(name, port, tuple(collections), store)


def common_spaces() -> set[str]:
    include = paths.ROOT / "common" / "include" / "gravity"
    return {path.name for path in include.iterdir() if path.is_dir()} if include.is_dir() else set()


def files(wanted: Plan) -> dict[str, str]:
    """Path below the service's folder -> text. An unknown placeholder is an error of the template."""
    values = wanted.values()

    def fill(text: str) -> str:
        return re.sub(r"@([A-Za-z]+)@", lambda match: values[match[1]], text)

    result = {}
    for part in ("all", wanted.store):
        for path in sorted((TEMPLATES / part).rglob("*")):
            if path.is_file():
                result[fill(path.relative_to(TEMPLATES / part).as_posix())] = sorted_includes(fill(path.read_text(encoding="utf-8")))
    return result


def sorted_includes(text: str) -> str:
    """Own headers in the order that .clang-format has; where a name stands among them depends on the name."""
    return re.sub(r'(?:^#include "[^"]+"\n)+', lambda match: "".join(sorted(match[0].splitlines(keepends=True))), text, flags=re.M)


def write(wanted: Plan, folder: Path) -> list[str]:
    """All or nothing: a failure half-way leaves no folder behind."""
    if folder.exists():
        raise Failure(f"{folder.relative_to(paths.ROOT).as_posix()} exists already.", code=USAGE)
    try:
        texts = files(wanted)
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return sorted(texts)
