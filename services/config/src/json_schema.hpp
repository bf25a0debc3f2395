#pragma once

#include <gravity/json/json.hpp>
#include <gravity/meta/errors.hpp>

#include <memory>
#include <string>
#include <vector>

/// JSON Schema draft 7 (draft-handrews-json-schema-validation-01), safe to take from strangers: pure. All keywords that say something about a value are there
/// but for what it may be the text of (contentEncoding, contentMediaType); a keyword that is not known is refused, for what is not checked must not look as if
/// it were. Patterns are RE2's. `format` is asserted, of date, date-time, email, hostname, ipv4, ipv6, regex, uri and uuid. `$ref` refers within the schema,
/// by a JSON Pointer; `$id` may stand at its root alone.
namespace gravity::config {

/// What is wrong with a value, and where: the place as a flattened key, `a.b[0].c`; empty is the whole.
struct SchemaFault {
    std::string key;
    std::string detail;
};

/// Steps that checks may take together; each schema that a value is held against is one. What it does not suffice for is a fault.
class SchemaBudget {
public:
    static constexpr std::int64_t usual = 5'000'000; // some seconds of a processor at the very worst
    explicit SchemaBudget(std::int64_t steps = usual) : left_(steps) {}
    bool take() { return left_-- > 0; }

private:
    std::int64_t left_;
};

/// Immutable; any thread.
class JsonSchema {
public:
    static constexpr std::size_t most_bytes = 64 * 1024; // of a schema's text
    static constexpr std::size_t most_schemas = 1'000;   // within one another
    static constexpr std::size_t most_faults = 50;       // of one check

    /// Every fault goes to `errors` with its place; the schema is of use only if none was added.
    static JsonSchema parse(const Json& schema, meta::Errors& errors);
    /// What is wrong with a value; nothing if nothing is.
    std::vector<SchemaFault> check(const Json& value, SchemaBudget& budget) const;

private:
    std::shared_ptr<const struct SchemaNodes> nodes_;
};

} // namespace gravity::config
