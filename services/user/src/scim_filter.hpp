#pragma once

#include <gravity/json/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Filters and paths of SCIM (RFC 7644 sections 3.4.2.2 and 3.5.2): text to tree, nothing looked up. Pure; refusals are `invalidFilter` and `invalidPath`.
namespace gravity::user::scim {

/// `[urn ":"] name ["." sub]`, as written.
struct AttrPath {
    std::string urn; // of a schema, without the last colon; empty: none
    std::string name;
    std::string sub; // empty: none
    bool operator==(const AttrPath&) const = default;
};

enum class Op {
    eq,
    ne,
    co,
    sw,
    ew,
    gt,
    ge,
    lt,
    le,
    pr
};

struct Filter {
    enum class Kind {
        compare, // path op value
        both,    // all parts
        either,  // one part
        negated, // not the part
        items    // path[part]: an item of a multi-valued attribute
    };
    Kind kind = Kind::compare;
    AttrPath path{};
    Op op = Op::pr;
    Json value{};
    std::vector<Filter> parts{};
    bool operator==(const Filter&) const = default;
};

/// `and` binds closer than `or`; `not` has parentheses. At most 4,096 bytes, 100 terms, 20 levels. Entra ID also asks for
/// `emails[type eq "work"].value eq "x"`.
Filter parse_filter(std::string_view text, bool as_entra_id = false);
/// What parses to the same.
std::string to_text(const Filter& filter);

/// Where an operation of PATCH has its effect: an attribute, the items of it that a filter lets through, a sub-attribute (of those).
struct PatchPath {
    AttrPath attribute;
    std::optional<Filter> items;
    std::string sub; // behind a filter
    bool operator==(const PatchPath&) const = default;
};
PatchPath parse_path(std::string_view text);

} // namespace gravity::user::scim
