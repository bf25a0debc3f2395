#pragma once

#include "redis/keepalive_machine.hpp"
#include "redis/link.hpp"
#include "redis/pipeline_machine.hpp"

#include <gravity/redis/command.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gravity::redis {

/// Commands ready to be sent as one.
struct Request {
    std::string wire;
    std::size_t expected = 0; // replies
    TimePoint deadline;

    void add(const Command& command);
};

/// The replies, or why there are none.
struct Outcome {
    std::vector<Value> replies;
    std::optional<Failure> failure;

    /// Throws Error if it failed.
    std::vector<Value> or_throw() &&;
};

/// A connection that many callers share: PipelineMachine and KeepaliveMachine over a Link.
class Connection final : public LinkUser, public std::enable_shared_from_this<Connection> {
public:
    /// Begins to connect when the loop runs.
    static std::shared_ptr<Connection> open(boost::asio::io_context& io, LinkSettings settings,
                                            std::shared_ptr<EndpointSource> source, bool hold_while_down);
    Connection(boost::asio::io_context& io, const LinkSettings& settings, bool hold_while_down);

    /// Never throws but for lack of memory; cancellable.
    Task<Outcome> execute(Request request);

    /// Breaks the connection; the next one is made at once, to wherever the source says then.
    void reconnect(std::string why) { link_->drop(std::move(why)); }
    void close();

    bool is_connected() const { return link_->is_connected(); }
    const std::string& last_error() const { return link_->last_error(); }
    const Endpoint& endpoint() const { return link_->endpoint(); }
    bool is_idle() const { return machine_.pending() == 0; }
    void add_to(Stats& stats) const;

    void on_connected() override;
    void on_received() override;
    void on_reply(Value value) override;
    void on_disconnected(std::size_t transferred, const std::string& why) override;
    void on_connect_failed(const std::string& why) override;
    std::string next_batch() override;
    void on_written() override { machine_.written(); }
    TimePoint on_timer(TimePoint now) override;

private:
    template <class Handler> class WaitingFor;
    class Waiting;

    void submit(std::unique_ptr<Waiting> waiting);
    void cancel(std::uint64_t id);
    void finish(Finished finished);
    void finish_all(std::vector<Finished> all);

    boost::asio::io_context& io_;
    PipelineMachine machine_;
    KeepaliveMachine keepalive_;
    std::shared_ptr<Link> link_;
    std::uint64_t commands_ = 0;
    std::uint64_t failed_ = 0;
};

} // namespace gravity::redis
