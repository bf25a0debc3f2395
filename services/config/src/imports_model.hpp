#pragma once

#include "sets_model.hpp"
#include "settings_files.hpp"

/// Settings as files that come and go.
namespace gravity::config {

enum class ImportMode {
    merge,  // into what the draft has
    replace // all that the draft has, but for its secrets
};
BOOST_DESCRIBE_ENUM(ImportMode, merge, replace)

/// A file, and whose settings it has.
struct ImportFile : NewConfigSet {
    SettingsFormat format{};
    std::string content;
    Default<ImportMode::merge> mode;
    std::vector<Text<1, 256>> secrets;
    std::optional<ReleaseNumber> base_number;
    std::optional<Bounded<std::int64_t, 1, INT64_MAX>> draft_version;
};
BOOST_DESCRIBE_STRUCT(ImportFile, (NewConfigSet), (format, content, mode, secrets, base_number, draft_version))

/// What has become of the draft.
struct Imported {
    ConfigSetId set_id;
    bool created = false;
    std::int64_t draft_version = 0;
    int keys = 0;
    int added = 0;
    int changed = 0;
    int removed = 0;
};
BOOST_DESCRIBE_STRUCT(Imported, (), (set_id, created, draft_version, keys, added, changed, removed))

struct ExportQuery {
    Default<SettingsFormat::yaml> format;
    std::optional<ReleaseNumber> release;
};
BOOST_DESCRIBE_STRUCT(ExportQuery, (), (format, release))

/// A config set as it comes and goes with others: references as they are written, of secrets `***`.
struct SetOfMany : NewConfigSet {
    Json items;
};
BOOST_DESCRIBE_STRUCT(SetOfMany, (NewConfigSet), (items))

/// As an export of all of them has it.
struct ImportSets {
    std::vector<SetOfMany> sets;
    Default<ImportMode::merge> mode;
};
BOOST_DESCRIBE_STRUCT(ImportSets, (), (sets, mode))

struct ImportedSet : Imported {
    std::vector<std::string> missing_secrets;
};
BOOST_DESCRIBE_STRUCT(ImportedSet, (Imported), (missing_secrets))

struct ImportedSets {
    std::vector<ImportedSet> sets;
};
BOOST_DESCRIBE_STRUCT(ImportedSets, (), (sets))

enum class ExportedState {
    in_force,
    drafts
};
BOOST_DESCRIBE_ENUM(ExportedState, in_force, drafts)

struct ExportSetsQuery {
    Default<ExportedState::in_force> state;
    std::optional<ConfigName> application;
    std::optional<ConfigName> profile;
    std::optional<LabelName> label;
};
BOOST_DESCRIBE_STRUCT(ExportSetsQuery, (), (state, application, profile, label))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::ImportFile> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"content", "The text of the file, at most 2 MiB"},
        {"mode", "`merge`: the keys of the file on top of the draft's; `replace`: of plain values the draft has those of the file alone"},
        {"secrets", "Keys of the file whose values are sealed"},
        {"base_number", "The release in force, which the draft is based on from then on; without it the draft is to be based on it already"},
        {"draft_version", "The version of the draft that was looked at"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::Imported> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"created", "There was no such config set before"},
        {"keys", "How many the draft has now"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::SetOfMany> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"items", "The settings, as a document or by flattened keys"}};
};
template <>
struct gravity::meta::docs<gravity::config::ImportSets> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"sets", "1 to 1,000, each of another application, profile and label"},
        {"mode", "`merge`: keys on top of the drafts'; `replace`: of plain values the drafts have these alone"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::ImportedSet> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"missing_secrets", "Keys that `***` stood for and that the draft has no secret under: they were left out"}};
};
template <>
struct gravity::meta::docs<gravity::config::ExportSetsQuery> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"state", "`in_force`: sets that nothing was published of are left out; `drafts`: what is being worked on"}};
};
template <>
struct gravity::meta::docs<gravity::config::ExportQuery> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"release", "Without it what is in force"}};
};

GRAVITY_TABLES(config, ImportMode, ImportFile, Imported, SetOfMany, ImportSets, ImportedSet, ImportedSets, ExportedState, ExportSetsQuery, ExportQuery)
