#pragma once

#include "config.hpp"
#include "problems.hpp"
#include "trusted_devices_model.hpp"

#include <gravity/auth/sealed.hpp>
#include <gravity/base/network.hpp>
#include <gravity/http/ctx.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::redis {
class Client;
class Script;
} // namespace gravity::redis

/// How often sign-ins may fail. Counted by account and network, so that guessing at an account locks nobody out but those who guess, and by network.
namespace gravity::issuer {

/// I/O thread only. Redis, if there is one, outlives it; while it cannot be reached, and without it, a table counts.
class LoginBudgets {
public:
    LoginBudgets(redis::Client* redis, const auth::MasterKeys& keys, const Settings& settings);

    /// What an attempt is counted under: authentication codes, so that who reads them learns of no name; and how many there may be.
    struct Keys {
        std::string network;
        std::string account; // there
        int network_limit = 0, account_limit = 0;
        Problem refusal = too_many_attempts;
    };
    Keys keys_of(ProjectId project, std::string_view name, const IpAddress& address) const;
    /// Of codes: by the identity, from whatever network. Only who knows its password, or has its mailbox where there is none, is asked for one, so that nobody
    /// else can use it up.
    Keys keys_of_codes(ProjectId project, std::string_view identity, const IpAddress& address) const;
    /// Of what somebody tries in a browser that is trusted for them ("passwords", "codes"): by all such browsers of theirs, and by this one. What others do
    /// counts for nothing.
    Keys keys_of_device(ProjectId project, const TrustedDevice& device, std::string_view what) const;

    /// Of flows that begin, whether they fail or not: by the network, and, as the account, by the project.
    Keys keys_of_flows(ProjectId project, const IpAddress& address) const;
    /// Of those that begin in a browser that is trusted for somebody of the project: by the browser, and by all such of the project.
    Keys keys_of_flows_by(ProjectId project, TrustedDeviceId device) const;

    /// Counts an attempt before it is made: of any number at once no more pass than may fail. Throws Refusal (429 with Retry-After) once too many have.
    Task<void> take(Ctx& ctx, pg::Scope scope, Keys keys);
    /// The attempt did not fail.
    Task<void> give_back(Ctx& ctx, pg::Scope scope, Keys keys);

private:
    /// In Redis, or in the table. Throws as `take`.
    Task<void> count(Ctx& ctx, pg::Scope scope, Keys keys);
    /// What a script answers for a key; nothing if Redis is not to be had.
    Task<std::optional<std::int64_t>> asked(Ctx& ctx, const redis::Script& script, std::string key, int limit = 0);
    /// Whether Redis has counted it. Throws as `take`.
    Task<bool> taken_in_redis(Ctx& ctx, Keys keys);
    Task<bool> given_back_in_redis(Ctx& ctx, Keys keys);
    void note(bool away, std::string_view reason);

    redis::Client* redis_;
    auth::Authenticator authenticator_;
    int account_limit_, network_limit_, flows_per_network_, flows_per_project_;
    Duration window_;
    bool away_ = false; // Redis was, when last asked
};

} // namespace gravity::issuer
