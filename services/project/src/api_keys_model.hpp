#pragma once

#include "projects_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/base/network.hpp>

/// API keys: what programs show to be let into a project.
namespace gravity::project {

using ApiKeyId = Id<"api-key">;

/// One scope token (RFC 6749 section 3.3).
class ScopeName : public TextValue<ScopeName> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<ScopeName>({.pattern = R"(^[!#-\[\]-~]+$)", .doc = "Scope", .example = "\"products:read\"", .min = 1, .max = 100});
    }
};

struct ApiKeyEdit {
    Text<1, 200> name;
    std::optional<Timestamp> expires_at;
    std::optional<std::vector<Network>> cidrs;
    std::optional<Bounded<std::int64_t, 0, 1'000'000'000'000>> uses_left;
};
BOOST_DESCRIBE_STRUCT(ApiKeyEdit, (), (name, expires_at, cidrs, uses_left))
void check(const ApiKeyEdit& key, meta::Errors& errors);

struct NewApiKey : ApiKeyEdit {
    ProjectId project_id;
    EnvironmentName env;
    std::vector<ScopeName> scopes;
};
BOOST_DESCRIBE_STRUCT(NewApiKey, (ApiKeyEdit), (project_id, env, scopes))
void check(const NewApiKey& key, meta::Errors& errors);

struct ApiKey : NewApiKey {
    ApiKeyId id;
    Version version;
    std::string public_id;
    std::string created_by;
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<ApiKeyId> rotated_from;
    std::optional<Timestamp> grace_until;
    std::optional<Timestamp> revoked_at;
    std::optional<Timestamp> last_used_at;
    std::optional<Timestamp> leaked_at;
    std::optional<std::string> leaked_where;
};
BOOST_DESCRIBE_STRUCT(ApiKey, (NewApiKey),
                      (id, version, public_id, created_by, created_at, updated_at, rotated_from, grace_until, revoked_at, last_used_at, leaked_at,
                       leaked_where))

/// The answer to making one: the key itself is seen this once.
struct MadeApiKey : ApiKey {
    std::string key;
};
BOOST_DESCRIBE_STRUCT(MadeApiKey, (ApiKey), (key))

