#pragma once

#include "api_keys_model.hpp"
#include "config.hpp"
#include "last_uses.hpp"

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>

#include <string>

namespace gravity::project {

/// Says who a key stands for. Reads as auth's door does: on the I/O thread, without a transaction around them (decisions 9 and 28). What was revoked is not
/// good at the next question: nothing is remembered, but when a key was last used. Database and uses outlive it.
class KeyDoor {
public:
    KeyDoor(pg::Database& database, LastUses& uses, const Settings& settings)
        : database_(database), uses_(uses), operator_(settings.operator_project) {}

    /// Callers are told of keys of their own project, whether it is the one that the key opens or the one that administers that; of all keys in the
    /// operator's. Of every other key they are told what they are told of one that never was. Throws Refusal where the store is away.
    Task<Verification> verify(Ctx& ctx, const Caller& caller, const std::string& text) const;
    /// The project among whose rows the key of this public id is. Throws Refusal where the store is away.
    Task<std::optional<ProjectId>> home_of(const Ctx& ctx, const std::string& public_id) const;

private:
    pg::Database& database_;
    LastUses& uses_;
    std::optional<ProjectId> operator_;
};

} // namespace gravity::project
