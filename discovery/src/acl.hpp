#pragma once

#include "access.hpp"
#include "commands.hpp"
#include "model.hpp"

#include <gravity/base/caller.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::auth {
class MasterKeys;
}

/// Who may do what: from the secret of a request to its permissions. No I/O, no clock.
namespace gravity::registry {

inline constexpr std::string_view anonymous_secret = "anonymous"; // a name, not a secret: Consul's clients may send it
inline constexpr std::string_view hidden_secret = "<hidden>";
inline constexpr std::string_view bootstrap_mark = "bootstrap";

/// Policies that are always there and nobody changes.
const AclPolicy& management_policy();
const AclPolicy& read_only_policy();
const AclPolicy* built_in_policy(std::string_view id); // null if it is none
/// Of the model or built in; null if there is none.
const AclPolicy* policy_of(const Model& model, std::string_view id);

std::string hash_of_secret(std::string_view secret);
/// What a secret that something else names is kept as, so that it can be used and not be read.
std::string kept_secret(std::string_view secret);
/// What a policy, role or token says in 32 bytes, so that clients see whether it changed.
std::string digest_of(const AclPolicy& policy);
std::string digest_of(const AclRole& role);
std::string digest_of(const AclToken& token);

/// A refusal to say whose permissions count, in Consul's words: 403.
struct UnknownToken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Tokens this agent uses where a request has none. They may be changed while it runs.
struct AgentTokens {
    std::string default_token;
    std::string dns;
};

struct AclOptions {
    bool enabled = false;
    bool default_allow = false;   // what no rule speaks of
    bool key_list_policy = false; // listing keys needs a rule of its own
    std::string datacenter = "dc1";
    std::string initial_management; // secret of a token with all permissions that is there from the start; empty: none
    AgentTokens tokens;
    std::shared_ptr<const auth::MasterKeys> keys; // null: secrets are shown once
};

/// The access rules of this daemon. One thread.
class Acl {
public:
    explicit Acl(AclOptions options);

    bool enabled() const { return options_.enabled; }
    bool key_list_policy() const { return options_.key_list_policy; }
    bool default_allow() const { return options_.default_allow; }
    const std::string& datacenter() const { return options_.datacenter; }
    const std::string& initial_management() const { return options_.initial_management; }
    AgentTokens& tokens() { return options_.tokens; }

    /// Of the secret a request came with; of an empty one those of the default token, or else anonymous ones. Throws UnknownToken.
    Access access_of(const Model& model, std::string_view secret, std::int64_t now_us);
    /// Those of what this daemon itself was asked over DNS.
    Access dns_access(const Model& model, std::int64_t now_us);
    /// Of a caller of the platform: `discovery:read` and `:write` for everything but the access rules, `:admin` for all.
    Access access_of(const Caller& caller) const;
    /// Of a secret that is kept as `kept_secret` writes it; nothing if there is no such token that is good.
    std::optional<Access> access_of_kept(const Model& model, std::string_view kept, std::int64_t now_us);

    /// Of the token with this accessor; nothing if there is none that is good. Throws UnknownToken if what it allows cannot be said.
    std::optional<Access> access_of_accessor(const Model& model, std::string_view accessor, std::int64_t now_us);

    /// The secret for the store, and back; nothing without keys, or if it was sealed with keys that are no more.
    std::optional<std::string> seal(std::string_view secret, std::string_view accessor) const;
    std::optional<std::string> secret_of(const AclToken& token) const;

private:
    Access anonymous_access(const Model& model);
    std::optional<Access> access_by_hash(const Model& model, std::string_view secret_hash, std::int64_t now_us);
    Access compiled(const Model& model, const AclToken& token);
    AclOptions options_;
    std::map<std::string, Access, std::less<>> cache_; // by accessor, of one state of the rules
    std::int64_t cached_index_ = 0;
};

/// Alias checks whose owners may see what they stand for no longer, or again. Those of tokens of the platform are not among them: nobody here knows
/// what becomes of those.
std::vector<PermitAlias> changed_permissions(const Model& model, Acl& acl, std::int64_t now_us);

/// What stands for the accessor of a token of the platform.
std::string platform_accessor(const Caller& caller);

/// A secret that may be a token of the platform: three parts with dots between.
bool looks_like_jwt(std::string_view secret);

} // namespace gravity::registry
