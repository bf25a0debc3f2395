#include "shared_engine.hpp"

#include "etcd_messages.hpp"
#include "layout.hpp"
#include "shared_engine_detail.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <future>
#include <iterator>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;
using etcd::Gateway;
using shared::call_time;
using shared::write_patience;

constexpr auto first_patience = 30s; // for a member of etcd to answer, at the start
constexpr auto look_whether_to_stop = 100ms;
constexpr std::int64_t page = 500; // keys of a listing in one answer

// Begun on any thread, done on the I/O thread.
Task<void> fetch(std::shared_ptr<Gateway> gateway, std::string begin, std::string end, std::shared_ptr<std::promise<std::vector<etcd::Pair>>> found) {
    std::vector<etcd::Pair> pairs;
    std::string why;
    try {
        for (bool more = true; more;) {
            std::string body = etcd::range_body(begin, end, page);
            const std::string answer = co_await gateway->call("kv/range", std::move(body), call_time);
            etcd::RangeAnswer range = etcd::range_answer(answer);
            more = range.more && !range.pairs.empty();
            if (more) begin = range.pairs.back().key + '\0';
            std::move(range.pairs.begin(), range.pairs.end(), std::back_inserter(pairs));
        }
    } catch (const std::runtime_error& error) {
        why = error.what();
    }
    if (why.empty())
        found->set_value(std::move(pairs));
    else
        found->set_exception(std::make_exception_ptr(StoreError("etcd: " + why)));
}

} // namespace

struct SharedEngine::Listing {
    std::map<std::string, etcd::Pair> pairs; // keys without the prefix
    std::int64_t revision = 0;
    std::string cluster;
};

/// What lies in the store and not in the model. Any thread but the I/O thread.
class SharedEngine::HistoryStore : public RowReader {
public:
    HistoryStore(boost::asio::io_context& io, std::shared_ptr<Gateway> gateway, std::string prefix)
        : io_(io), gateway_(std::move(gateway)), prefix_(std::move(prefix)) {}

    void each_below(std::string_view prefix, const std::function<void(std::string_view, std::string_view)>& visit) override {
        auto found = std::make_shared<std::promise<std::vector<etcd::Pair>>>();
        auto future = found->get_future();
        const std::string begin = prefix_ + std::string(prefix);
        spawn(io_, "history", [gateway = gateway_, begin, found] { return fetch(gateway, begin, shared::end_of(begin), found); });
        found.reset(); // a process that stops breaks the promise
        if (future.wait_for(write_patience) != std::future_status::ready) throw StoreError("etcd does not answer");
        try {
            for (const etcd::Pair& pair : future.get()) visit(std::string_view(pair.key).substr(prefix_.size()), pair.value);
        } catch (const std::future_error&) {
            throw StoreError("stopped");
        }
    }

private:
    boost::asio::io_context& io_;
    std::shared_ptr<Gateway> gateway_;
    std::string prefix_;
};

SharedEngine::SharedEngine(boost::asio::io_context& io, SharedOptions options, std::function<std::int64_t()> unix_us)
    : Engine(io, std::move(unix_us)),
      options_(std::move(options)),
      gateway_(std::make_shared<Gateway>(io, options_.members, options_.credentials)),
      rows_(std::make_shared<HistoryStore>(io, gateway_, options_.prefix)),
      me_(hex_encode(random_bytes(8))),
      reaching_(std::make_shared<std::multimap<std::int64_t, boost::asio::steady_timer*>>()),
      beat_timer_(io),
      lease_timer_(io) {
    const Clock::time_point began = Clock::now();
    load(first_listing());
    contact_at_ = began;
}

SharedEngine::~SharedEngine() = default;

// As it is between two steps: one that is settled is carried out first.
Task<SharedEngine::Listing> SharedEngine::list(std::shared_ptr<Gateway> gateway, std::string prefix, std::size_t operations) {
    for (;;) {
        Listing listing = co_await list_once(gateway, prefix);
        const auto large = listing.pairs.find(std::string(shared::large_key));
        if (large == listing.pairs.end() || !shared::large_step_in(large->second.value).is_settled()) co_return listing;
        log::info("a large step is under way, and is carried out");
        co_await carry_out(gateway, prefix, operations);
    }
}