struct RotateApiKey {
    Bounded<int, 0, 2'592'000> grace_seconds{86'400};
};
BOOST_DESCRIBE_STRUCT(RotateApiKey, (), (grace_seconds))

struct ListApiKeys : PageQuery {
    std::optional<ProjectId> project_id;
    std::optional<EnvironmentName> env;
};
BOOST_DESCRIBE_STRUCT(ListApiKeys, (PageQuery), (project_id, env))

struct VerifyApiKey {
    Text<1, 500> key;
    std::optional<Network> network;
};
BOOST_DESCRIBE_STRUCT(VerifyApiKey, (), (key, network))

/// What RFC 7662 section 2.2 has, and the key's id: of a key that is not good nothing but that.
struct Verification {
    bool active = false;
    std::optional<ApiKeyId> key_id;
    std::optional<std::string> sub;
    std::optional<ProjectId> project;
    std::optional<EnvironmentName> env;
    std::optional<std::string> scope;
    std::optional<std::int64_t> iat;
    std::optional<std::int64_t> exp;
    std::optional<Slug> plan; // of the organisation
    std::optional<std::int64_t> uses_left;
    std::optional<Network> network;
};
BOOST_DESCRIBE_STRUCT(Verification, (), (active, key_id, sub, project, env, scope, iat, exp, plan, uses_left, network))

/// What RFC 7662 section 2.2 has, for clients of that standard.
struct Introspection {
    bool active = false;
    std::optional<std::string> client_id;
    std::optional<std::string> sub;
    std::optional<std::string> scope;
    std::optional<std::int64_t> iat;
    std::optional<std::int64_t> exp;
    std::optional<ProjectId> project;
    std::optional<EnvironmentName> env;
    std::optional<Slug> plan;
    std::optional<std::int64_t> uses_left;
    std::optional<Network> network;
};
BOOST_DESCRIBE_STRUCT(Introspection, (), (active, client_id, sub, scope, iat, exp, project, env, plan, uses_left, network))

/// The answer to giving a key back (RFC 7009 section 2.2): nothing, whatever became of it.
struct GivenBack {};
BOOST_DESCRIBE_STRUCT(GivenBack, (), ())

/// What a key that is shown is held against.
struct ApiKeyAtDoor : ApiKey {
    Bytes hash;
    ProjectState project_state{};
    std::optional<Slug> plan;
};
BOOST_DESCRIBE_STRUCT(ApiKeyAtDoor, (ApiKey), (hash, project_state, plan))

/// What is left once a use has been counted.
struct UsesLeft {
    std::optional<std::int64_t> uses_left;
};
BOOST_DESCRIBE_STRUCT(UsesLeft, (), (uses_left))

struct ApiKeyCreated {
    static constexpr Event event{"gravity.project.api_key.created"};
    ApiKeyId id;
    ProjectId project_id;
    EnvironmentName env;
};
BOOST_DESCRIBE_STRUCT(ApiKeyCreated, (), (id, project_id, env))

/// What decides whether it is good is not what it was: whoever remembers an answer asks again.
struct ApiKeyChanged {
    static constexpr Event event{"gravity.project.api_key.changed"};
    ApiKeyId id;
    ProjectId project_id;
    EnvironmentName env;
};
BOOST_DESCRIBE_STRUCT(ApiKeyChanged, (), (id, project_id, env))

struct ApiKeyRotated {
    static constexpr Event event{"gravity.project.api_key.rotated"};
    ApiKeyId id; // the old one
    ProjectId project_id;
    ApiKeyId successor;
    Timestamp grace_until;
};
BOOST_DESCRIBE_STRUCT(ApiKeyRotated, (), (id, project_id, successor, grace_until))

/// Another key has taken its place, and it is used all the same: whoever uses it has until `grace_until`. Told once.
struct ApiKeyUsedInGrace {
    static constexpr Event event{"gravity.project.api_key.used_in_grace"};
    ApiKeyId id;
    ProjectId project_id;
    EnvironmentName env;
    Timestamp grace_until;
    std::string name;
    std::vector<std::string> tell; // who ought to hear of it, as of a leak
};
BOOST_DESCRIBE_STRUCT(ApiKeyUsedInGrace, (), (id, project_id, env, grace_until, name, tell))

struct ApiKeyRevoked {
    static constexpr Event event{"gravity.project.api_key.revoked"};
    ApiKeyId id;
    ProjectId project_id;
    EnvironmentName env;
};
BOOST_DESCRIBE_STRUCT(ApiKeyRevoked, (), (id, project_id, env))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::ApiKeyEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"cidrs", "The networks that it may be shown from, 1 to 100; without any, all"},
        {"uses_left", "How many times more it is found good; without it, as often as one asks"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::VerifyApiKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"network", "The address that the key was shown from, or the network: a key that is bound to some is good from these alone"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::Verification> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"plan", "Of the organisation"},
        {"uses_left", "Of a key whose uses are counted: how many there are after this one"},
        {"network", "Of a key that is bound to networks: where it was shown, which the answer is for; of elsewhere it is to be asked again"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::NewApiKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"project_id", "The project that it opens"},
        {"env", "The environment of the project; part of the key's text"},
        {"scopes", "What its bearer may do; nothing that who makes it may not"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::ApiKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"public_id", "The part of the key that may be shown, to know it by"},
        {"rotated_from", "The key whose place it took"},
        {"grace_until", "Another key has taken its place: how long both are good"},
        {"last_used_at", "When it was last verified, to the minute"},
        {"leaked_at", "When somebody reported that they had found it: it was revoked then"},
        {"leaked_where", "Where it was found, as they say"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::MadeApiKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"key", "The key; shown this once"}};
};
template <>
struct gravity::meta::docs<gravity::project::RotateApiKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"grace_seconds", "How long the old key is good beside the new one"}};
};

GRAVITY_TABLES(project, ApiKeyId, ScopeName, ApiKeyEdit, NewApiKey, ApiKey, MadeApiKey, RotateApiKey, ListApiKeys, VerifyApiKey, Verification,
               Introspection, GivenBack, ApiKeyAtDoor,
               UsesLeft, ApiKeyCreated, ApiKeyChanged, ApiKeyUsedInGrace, ApiKeyRotated, ApiKeyRevoked)
