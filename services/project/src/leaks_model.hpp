#pragma once

#include "api_keys_model.hpp"

/// Reports of API keys that were found where they should not be.
namespace gravity::project {

/// What somebody found, as they tell it.
struct FoundToken {
    std::string token;
    std::string type;                 // what the reporter takes it for
    std::optional<std::string> url;   // where it was
    std::optional<std::string> source;
};

enum class LeakLabel {
    true_positive,
    false_positive
};
BOOST_DESCRIBE_ENUM(LeakLabel, true_positive, false_positive)

/// The answer to each, in GitHub's words.
struct LeakVerdict {
    std::string token_raw;
    std::string token_type;
    LeakLabel label = LeakLabel::false_positive;
};
BOOST_DESCRIBE_STRUCT(LeakVerdict, (), (token_raw, token_type, label))

/// Among whose rows a key is.
struct DirectoryEntry {
    std::string public_id;
    ProjectId project;
};
BOOST_DESCRIBE_STRUCT(DirectoryEntry, (), (public_id, project))

/// Somebody has found it, and it was revoked.
struct ApiKeyLeaked {
    static constexpr Event event{"gravity.project.api_key.leaked"};
    ApiKeyId id;
    ProjectId project_id;
    EnvironmentName env;
    std::optional<std::string> url;    // where it was found, as whoever found it says
    std::optional<std::string> source;
    bool verified = false;             // the report was signed, so that it is known whose word that is
    std::string name;                  // of the key
    std::vector<std::string> tell;     // who ought to hear of it: whoever made it, while a member, and the organisation's owners, the first hundred
};
BOOST_DESCRIBE_STRUCT(ApiKeyLeaked, (), (id, project_id, env, url, source, verified, name, tell))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::LeakVerdict> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"label", "`true_positive`: it is a key of ours, and good no more"},
    };
};

GRAVITY_TABLES(project, LeakLabel, LeakVerdict, DirectoryEntry, ApiKeyLeaked)
