#pragma once

#include "config.hpp"
#include "scim_schema.hpp"

/// Resources as documents: brought into the shape of their schema, cut to what is asked for, filtered in memory. Pure.
namespace gravity::user::scim {

using Mode = ScimMode;

/// A value as its attribute has it: names in the schema's case, of the right kinds; what no attribute is for, and what is read-only, is left out, and so is
/// what is null or empty (RFC 7643 section 2.5). Null: nothing is left. Throws Refused.
Json clean(const Attribute& attribute, const Json& value, Mode mode);
/// The same of a whole resource, without what the server alone says. Its `schemas` must name the core schema.
Json clean_resource(const ResourceType& type, const Json& resource, Mode mode);

/// An id of a member as it is kept: a UUID in lower case (RFC 9562 section 4 takes either). What is none stays, and is nobody's.
std::string id_as_kept(const std::string& text);

/// The item of a multi-valued attribute is let through by the filter.
bool matches(const Attribute& attribute, const Filter& filter, const Json& item);

/// `attributes` or `excludedAttributes` of a request (RFC 7644 section 3.9).
class Shown {
public:
    /// Lists of names with commas between. Names that the type does not have show and hide nothing.
    Shown(const ResourceType& type, std::string_view attributes, std::string_view excluded);
    bool shows(std::string_view attribute) const; // of the core schema
    Json cut(Json resource) const; // all of it where nothing is asked for

private:
    bool shows(const Schema& schema, const Attribute& attribute, const Attribute* sub) const;
    const ResourceType& type_;
    std::vector<Place> only_, without_;
    bool only_some_ = false;
};

} // namespace gravity::user::scim
