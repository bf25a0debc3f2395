#pragma once

#include <gravity/auth/access_key.hpp>
#include <gravity/base/bytes.hpp>
#include <gravity/base/number.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/time.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/meta/describe.hpp>
#include <gravity/meta/errors.hpp>
#include <gravity/meta/text.hpp>
#include <gravity/pg/page.hpp>
#include <gravity/pg/tx.hpp>

#include <optional>
#include <string>
#include <vector>

/// What callers see of access keys, and the row behind.
namespace gravity::auth {

using AccessKeyId = Id<"access-key">;
using RequestsPerMinute = Bounded<int, 1, 1'000'000>;

struct NewAccessKey {
    Text<1, 100> name;
    Default<KeyKind::secret> kind;
    std::vector<Text<1, 100>> scopes;
    std::optional<Timestamp> expires_at;
    std::optional<RequestsPerMinute> requests_per_minute;
};
BOOST_DESCRIBE_STRUCT(NewAccessKey, (), (name, kind, scopes, expires_at, requests_per_minute))
inline void check(const NewAccessKey& key, meta::Errors& errors) {
    if (key.scopes.empty() || key.scopes.size() > 50) errors.reject("scopes", "must have 1 to 50 items");
}

/// What is shown of a key: everything but the key.
struct AccessKeyInfo {
    AccessKeyId id;
    Version version;
    std::string key_id;
    Text<1, 100> name;
    KeyKind kind = KeyKind::secret;
    std::vector<std::string> scopes;
    std::optional<RequestsPerMinute> requests_per_minute;
    std::string created_by;
    Timestamp created_at;
    std::optional<Timestamp> expires_at;
    std::optional<Timestamp> revoked_at;
    std::optional<Timestamp> last_used_at;
};
BOOST_DESCRIBE_STRUCT(AccessKeyInfo, (),
                      (id, version, key_id, name, kind, scopes, requests_per_minute, created_by, created_at, expires_at, revoked_at, last_used_at))

/// The answer to making one: the only time the key itself is seen.
struct MadeAccessKey : AccessKeyInfo {
    std::string key;
};
BOOST_DESCRIBE_STRUCT(MadeAccessKey, (AccessKeyInfo), (key))

struct KeyRow : AccessKeyInfo {
    ProjectId project;
    Bytes hash;
    std::optional<std::string> sealed;
};
BOOST_DESCRIBE_STRUCT(KeyRow, (AccessKeyInfo), (project, hash, sealed))

} // namespace gravity::auth

template <>
struct gravity::meta::docs<gravity::auth::NewAccessKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"name", "For people: where the key is used"},
        {"kind", "`publishable`: may stand in a public page, and has `:read` scopes only"},
        {"scopes", "What the key may do; nothing that its maker may not"},
        {"expires_at", "Without it the key works until it is revoked"},
        {"requests_per_minute", "For each replica of the service; without it 600 for a publishable key, and no limit for a secret one"},
    };
};
template <>
struct gravity::meta::docs<gravity::auth::MadeAccessKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"key", "The key; shown this once"}};
};
