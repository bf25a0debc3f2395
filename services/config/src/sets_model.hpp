#pragma once

#include "names.hpp"

/// Config sets and their drafts.
namespace gravity::config {

using ConfigSetId = Id<"config-set">;
using ReleaseNumber = Bounded<int, 1, 2'147'483'647>;

struct NewConfigSet {
    ConfigName application;
    ConfigName profile = "default";
    LabelName label = "main";
};
BOOST_DESCRIBE_STRUCT(NewConfigSet, (), (application, profile, label))

struct ConfigSetOptions {
    bool review_required = false;
};
BOOST_DESCRIBE_STRUCT(ConfigSetOptions, (), (review_required))

struct ConfigSet : NewConfigSet, ConfigSetOptions {
    ConfigSetId id;
    Version version;
    std::optional<ReleaseNumber> release;
    std::string created_by;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(ConfigSet, (NewConfigSet, ConfigSetOptions), (id, version, release, created_by, created_at))

struct ListConfigSets : PageQuery {
    std::optional<ConfigName> application;
    std::optional<ConfigName> profile;
    std::optional<LabelName> label;
};
BOOST_DESCRIBE_STRUCT(ListConfigSets, (PageQuery), (application, profile, label))

struct DraftEdit {
    std::optional<ReleaseNumber> base_number;
    Json items;
    Json secrets;
};
BOOST_DESCRIBE_STRUCT(DraftEdit, (), (base_number, items, secrets))

struct Draft : DraftEdit {
    ConfigSetId set_id;
    Version version;
    std::string updated_by;
    Timestamp updated_at;
    std::vector<std::string> editors;
    std::optional<std::string> approved_by;
    std::optional<Timestamp> approved_at;
};
BOOST_DESCRIBE_STRUCT(Draft, (DraftEdit), (set_id, version, updated_by, updated_at, editors, approved_by, approved_at))

/// What somebody has looked at.
struct DraftApproval {
    Bounded<std::int64_t, 1, INT64_MAX> version;
};
BOOST_DESCRIBE_STRUCT(DraftApproval, (), (version))

/// A key that was changed since a draft began, by it and by what was published meanwhile, and not to the same value.
struct MergeConflict {
    std::string key;
    std::optional<Json> base;
    std::optional<Json> published;
    std::optional<Json> draft;
};
BOOST_DESCRIBE_STRUCT(MergeConflict, (), (key, base, published, draft))

/// What becomes of a draft on top of what is published now. Where both changed a key the draft's value is taken.
struct MergePreview {
    std::optional<ReleaseNumber> base_number;
    std::optional<ReleaseNumber> published_number;
    Json items;
    std::vector<MergeConflict> conflicts;
};
BOOST_DESCRIBE_STRUCT(MergePreview, (), (base_number, published_number, items, conflicts))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::NewConfigSet> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"application", "Whose settings; those of `application` are inherited by all"},
        {"profile", "In which surroundings; `default` is always there"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::ConfigSetOptions> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"review_required", "What is published of it is approved by somebody who has not changed it"}};
};
template <>
struct gravity::meta::docs<gravity::config::Draft> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"editors", "Who has changed it since it began"},
        {"approved_by", "Who has approved it as it is; any change takes that away"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::DraftApproval> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"version", "The version of the draft that was looked at"}};
};
template <>
struct gravity::meta::docs<gravity::config::ConfigSet> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"release", "Number of the release in force"}};
};
template <>
struct gravity::meta::docs<gravity::config::DraftEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"base_number", "The release it was begun with; a later one takes over what was published meanwhile"},
        {"items", "Values by flattened key, a.b[0].c; in a change objects are flattened, arrays replace, null removes a key and all below it, *** keeps a "
                  "secret"},
        {"secrets", "Texts to be sealed, by key; null removes one. Shown are fingerprints, which tell that a secret is another; sent back, they keep it"},
    };
};

GRAVITY_TABLES(config, ConfigSetId, ReleaseNumber, NewConfigSet, ConfigSet, ConfigSetOptions, ListConfigSets, DraftEdit, Draft,
               DraftApproval, MergeConflict, MergePreview)
