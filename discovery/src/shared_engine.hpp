#pragma once

#include "draft.hpp"
#include "engine.hpp"
#include "etcd_gateway.hpp"
#include "follow.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace gravity::registry {

struct SharedOptions {
    std::vector<std::string> members;               // of etcd: URLs
    std::string prefix = "/gravity/discovery/";     // of all keys
    std::size_t operations = 128;                   // of a transaction: etcd's --max-txn-ops
    std::string node;                               // of this daemon: where programs that are checks may be run
    std::function<bool()> stopping{};               // whether to give up waiting for etcd at the start; null: never
};

/// With a store that other daemons write too: etcd. The index is etcd's revision. A batch is evaluated on the model and becomes one transaction that takes
/// place only if what was read for it is still so; else the model catches up, and it is evaluated anew. The model follows etcd's watch: own writes come
/// back like those of others, and are answered when they have. I/O thread only.
class SharedEngine : public Engine {
public:
    /// Loads the model: blocks. Throws StoreError if no member of etcd answers.
    SharedEngine(boost::asio::io_context& io, SharedOptions options, std::function<std::int64_t()> unix_us);
    ~SharedEngine() override;

    std::shared_ptr<RowReader> rows() const override { return rows_; }
    bool is_shared() const override { return true; }
    std::string store_name() const override { return cluster_; }
    std::size_t rows_at_once() const override { return options_.operations / 2; }
    Task<void> keep() override;
    Standing standing() const override;
    Task<bool> catch_up() override;
    Task<void> reach(std::int64_t index, std::chrono::steady_clock::time_point deadline) override;
    bool leads() const override;
    bool runs(const Check& check) const override;
    Task<void> resign() override;

    const shared::Ledger& ledger() const { return ledger_; }
    const std::string& me() const { return me_; }

private:
    using Clock = std::chrono::steady_clock;
    struct Listing;
    struct Batch;
    struct Outcome;
    class HistoryStore;

    static Task<Listing> list(std::shared_ptr<etcd::Gateway> gateway, std::string prefix);
    Listing first_listing();
    void load(const Listing& listing);
    Task<void> relist(); // what was missed cannot be followed any more

    Task<void> watch();
    void apply(std::vector<etcd::Event> events);
    Task<std::string> beat(); // empty, or why this member is no good
    Task<void> keep_lease();
    void sweep(shared::Transaction& entry);
    std::string title() const; // as the leader
    void leave(std::size_t member);
    Task<std::int64_t> newest(); // revision of the last change, of all that were acknowledged
    bool lease_lives() const { return lease_ != 0 && Clock::now() < lease_until_; }
    bool lives() const;
    void look_at_duties();

    void start_batch() override;
    Task<void> write(std::shared_ptr<Batch> batch);
    Batch evaluate_batch();
    Task<Outcome> commit(shared::Transaction transaction);
    void give_back(Batch batch);
    void finish(Batch& batch, std::int64_t revision);

    SharedOptions options_;
    std::shared_ptr<etcd::Gateway> gateway_;
    std::shared_ptr<RowReader> rows_;
    const std::string me_;      // this process
    std::string cluster_;
    shared::Ledger ledger_;
    std::int64_t followed_ = 0; // revision up to which the model and the ledger are known
    std::shared_ptr<std::multimap<std::int64_t, boost::asio::steady_timer*>> reaching_; // revision -> who waits for it

    bool compacted_ = false;
    boost::asio::steady_timer beat_timer_;
    Clock::time_point contact_at_; // everything acknowledged before that is in the model
    bool contact_lost_ = false;
    std::int64_t lease_ = 0;       // 0: none
    Clock::time_point lease_until_;
    bool led_ = false, lived_ = false; // as was last told
    std::set<std::string> members_told_;
    boost::asio::steady_timer lease_timer_;
    bool resigned_ = false;
    Clock::time_point sweep_at_;
    shared::Guards left_behind_; // as the last sweep saw it

    std::uint64_t sequence_ = 0;         // of transactions
    std::int64_t marker_revision_ = 0;   // of .writer/<me>
    static constexpr std::size_t full_batch = 512;
    std::size_t most_commands_ = full_batch; // fewer after a conflict
};

} // namespace gravity::registry