Task<SharedEngine::Listing> SharedEngine::list_once(std::shared_ptr<Gateway> gateway, std::string prefix) {
    Listing listing;
    std::string begin = prefix;
    const std::string end = shared::end_of(prefix);
    for (bool more = true; more;) {
        std::string body = etcd::range_body(begin, end, page, listing.revision);
        const std::string answer = co_await gateway->call("kv/range", std::move(body), 10s);
        etcd::RangeAnswer range = etcd::range_answer(answer);
        if (listing.revision == 0) { // all pages show the state at the first one's revision
            listing.revision = range.revision;
            listing.cluster = range.cluster;
        }
        more = range.more && !range.pairs.empty();
        if (more) begin = range.pairs.back().key + '\0';
        for (etcd::Pair& pair : range.pairs) {
            std::string key = pair.key.substr(prefix.size());
            listing.pairs.emplace(std::move(key), std::move(pair));
        }
    }
    co_return listing;
}

SharedEngine::Listing SharedEngine::first_listing() {
    boost::asio::io_context io; // the daemon's own does not run yet
    const auto gateway = std::make_shared<Gateway>(io, options_.members, options_.credentials);
    std::optional<Listing> found;
    std::string why;
    bool done = false, refused = false;
    const auto work = [&]() -> Task<void> {
        const Clock::time_point until = Clock::now() + first_patience;
        while (!found && !refused && Clock::now() < until) {
            const std::size_t member = gateway->member();
            try {
                Listing listing = co_await list(gateway, options_.prefix, options_.operations);
                found = std::move(listing);
            } catch (const etcd::Refused& error) { // not by waiting does a password become right
                refused = true;
                why = error.what();
            } catch (const std::runtime_error& error) {
                if (why.empty()) log::warn("waiting for etcd", {{"reason", error.what()}});
                why = error.what();
            }
            if (found || refused) break;
            gateway->leave(member);
            co_await sleep_for(200ms);
        }
        done = true;
    };
    spawn(io, "listing", work);
    while (!done) {
        if (options_.stopping && options_.stopping()) throw StoreError("told to stop while etcd did not answer");
        io.run_one_for(look_whether_to_stop);
    }
    if (!found) throw StoreError((refused ? "etcd refuses: " : "no member of etcd answers: ") + why);
    return *std::move(found);
}

void SharedEngine::load(const Listing& listing) {
    for (const auto& [key, pair] : listing.pairs) {
        if (key.starts_with(shared::own_mark))
            ledger_.note(key, pair.value, pair.mod_revision);
        else if (!key.starts_with(layout::prefix_of(kind_of<Transition>)))
            model_.load(shared::change_of({key, pair.value, pair.create_revision, pair.mod_revision}, model_));
    }
    // Not the store's revision, which others move too: the index is the same for all daemons.
    model_.finish_loading(ledger_.revision_of(shared::index_key));
    followed_ = seen_ = listing.revision;
    cluster_ = listing.cluster;
}

Task<void> SharedEngine::relist() {
    const auto gateway = gateway_;
    const Listing listing = co_await list(gateway, options_.prefix, options_.operations);
    if (listing.cluster != cluster_) throw StoreError("this is another cluster of etcd than before: the daemon must be started again");
    ledger_.clear();
    for (const auto& [key, pair] : listing.pairs)
        if (key.starts_with(shared::own_mark)) ledger_.note(key, pair.value, pair.mod_revision);
    const std::vector<Change> changes = shared::differences(listing.pairs, ledger_.revision_of(shared::index_key), model_);
    followed_ = seen_ = listing.revision;
    held_.clear();
    const auto& large = ledger_.large();
    if (own_ && (!large || large->owner != me_ || large->number != own_->number)) own_->missed = true;
    if (!changes.empty()) publish(changes);
    if (duties_.anew) duties_.anew();
    apply({});
    log::info("the state was read anew: what was missed has been compacted");
}

} // namespace gravity::registry
