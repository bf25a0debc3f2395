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
    etcd::Credentials credentials{};
};

/// With a store that other daemons write too: etcd. The index is etcd's revision. A batch is evaluated on the model and becomes one transaction that takes
/// place only if what was read for it is still so; else the model catches up, and it is evaluated anew. A command that changes more than a transaction
/// holds is taken in several, and shown at once (large_step.hpp). The model follows etcd's watch: own writes come
/// back like those of others, and are answered when they have. I/O thread only.
class SharedEngine : public Engine {
public:
    /// Loads the model: blocks. Throws StoreError if no member of etcd answers, or one refuses.
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
    /// Of a transaction, beside what it compares and writes.
    struct Manner {
        std::vector<std::string> leased{}; // keys that go with this daemon's lease
        std::vector<std::string> below{};  // prefixes: all keys that begin so go
        bool silent = false;               // the state is not changed by it, nor its index
    };
    /// A large step of this daemon's that has been settled.
    struct OwnStep {
        std::uint64_t number = 0;
        bool shown = false;                            // the model has it
        bool missed = false;                           // it may have come and gone unseen
        std::int64_t revision = 0;                     // of its end
        std::map<std::string, std::int64_t> revisions; // of its rows, by their keys in the store
    };

    static Task<Listing> list_once(std::shared_ptr<etcd::Gateway> gateway, std::string prefix);
    static Task<Listing> list(std::shared_ptr<etcd::Gateway> gateway, std::string prefix, std::size_t operations);
    Listing first_listing();
    void load(const Listing& listing);
    Task<void> relist(); // what was missed cannot be followed any more

    Task<void> watch();
    void apply(std::vector<etcd::Event> events);
    Task<std::string> beat(); // empty, or why this member is no good
    Task<void> keep_lease();
    void sweep(shared::Transaction& entry, etcd::TxnExtras& extras);
    void give_up_step(shared::Transaction& entry, etcd::TxnExtras& extras) const;
    std::string title() const; // as the leader
    void leave(std::size_t member);
    Task<std::int64_t> newest(); // revision of the last change, of all that were acknowledged
    bool lease_lives() const { return lease_ != 0 && Clock::now() < lease_until_; }
    bool lives() const;
    void look_at_duties();

    void start_batch() override;
    Task<void> write(std::shared_ptr<Batch> batch);
    Batch evaluate_batch();
    void must_have(bool as_leader, bool as_runner, shared::Transaction& transaction) const;
    Task<Outcome> commit(shared::Transaction transaction, Manner manner);
    Task<void> conclude(std::shared_ptr<Batch> batch, Outcome outcome);
    void give_back(Batch batch);
    void finish(Batch& batch, std::int64_t revision);

    Task<void> write_large(std::shared_ptr<Batch> batch);
    Task<Outcome> take_step(std::shared_ptr<Batch> batch);
    Task<Outcome> prepare(std::shared_ptr<Batch> batch, shared::LargeStep step, std::int64_t lock);
    Task<Outcome> release(std::int64_t lock);
    Task<Outcome> see_through(std::shared_ptr<Batch> batch);
    static Task<void> carry_out(std::shared_ptr<etcd::Gateway> gateway, std::string prefix, std::size_t operations);
    void look_at_step();
    Task<void> carry_on();
    Task<void> wait_for_step();
    Task<void> see(std::int64_t revision, Clock::time_point deadline);

    SharedOptions options_;
    std::shared_ptr<etcd::Gateway> gateway_;
    std::shared_ptr<RowReader> rows_;
    const std::string me_;      // this process
    std::string cluster_;
    shared::Ledger ledger_;
    std::int64_t followed_ = 0; // revision up to which the model is known
    std::int64_t seen_ = 0;     // and the watch: what a large step has written already is held back
    std::vector<Change> held_;
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
    std::uint64_t steps_ = 0;            // larger than a transaction
    bool taking_ = false;                // one of them
    std::optional<OwnStep> own_;
    bool carrying_ = false;              // one that was left behind
    static constexpr std::size_t full_batch = 512;
    std::size_t most_commands_ = full_batch; // fewer after a conflict
};

} // namespace gravity::registry
