#pragma once

#include "imports_model.hpp"

/// Settings that come from git.
namespace gravity::config {

using GitSourceId = Id<"git-source">;

/// https://host/path, http://..., or file:///path; without user, query and fragment. Which of them may be asked is a setting.
class GitUrl : public TextValue<GitUrl> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    std::string_view scheme() const { return view().substr(0, view().find(':')); }
    static constexpr meta::Type describe() {
        return meta::text_type<GitUrl>({.pattern = "^(https?|file)://",
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

struct NewGitSource {
    GitUrl url;
    GitRef ref = "main";
    std::optional<GitDirectory> directory;
    LabelName label = "main";
    std::vector<ConfigName> applications;
    Default<ImportMode::replace> mode;
    std::optional<Multiline<1, 16'384>> allowed_signers;
};
BOOST_DESCRIBE_STRUCT(NewGitSource, (), (url, ref, directory, label, applications, mode, allowed_signers))

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
    Version version;
    std::string created_by;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(GitSource, (NewGitSource), (id, state, commit, sets, detail, pulled_at, version, created_by, created_at))

struct ListGitSources : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListGitSources, (PageQuery), ())

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::NewGitSource> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"label", "The label of the config sets that it fills"},
        {"applications", "1 to 100: whose files are taken, {application}[-{profile}].yml, .yaml, .properties and .json; of several that fit the longest"},
        {"mode", "What becomes of what the drafts have: `replace` or `merge`"},
        {"allowed_signers", "Lines of an OpenSSH allowed_signers file: then the commit must be signed by one of them"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::GitSource> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"state", "What became of the last pull; `waiting` until it is known"},
        {"commit", "The commit that the drafts have"},
        {"sets", "How many config sets it filled"},
        {"detail", "Why it failed"},
    };
};

GRAVITY_TABLES(config, GitSourceId, GitUrl, GitRef, GitDirectory, NewGitSource, GitState, GitSource, ListGitSources)
