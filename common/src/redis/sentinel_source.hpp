#pragma once

#include "redis/link.hpp"
#include "redis/sentinel_machine.hpp"
#include "redis/subscriber_loop.hpp"

#include <functional>

namespace gravity::redis {

/// The master of a Sentinel group, as an EndpointSource.
class SentinelSource final : public EndpointSource {
public:
    /// `settings`: how to talk to Sentinels.
    SentinelSource(boost::asio::io_context& io, LinkSettings settings, SentinelMachine machine)
        : io_(io), settings_(std::move(settings)), machine_(std::move(machine)) {}

    Task<Endpoint> next() override;
    const SentinelMachine& machine() const { return machine_; }

private:
    boost::asio::io_context& io_;
    LinkSettings settings_;
    SentinelMachine machine_;
};

/// Listens to "+switch-master" on one of the Sentinels, so that a fail-over is followed at once and not when the old
/// master fails.
class SentinelWatch : public std::enable_shared_from_this<SentinelWatch> {
public:
    /// `moved` is called on the I/O thread with the master's new address, perhaps the same as before.
    SentinelWatch(boost::asio::io_context& io, LinkSettings settings, SentinelMachine machine,
                  std::function<void(const Endpoint&)> moved);
    void start();
    void stop();

private:
    static Task<void> run(std::shared_ptr<SentinelWatch> self);

    boost::asio::io_context& io_;
    std::string master_;
    std::shared_ptr<SentinelSource> search_; // after a gap: where is it now?
    std::function<void(const Endpoint&)> moved_;
    std::shared_ptr<SubscriberLoop> loop_;
};

} // namespace gravity::redis
