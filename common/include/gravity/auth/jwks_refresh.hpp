#pragma once

#include <gravity/base/time.hpp>

#include <optional>

namespace gravity::auth {

/// When to fetch an issuer's keys: no I/O, no clock. Times are steady. One fetch runs at a time.
class JwksRefresh {
public:
    static constexpr Duration interval = Duration::minutes(10);   // between successful fetches
    static constexpr Duration first_retry = Duration::seconds(1); // after a failure; doubles
    static constexpr Duration last_retry = Duration::minutes(1);  // up to this
    static constexpr Duration first_keys = Duration::seconds(2);  // up to this while there never was a key: the issuer may be starting beside us
    static constexpr Duration unknown_interval =
        Duration::minutes(1); // between fetches because of an unknown key, so that made-up ids cost nothing
    static constexpr Duration keep = Duration::hours(24); // keys outlive the issuer's absence by this

    explicit JwksRefresh(Duration now) : due_(now) {}

    /// A token names a key that the set lacks. True: a fetch is due now, or running; its result is worth waiting for.
    bool unknown_key(Duration now);
    /// True: fetch now, and tell `finished`.
    bool start(Duration now);
    void finished(bool ok, Duration now);
    bool running() const { return running_; }

    /// The keys are older than `keep`: they must go.
    bool too_old(Duration now) const;
    /// Until the next `start` or the keys' end; nothing while a fetch runs, whose end decides.
    std::optional<Duration> wait(Duration now) const;

private:
    Duration due_;
    Duration last_success_; // unset: never
    Duration last_unknown_; // unset: never
    unsigned failures_ = 0;
    bool running_ = false;
};

} // namespace gravity::auth
