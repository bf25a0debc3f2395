#pragma once

#include <gravity/app/service.hpp>
#include <gravity/events/consumers.hpp>
#include <gravity/events/relay.hpp>
#include <gravity/jobs/runner.hpp>
#include <gravity/pg/database.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace gravity::redis {
class Client;
}

namespace gravity::app {

/// What a service with a database does beside answering requests: its jobs and schedules, publishing its events, consuming those of others.
/// I/O thread, but for `written`.
class Background {
public:
    Background(boost::asio::io_context& io, const Definition& definition, const PlatformSettings& settings, Resources& resources);
    ~Background();

    /// To be called once the pool exists, before anything is written.
    void attach(pg::Database& database);
    /// A transaction has left something to do here. Any thread.
    void written(pg::Written what);
    /// Once the store is migrated.
    void start(Health& health);
    /// Takes nothing new, ends or gives back what is under way.
    Task<void> drain(std::chrono::steady_clock::time_point deadline);
    /// Once nothing can be written any more.
    Task<void> publish_rest(std::chrono::steady_clock::time_point deadline);

    jobs::Runner& runner() { return *runner_; }

private:
    Task<std::optional<std::string>> problem() const;

    boost::asio::io_context& io_;
    const Definition& definition_;
    const PlatformSettings& settings_;
    Resources& resources_;
    std::unique_ptr<jobs::Runner> runner_;
    std::shared_ptr<redis::Client> redis_; // without EVENTS_URL none
    std::unique_ptr<events::Relay> relay_;
    std::shared_ptr<events::Consumers> consumers_;
    std::atomic<bool> emitted_{false};
};

} // namespace gravity::app
