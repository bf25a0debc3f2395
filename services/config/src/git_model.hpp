#pragma once

#include "imports_model.hpp"

#include <gravity/base/secret.hpp>

/// Settings that come from git.
namespace gravity::config {

using GitSourceId = Id<"git-source">;

/// https://host/path, http://..., ssh://host/path, or file:///path; without user, query and fragment. Which of them may be asked is a setting.
class GitUrl : public TextValue<GitUrl> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    std::string_view scheme() const { return view().substr(0, view().find(':')); }
    std::string host() const;   // empty of a file; an IPv6 address without its brackets
    std::uint16_t port() const; // the scheme's own where it names none; 0 of a file
    static constexpr meta::Type describe() {
        return meta::text_type<GitUrl>({.pattern = "^(https?|ssh|file)://",
                                        .doc = "Address of a git repository",
                                        .example = "\"https://git.example.com/settings.git\"",
                                        .min = 8,
                                        .max = 2048});
    }
};

/// A branch or a tag.
class GitRef : public TextValue<GitRef> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<GitRef>({.pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]*$", .doc = "Branch or tag", .example = "\"main\"", .min = 1, .max = 200});
    }
};

/// A directory within a repository.
class GitDirectory : public TextValue<GitDirectory> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<GitDirectory>({.pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]*$",
                                              .doc = "Directory of a repository",
                                              .example = "\"settings/shop\"",
                                              .min = 1,
                                              .max = 200});
    }
};

/// What is taken, and when.
struct GitSourceEdit {
    GitRef ref = "main";
    std::optional<GitDirectory> directory;
    std::vector<ConfigName> applications;
    Default<ImportMode::replace> mode;
    std::optional<Multiline<1, 16'384>> allowed_signers;
    std::optional<Bounded<int, 5, 10'080>> interval_minutes;
};
BOOST_DESCRIBE_STRUCT(GitSourceEdit, (), (ref, directory, applications, mode, allowed_signers, interval_minutes))

struct NewGitSource : GitSourceEdit {
    GitUrl url;
    LabelName label = "main";
};
BOOST_DESCRIBE_STRUCT(NewGitSource, (GitSourceEdit), (url, label))

/// What a source signs in with: a password, or the key and the keys of hosts of SSH. What is secret of it is never shown.
struct GitCredentials {
    std::optional<Text<1, 200>> username;
    std::optional<Secret<>> password;
    std::optional<Secret<>> private_key;
    std::optional<Multiline<1, 16'384>> known_hosts;
};
BOOST_DESCRIBE_STRUCT(GitCredentials, (), (username, password, private_key, known_hosts))

/// A source with its credentials, as it is made.
struct GitSourceToMake : NewGitSource {
    std::optional<GitCredentials> credentials;
};
BOOST_DESCRIBE_STRUCT(GitSourceToMake, (NewGitSource), (credentials))

enum class GitSignIn {
    password,
    private_key
};
BOOST_DESCRIBE_ENUM(GitSignIn, password, private_key)

enum class GitState {
    idle,
    waiting,
    pulled,
    failed
};
BOOST_DESCRIBE_ENUM(GitState, idle, waiting, pulled, failed)

struct GitSource : NewGitSource {
    GitSourceId id;
    GitState state{};
    std::optional<std::string> commit;
    std::optional<int> sets;
    std::optional<std::string> detail;
    std::optional<Timestamp> pulled_at;
    std::optional<Timestamp> next_pull_at;
    int failures = 0;
    std::optional<GitSignIn> signs_in_by;
    std::optional<std::string> username;
    std::optional<std::string> known_hosts;
    Version version;
    std::string created_by;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(GitSource, (NewGitSource),
                      (id, state, commit, sets, detail, pulled_at, next_pull_at, failures, signs_in_by, username, known_hosts, version, created_by, created_at))

struct ListGitSources : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListGitSources, (PageQuery), ())

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::GitSourceEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"applications", "1 to 100: whose files are taken, {application}[-{profile}].yml, .yaml, .properties and .json; of several that fit the longest"},
        {"mode", "What becomes of what the drafts have: `replace` or `merge`"},
        {"allowed_signers", "Lines of an OpenSSH allowed_signers file: then the commit must be signed by one of them"},
        {"interval_minutes", "How often it is pulled of itself; what has not changed there leaves the drafts alone. Without it only when it is asked for"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::NewGitSource> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"label", "The label of the config sets that it fills"}};
};
template <>
struct gravity::meta::docs<gravity::config::GitCredentials> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"username", "Who signs in; `git` without it"},
        {"password", "A password or token, of https"},
        {"private_key", "A private key of OpenSSH without a passphrase, of ssh"},
        {"known_hosts", "Lines of an OpenSSH known_hosts file, which the host has to be in, of ssh"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::GitSourceToMake> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"credentials", "What it signs in with; sealed, and not shown again"}};
};
template <>
struct gravity::meta::docs<gravity::config::GitSource> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"state", "What became of the last pull; `waiting` until it is known"},
        {"commit", "The commit that the drafts have"},
        {"sets", "How many config sets it filled"},
        {"detail", "Why it failed"},
        {"pulled_at", "When that was"},
        {"next_pull_at", "When it is pulled of itself"},
        {"failures", "How many pulls have failed since one did not; the more, the longer until the next"},
        {"signs_in_by", "What it signs in with"},
    };
};

GRAVITY_TABLES(config, GitSourceId, GitUrl, GitRef, GitDirectory, GitSourceEdit, NewGitSource, GitCredentials, GitSourceToMake, GitSignIn, GitState, GitSource,
               ListGitSources)
