#pragma once

#include <gravity/json/json.hpp>
#include <gravity/meta/errors.hpp>

#include <map>
#include <memory>
#include <string>

/// A subset of JSON Schema 2020-12: pure, and safe to take from strangers. There are
///   type, enum, const;  minimum, maximum, exclusiveMinimum, exclusiveMaximum;
///   minLength, maxLength (code points), pattern (RE2's syntax), format (date, date-time, email, uri, uuid: asserted);
///   properties, required, additionalProperties, minProperties, maxProperties;  items, minItems, maxItems, uniqueItems;
/// and title, description, default, examples, deprecated, $schema, which say nothing about values. Any other keyword is refused: what is not checked must
/// not look
/// as if it were. There are no references and no combinations of schemas, so that checking a value takes time linear in its size.
namespace gravity::user {

class JsonSchema {
public:
    static constexpr std::size_t most_bytes = 64 * 1024; // of a schema's text
    static constexpr std::size_t most_schemas = 500;     // within one another
    static constexpr int most_levels = 10;

    /// What stands beside a property of the outermost object.
    struct Marks {
        bool hidden = false;    // `x-private`: only for whom it is about, and for who administers users
        bool read_only = false; // `readOnly`: nothing that people set of themselves
    };

    /// Every fault goes to `errors` with its place; the schema is of use only if none was added.
    static JsonSchema parse(const Json& schema, meta::Errors& errors);

    /// Everything that is wrong with a value, each with its place below the one that `errors` is at.
    void check(const Json& value, meta::Errors& errors) const;
    /// By property; those without a mark are not in it.
    const std::map<std::string, Marks>& marks() const { return marks_; }

private:
    struct Node;
    class Reader;
    std::shared_ptr<const Node> root_;
    std::map<std::string, Marks> marks_;
};

} // namespace gravity::user
