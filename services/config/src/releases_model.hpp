#pragma once

#include "sets_model.hpp"

/// Releases: what was published.
namespace gravity::config {

struct Publish {
    std::optional<Text<1, 500>> message;
};
BOOST_DESCRIBE_STRUCT(Publish, (), (message))

struct ReleaseSummary {
    ConfigSetId set_id;
    ReleaseNumber number;
    std::optional<ReleaseNumber> parent;
    std::optional<ReleaseNumber> reverts_to;
    std::int64_t seq = 0;
    std::string author;
    std::optional<std::string> approver;
    bool reviewed = false;
    std::optional<Text<1, 500>> message;
    Timestamp created_at;
    std::string content_hash;
};
BOOST_DESCRIBE_STRUCT(ReleaseSummary, (), (set_id, number, parent, reverts_to, seq, author, approver, reviewed, message, created_at, content_hash))

/// One key of a release.
struct ReleaseItem {
    ConfigSetId set_id;
    ReleaseNumber number;
    std::string key;
    Json value;
    ReleaseNumber since;
};
BOOST_DESCRIBE_STRUCT(ReleaseItem, (), (set_id, number, key, value, since))

struct ReleaseValue {
    std::string key;
    Json value;
    ReleaseNumber since;
    std::optional<std::string> fingerprint;
};
BOOST_DESCRIBE_STRUCT(ReleaseValue, (), (key, value, since, fingerprint))

struct Release : ReleaseSummary {
    Version version = Version(1); // it stays as it is
    std::vector<ReleaseValue> items;
};
BOOST_DESCRIBE_STRUCT(Release, (ReleaseSummary), (version, items))

enum class PatchOp {
    add,
    replace,
    remove
};
BOOST_DESCRIBE_ENUM(PatchOp, add, replace, remove)

/// An operation of a JSON Patch (RFC 6902) on the object of flattened keys. `before` is no member of that standard's, which its readers ignore.
struct PatchOperation {
    PatchOp op{};
    std::string path;
    std::optional<Json> value;
    std::optional<Json> before;
};
BOOST_DESCRIBE_STRUCT(PatchOperation, (), (op, path, value, before))

struct DiffQuery {
    std::optional<Bounded<int, 0, 2'147'483'647>> against;
};
BOOST_DESCRIBE_STRUCT(DiffQuery, (), (against))

struct ReleaseDiff {
    ReleaseNumber number;
    int against = 0;
    std::vector<PatchOperation> patch;
};
BOOST_DESCRIBE_STRUCT(ReleaseDiff, (), (number, against, patch))

struct ReleasePublished {
    static constexpr Event event{"gravity.config.release.published"};
    ConfigSetId id; // of the set
    ConfigName application;
    ConfigName profile;
    LabelName label;
    ReleaseNumber number;
    std::int64_t seq = 0;
};
BOOST_DESCRIBE_STRUCT(ReleasePublished, (), (id, application, profile, label, number, seq))

struct ReleaseReverted {
    static constexpr Event event{"gravity.config.release.reverted"};
    ConfigSetId id;
    ConfigName application;
    ConfigName profile;
    LabelName label;
    ReleaseNumber number;
    std::int64_t seq = 0;
    ReleaseNumber reverts_to;
};
BOOST_DESCRIBE_STRUCT(ReleaseReverted, (), (id, application, profile, label, number, seq, reverts_to))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::ReleaseSummary> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"parent", "The release that was in force before"},
        {"reverts_to", "The release whose items it has again"},
        {"seq", "Its place among all publications of the project"},
        {"approver", "Who has approved it, another one than its author"},
        {"reviewed", "The set demanded that it be approved"},
        {"content_hash", "SHA-256 of the items as one JSON object"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::ReleaseValue> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"since", "The release that gave the key this value"},
        {"fingerprint", "Of a secret, which is not shown: another where it is another"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::DiffQuery> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"against", "Another release; 0 is nothing; without it the parent"}};
};

GRAVITY_TABLES(config, Publish, ReleaseSummary, ReleaseItem, ReleaseValue, Release, PatchOp, PatchOperation, DiffQuery, ReleaseDiff, ReleasePublished,
               ReleaseReverted)
