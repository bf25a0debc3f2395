#pragma once

#include "releases_model.hpp"

/// Names of releases.
namespace gravity::config {

/// Letters, digits, dots, underscores and hyphens, at most 64.
class TagName : public TextValue<TagName> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<TagName>({.pattern = "^[A-Za-z0-9._-]+$", .doc = "Name of a release", .example = "\"v1.4.0\"", .min = 1, .max = 64});
    }
};

struct NewTag {
    TagName name;
    ReleaseNumber number;
};
BOOST_DESCRIBE_STRUCT(NewTag, (), (name, number))

struct Tag : NewTag {
    ConfigSetId set_id;
    Version version = Version(1); // it stays as it is
    std::string tagged_by;
    Timestamp tagged_at;
};
BOOST_DESCRIBE_STRUCT(Tag, (NewTag), (set_id, version, tagged_by, tagged_at))

struct ListTags : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListTags, (PageQuery), ())

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::NewTag> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"number", "The release that it names"}};
};

GRAVITY_TABLES(config, TagName, NewTag, Tag, ListTags)
