#pragma once

#include "redis/backend.hpp"
#include "redis/redirect_machine.hpp"
#include "redis/slot_map.hpp"

#include <map>

namespace gravity::redis {

/// A Redis Cluster: a connection to each master, the map of slots, and a RedirectMachine for each call.
class ClusterBackend final : public Backend {
public:
    ClusterBackend(boost::asio::io_context& io, Url url, Options options);

    Task<Outcome> call(Call call) override;
    bool connected() const override;
    std::string last_error() const override;
    Stats stats() const override;
    void close() override;
    std::shared_ptr<EndpointSource> source(std::vector<std::string> keys) override;
    void look_again() override { refresh_soon(); }

    /// Learns the slot map in the background, unless that is under way or was done a moment ago.
    void refresh_soon();
    /// The slot's owner by a map that is newer than this call; without a slot any node, another one each time. Throws
    /// Error{unavailable}.
    Task<Endpoint> locate(std::optional<std::uint16_t> slot);

private:
    using Slot = std::optional<std::uint16_t>; // nothing: any node will do
    struct Group;
    struct Gather;

    std::shared_ptr<ClusterBackend> self() { return std::static_pointer_cast<ClusterBackend>(shared_from_this()); }
    static Slot slot_for(const Command& command, Slot so_far, bool together);
    static Task<void> refresh(std::shared_ptr<ClusterBackend> self);
    static Task<Outcome> run(std::shared_ptr<ClusterBackend> self, Call call, Slot slot);
    static Task<void> run_group(std::shared_ptr<ClusterBackend> self, std::shared_ptr<Gather> gather, std::size_t index,
                                TimePoint deadline);
    static Task<void> retry_refused(std::shared_ptr<ClusterBackend> self, Call* call, Slot slot, Outcome* outcome);
    Task<Outcome> scatter(Call call, std::vector<Slot> slots);

    bool learn(const Value& reply, const Endpoint& asked);
    Task<void> wait_for_refresh(TimePoint deadline);
    std::optional<Endpoint> any_master();
    std::shared_ptr<Connection> connection(const Endpoint& node);
    void retire_strangers();

    SlotMap map_;
    std::map<Endpoint, std::shared_ptr<Connection>> connections_;
    boost::asio::steady_timer refreshed_; // cancelled whenever a refresh ends
    std::string last_error_ = "the cluster's slots are not known yet";
    Stats gone_; // counters of connections that are no more
    TimePoint learnt_at_{};
    std::size_t turn_ = 0;
    bool refreshing_ = false;
    bool closed_ = false;
};

} // namespace gravity::redis
