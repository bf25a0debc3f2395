#pragma once

#include "scim_filter.hpp"

#include <string_view>
#include <vector>

/// The schemas that are served (RFC 7643): one table, from which come /Schemas, what is taken of a resource, where filters and paths lead, and what is shown.
namespace gravity::user::scim {

inline constexpr std::string_view user_urn = "urn:ietf:params:scim:schemas:core:2.0:User";
inline constexpr std::string_view group_urn = "urn:ietf:params:scim:schemas:core:2.0:Group";
inline constexpr std::string_view enterprise_urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

enum class Kind {
    string,
    boolean,
    date_time,
    reference,
    complex
};
enum class Mutability {
    read_write,
    read_only,
    immutable
};
enum class Returned {
    by_default,
    always
};
enum class Uniqueness {
    none,
    server
};

struct Attribute {
    std::string_view name;
    Kind kind = Kind::string;
    std::string_view description{};
    bool multi = false;
    bool required = false;
    bool case_exact = false;
    Mutability mutability = Mutability::read_write;
    Returned returned = Returned::by_default;
    Uniqueness uniqueness = Uniqueness::none;
    std::vector<std::string_view> canonical{};  // suggestions, not the only ones
    std::vector<std::string_view> references{}; // of a reference
    std::vector<Attribute> sub{};

    /// A sub-attribute, whatever the case of its name; null if there is none.
    const Attribute* find(std::string_view name) const;
};

struct Schema {
    std::string_view urn;
    std::string_view name;
    std::string_view description;
    std::vector<Attribute> attributes;
};

struct ResourceType {
    std::string_view name;     // "User"
    std::string_view endpoint; // "/Users"
    const Schema* core;
    const Schema* extension; // null: none
};

const ResourceType& user_type();
const ResourceType& group_type();
const std::vector<const Schema*>& schemas();
/// `schemas`, `id`, `externalId` and `meta`, which every resource has (section 3.1) and no schema lists.
const std::vector<Attribute>& common_attributes();

/// Where a path leads in resources of a type.
struct Place {
    const Schema* schema = nullptr;       // of the attribute; the core schema for common ones
    const Attribute* attribute = nullptr; // null: all of an extension
    const Attribute* sub = nullptr;       // null: the attribute itself
};
/// Nothing where the type has no such attribute.
std::optional<Place> resolve(const ResourceType& type, const AttrPath& path);

Json schema_document(const Schema& schema, const std::string& base);
Json type_document(const ResourceType& type, const std::string& base);

} // namespace gravity::user::scim
