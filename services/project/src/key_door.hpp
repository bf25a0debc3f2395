#pragma once

#include "api_keys_model.hpp"
#include "config.hpp"
#include "known_keys.hpp"
#include "last_uses.hpp"

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>

#include <map>
#include <string>
#include <vector>

namespace gravity::project {

/// Says who a key stands for. Reads as auth's door does: on the I/O thread, without a transaction around them (decisions 9 and 28), and only what is not
/// remembered (known_keys.hpp): what was revoked here is not good at the next question. A use of a key whose uses are counted is counted before it is
/// answered. What it is made of outlives it.
class KeyDoor {
public:
    KeyDoor(pg::Database& database, LastUses& uses, KnownKeys& known, const Settings& settings)
        : database_(database), uses_(uses), known_(known), operator_(settings.operator_project) {}

    /// Callers are told of keys of their own project, whether it is the one that the key opens or the one that administers that; of all keys in the
    /// operator's. Of every other key they are told what they are told of one that never was. Throws Refusal where the store is away.
    /// `network`: where the key was shown from, if somebody said.
    Task<Verification> verify(Ctx& ctx, const Caller& caller, const std::string& text, const std::optional<Network>& network) const;
    /// The same in the words of RFC 7662, as JSON text.
    Task<std::string> introspect(Ctx& ctx, const Caller& caller, const std::string& text, const std::optional<Network>& network) const;
    /// The project among whose rows the key of this public id is. Throws Refusal where the store is away.
    Task<std::optional<ProjectId>> home_of(const Ctx& ctx, const std::string& public_id) const;
    /// The same of many; those that are not there are left out.
    Task<std::map<std::string, ProjectId>> homes_of(const Ctx& ctx, const std::vector<std::string>& public_ids) const;

private:
    /// A key that is good, and whose use has been counted where it is. Without a key: it is not, or the caller is not to know.
    struct Found {
        KnownKeyPtr key{};
        std::optional<std::int64_t> uses_left{};
    };
    Task<Found> find_good(Ctx& ctx, const Caller& caller, const std::string& text, const std::optional<Network>& network) const;
    Task<KnownKeyPtr> read_anew(const Ctx& ctx, const Caller& caller, const std::string& public_id) const;
    Task<KnownKeyPtr> read(const Ctx& ctx, const Caller& caller, const std::string& public_id) const;
    bool may_know(const Caller& caller, const KnownKey& key) const;

    pg::Database& database_;
    LastUses& uses_;
    KnownKeys& known_;
    std::optional<ProjectId> operator_;
};

} // namespace gravity::project
