#pragma once

#include "redis/pipeline_machine.hpp"

#include <gravity/redis/url.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace gravity::redis {

/// An answer "MOVED 3999 10.0.0.1:6381" or "ASK 3999 10.0.0.1:6381", decoded.
struct Redirect {
    bool ask = false; // else moved
    std::uint16_t slot = 0;
    Endpoint node; // host empty: the host that answered
};
std::optional<Redirect> parse_redirect(std::string_view error);

/// What to do next with one call to a cluster. Everything it retries was refused unexecuted by the server, or never
/// written.
class RedirectMachine {
public:
    struct Step {
        std::optional<Endpoint> node{};     // nothing: the slot's owner by the map
        bool asking = false;                // ASKING before it
        bool refresh = false;               // learn the slot map anew
        std::chrono::milliseconds pause{0}; // before the try
        std::optional<Redirect> moved{};    // the map's entry to correct at once
    };

    /// A transaction cannot follow ASK: the server heeds ASKING for the next command only, and MULTI is that one.
    explicit RedirectMachine(bool transaction) : transaction_(transaction) {}

    /// After the reply `error` from `answered_by`. Nothing: it is the answer, give it to the caller.
    std::optional<Step> refused(std::string_view error, const Endpoint& answered_by);
    /// After a failure without a reply. Nothing: it is final (it may have been executed, the time is up, ...).
    std::optional<Step> failed(const Failure& failure);
    /// No node is known for the slot.
    Step nobody();

private:
    static constexpr int max_redirects = 16;
    std::chrono::milliseconds next_pause();

    bool transaction_;
    int redirects_ = 0;
    int pauses_ = 0;
};

} // namespace gravity::redis
