#!/usr/bin/env python3
"""Includes point down only; services know common and nothing of each other; third-party headers stay where they belong.

One line per fault, exit 1 if there is any."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = [["base"], ["meta", "json", "log", "metrics", "trace"], ["async"], ["net", "pg", "redis"], ["http"],
          ["auth", "resilience", "events", "jobs", "mail", "openapi", "discovery"], ["app"]]
RANK = {module: rank for rank, modules in enumerate(LAYERS) for module in modules}
# Purely value-level or needed one layer lower than the rest of its module; each with its reason.
EXCEPTIONS = {
    ("base", "meta"): "value types are described by tables",
}
# A service's own field may need a library; then one file of it knows that library.
FIELD_LIBRARIES = {
    "services/auth/src/argon2.cpp": "argon2.h",
    "services/auth/src/bcrypt.cpp": "crypt.h",
    "services/auth/src/cbor.cpp": "cbor.h",
    "services/auth/src/cose.cpp": "openssl/",
    "services/auth/src/pbkdf2.cpp": "openssl/",
    "services/auth/src/totp.cpp": "openssl/",
    "services/config/src/spring_cipher.cpp": "openssl/",
    "services/auth/src/unicode.cpp": "unicode/",
    "services/product-catalog/src/characters.cpp": "unicode/",
    "services/product-catalog/src/slug.cpp": "unicode/",
    "services/product-catalog/src/html.cpp": "libxml/",
    "services/user/src/handles.cpp": "unicode/",
    "services/user/src/pattern.cpp": "re2/",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
THIRD_PARTY = re.compile(r"^(boost|pqxx|hiredis|spdlog|fmt|openssl|nlohmann|prometheus|yaml-cpp|libpq|brotli|zlib|re2|rocksdb)[/.\-]|^(unicode|libxml)/|^(argon2|cbor|crypt)\.h$")
ALLOWED_PUBLIC = re.compile(r"^boost/(describe|mp11|preprocessor)/|^boost/asio/awaitable\.hpp$|^boost/asio/any_io_executor\.hpp$")
faults = []


def fault(path, text):
    faults.append(f"{path.relative_to(ROOT)}: {text}")


def module_of(include):
    match = re.match(r"(?:gravity/)?([a-z]+)/", include)
    return match.group(1) if match and match.group(1) in RANK else None


def check_common():
    for base in ("common/include/gravity", "common/src"):
        for path in sorted((ROOT / base).rglob("*.[hc]pp")):
            module = path.relative_to(ROOT / base).parts[0]
            for include in INCLUDE.findall(path.read_text()):
                target = module_of(include)
                if module in RANK and target and RANK[target] > RANK[module] and (module, target) not in EXCEPTIONS:
                    fault(path, f"{module} includes {include}, which is above it")
                if base.endswith("gravity") and THIRD_PARTY.match(include) and not ALLOWED_PUBLIC.match(include):
                    fault(path, f"a public header includes {include}")


def check_services():
    for manifest in sorted(ROOT.glob("services/*/service.yaml")):
        folder = manifest.parent
        own = {path.name for path in folder.rglob("*.hpp")}
        for path in sorted((folder / "src").rglob("*.[hc]pp")):
            text = path.read_text()
            for include in INCLUDE.findall(text):
                if re.match(r"(services|\.\.)/", include):
                    fault(path, f"includes {include} of another folder")
                own_library = FIELD_LIBRARIES.get(str(path.relative_to(ROOT)))
                if THIRD_PARTY.match(include) and not (own_library and include.startswith(own_library)):
                    fault(path, f"includes the third-party header {include}")
                if include.endswith(".hpp") and "/" not in include and include not in own and not include.endswith("_migrations.hpp"):
                    fault(path, f"includes {include}, which is not its own")
            store = path.name == "store.cpp" or path.name.endswith(("_store.cpp", "_sql.hpp"))  # one of each resource, and what they share
            if not store and re.search(r'R"sql\(|\b(insert into|delete from) ', text):
                fault(path, "has SQL; it belongs into store.cpp")
            if path.name == "domain.cpp" and re.search(r"gravity/(pg|http|app|redis)/", text):
                fault(path, "the domain includes a store or HTTP")


check_common()
check_services()
print("\n".join(faults) if faults else "Includes point where they should.")
sys.exit(1 if faults else 0)
