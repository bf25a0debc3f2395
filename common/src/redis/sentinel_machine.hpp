#pragma once

#include <gravity/redis/command.hpp>
#include <gravity/redis/url.hpp>
#include <gravity/redis/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::redis {

/// Finds a master by asking Sentinels in turn (redis.io, "Guidelines for Redis clients with support for Redis
/// Sentinel"): the first that answers is asked first the next time, and others it knows of are learnt.
class SentinelMachine {
public:
    SentinelMachine(std::vector<Endpoint> sentinels, std::string master)
        : sentinels_(std::move(sentinels)), master_(std::move(master)) {}

    /// A new search.
    void begin();
    /// Whom to ask now; nothing when all have been asked in vain (why() says what they answered).
    std::optional<Endpoint> ask() const;
    /// What to ask.
    std::vector<Command> questions() const;
    /// The one asked could not be reached or gave an error.
    void failed(const std::string& why);
    /// The replies to questions(); the master if this Sentinel knows it, else the search goes on.
    std::optional<Endpoint> answered(const std::vector<Value>& replies);

    const std::string& why() const { return why_; }
    const std::vector<Endpoint>& sentinels() const { return sentinels_; }
    const std::string& master() const { return master_; }

private:
    void learn(const Value& others);

    std::vector<Endpoint> sentinels_; // the one that answered last comes first
    std::string master_;
    std::string why_;
    std::size_t position_ = 0;
};

/// The new address in the payload of "+switch-master" ("name oldip oldport newip newport"), if it is about this master.
std::optional<Endpoint> switched_master(std::string_view payload, std::string_view master);

} // namespace gravity::redis
