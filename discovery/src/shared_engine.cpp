#include "shared_engine.hpp"

#include "etcd_messages.hpp"
#include "layout.hpp"

#include <gravity/async/child.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <future>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;
using etcd::Gateway;
using etcd::Refused;
using etcd::Unreachable;

constexpr auto first_patience = 30s;   // for a member of etcd to answer, at the start
constexpr auto look_whether_to_stop = 100ms;
constexpr auto call_time = 3s;         // of one call; then another member is asked
constexpr auto beat_time = 1500ms;     // the same for those that must not be late
constexpr auto beat_every = 1s;
constexpr auto lease_life = 5s;
constexpr auto contact_life = 5s;      // so long is what is known taken for the state of things
constexpr auto write_patience = 8s;    // more than etcd needs to elect a leader
constexpr auto follow_patience = 10s;  // for an own write to come back
constexpr auto sweep_every = 10min;
constexpr int most_tries = 10;         // of a command that others come in the way of
constexpr std::size_t full_batch = 512;
constexpr std::int64_t page = 500;     // keys of a listing in one answer
constexpr std::int64_t provisional = std::int64_t{1} << 62; // indexes from here on stand for the one that the store will give
constexpr std::string_view no_leader = "No cluster leader"; // Consul's words

template <class R>
void settle(Row<R>& row, std::int64_t revision) {
    if (!row || row->modify_index < provisional) return;
    R known = *row;
    known.modify_index = revision;
    if (known.create_index >= provisional) known.create_index = revision;
    row = std::make_shared<const R>(std::move(known));
}
void settle(KeyResult& result, std::int64_t revision) { settle(result.entry, revision); }

std::chrono::microseconds random_pause(int tries) {
    std::uint64_t random = 0;
    fill_random(&random, sizeof random);
    return std::chrono::microseconds(random % (std::uint64_t{1000} << std::min(tries, 6)));
}

std::int64_t revision_in(const std::vector<std::vector<etcd::Pair>>& read, std::size_t which) {
    return which < read.size() && !read[which].empty() ? read[which].front().mod_revision : 0;
}

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

struct SharedEngine::Batch {
    std::vector<Pending> pendings;
    std::vector<Reply> replies; // of each
    shared::Transaction transaction;
    bool asks = false; // etcd must say whether what was read is so
};

struct SharedEngine::Outcome {
    enum class Kind : unsigned char {
        applied,
        conflict, // it has not taken place and never will; the model must reach `revision` before the next try
        failed    // nothing is said about whether it has taken place
    };
    Kind kind = Kind::failed;
    std::int64_t revision = 0;
    std::string why{};

    static Outcome applied(std::int64_t at) { return {Kind::applied, at, {}}; }
    static Outcome conflict(std::int64_t newest) { return {Kind::conflict, newest, {}}; }
    static Outcome failed(std::string why) { return {Kind::failed, 0, std::move(why)}; }
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
      gateway_(std::make_shared<Gateway>(io, options_.members)),
      rows_(std::make_shared<HistoryStore>(io, gateway_, options_.prefix)),
      me_(hex_encode(random_bytes(8))),
      reaching_(std::make_shared<std::multimap<std::int64_t, boost::asio::steady_timer*>>()),
      beat_timer_(io),
      lease_timer_(io),
      most_commands_(full_batch) {
    const Clock::time_point began = Clock::now();
    load(first_listing());
    contact_at_ = began;
}

SharedEngine::~SharedEngine() = default;

// ------------------------------------------------------------------------------------------------------------------- the state as a whole

Task<SharedEngine::Listing> SharedEngine::list(std::shared_ptr<Gateway> gateway, std::string prefix) {
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
    const auto gateway = std::make_shared<Gateway>(io, options_.members);
    std::optional<Listing> found;
    std::string why;
    bool done = false;
    const auto work = [&]() -> Task<void> {
        const Clock::time_point until = Clock::now() + first_patience;
        while (!found && Clock::now() < until) {
            const std::size_t member = gateway->member();
            try {
                Listing listing = co_await list(gateway, options_.prefix);
                found = std::move(listing);
            } catch (const std::runtime_error& error) {
                if (why.empty()) log::warn("waiting for etcd", {{"reason", error.what()}});
                why = error.what();
            }
            if (found) break;
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
    if (!found) throw StoreError("no member of etcd answers: " + why);
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
    followed_ = listing.revision;
    cluster_ = listing.cluster;
}

void SharedEngine::relist(const Listing& listing) {
    if (listing.cluster != cluster_) throw StoreError("this is another cluster of etcd than before: the daemon must be started again");
    ledger_.clear();
    for (const auto& [key, pair] : listing.pairs)
        if (key.starts_with(shared::own_mark)) ledger_.note(key, pair.value, pair.mod_revision);
    const std::vector<Change> changes = shared::differences(listing.pairs, ledger_.revision_of(shared::index_key), model_);
    followed_ = listing.revision;
    if (!changes.empty()) publish(changes);
    if (duties_.anew) duties_.anew();
    apply({});
}

// ------------------------------------------------------------------------------------------------------------------------------ following

void SharedEngine::apply(std::vector<etcd::Event> events) {
    for (std::size_t at = 0; at < events.size();) {
        const std::int64_t revision = events[at].mod_revision;
        std::vector<Change> changes;
        std::vector<std::string> renewals;
        const bool fresh = revision > followed_;
        for (; at < events.size() && events[at].mod_revision == revision; ++at) {
            if (!fresh) continue;
            etcd::Event& event = events[at];
            event.key.erase(0, options_.prefix.size());
            if (!event.key.starts_with(shared::own_mark)) {
                changes.push_back(shared::change_of(event, model_));
                continue;
            }
            ledger_.note(event.key, event.value, revision);
            if (event.key == shared::renewed_key && event.value) renewals = shared::renewals_of(*event.value);
        }
        if (!fresh) continue;
        followed_ = revision;
        if (!changes.empty()) publish(changes);
        if (duties_.renewed)
            for (const std::string& name : renewals) duties_.renewed(name);
    }
    for (auto waiting = reaching_->begin(); waiting != reaching_->end() && waiting->first <= followed_; ++waiting) waiting->second->cancel();
    look_at_duties();
}

Task<void> SharedEngine::watch() {
    const auto gateway = gateway_;
    std::string body = etcd::watch_body(options_.prefix, followed_ + 1);
    const std::unique_ptr<http::ResponseStream> stream = co_await gateway->open("watch", std::move(body));
    std::string buffer;
    std::size_t looked = 0;
    for (;;) {
        const std::string piece = co_await stream->read();
        if (piece.empty()) throw Unreachable("the watch ended", false);
        buffer += piece;
        std::size_t begin = 0;
        for (auto end = buffer.find('\n', looked); end != std::string::npos; end = buffer.find('\n', begin)) {
            const std::string_view line = std::string_view(buffer).substr(begin, end - begin);
            begin = end + 1;
            if (line.empty()) continue;
            etcd::WatchAnswer answer = etcd::watch_answer(line);
            if (answer.canceled) {
                compacted_ = answer.compact_revision != 0;
                throw Unreachable(compacted_ ? "what was missed has been compacted" : "the watch was cancelled: " + answer.reason, false);
            }
            apply(std::move(answer.events));
        }
        buffer.erase(0, begin);
        looked = buffer.size();
    }
}

Task<std::int64_t> SharedEngine::newest() {
    const auto gateway = gateway_;
    std::string body = etcd::range_body(options_.prefix + std::string(shared::index_key));
    const std::int64_t known = followed_;
    const std::string answer = co_await gateway->call("kv/range", std::move(body), beat_time);
    const etcd::RangeAnswer range = etcd::range_answer(answer);
    if (range.cluster != cluster_ || range.revision < known)
        throw StoreError("etcd has been set back, or is another cluster than before: the daemon must be started again");
    co_return range.pairs.empty() ? 0 : range.pairs.front().mod_revision;
}

Task<void> SharedEngine::reach(std::int64_t index, Clock::time_point deadline) {
    using Places = std::multimap<std::int64_t, boost::asio::steady_timer*>;
    struct Place { // a coroutine that is destroyed late still leaves it
        std::shared_ptr<Places> places;
        Places::iterator at;
        ~Place() { places->erase(at); }
    };
    while (followed_ < index && Clock::now() < deadline) {
        boost::asio::steady_timer timer(io_, deadline);
        const Place place{reaching_, reaching_->emplace(index, &timer)};
        const auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
        co_await timer.async_wait(token);
    }
}

Task<bool> SharedEngine::catch_up() {
    std::int64_t revision = -1;
    const std::size_t member = gateway_->member();
    try {
        revision = co_await newest();
    } catch (const std::runtime_error&) {
        leave(member);
    }
    if (revision < 0) co_return false;
    const Clock::time_point deadline = Clock::now() + follow_patience;
    co_await reach(revision, deadline);
    co_return followed_ >= revision;
}

// The watch goes with the rest.
void SharedEngine::leave(std::size_t member) {
    gateway_->leave(member);
    beat_timer_.cancel();
}

Standing SharedEngine::standing() const {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - contact_at_);
    return {age < contact_life, age};
}

// ------------------------------------------------------------------------------------------------------------- the life among the others

Task<void> SharedEngine::keep() {
    const auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    for (;;) {
        const std::size_t member = gateway_->member();
        const std::string address = gateway_->address();
        std::string why;
        Child stream;
        compacted_ = false;
        const std::function<Task<void>()> follow = [this] { return watch(); };
        const std::function<void()> at_end = [this] { beat_timer_.cancel(); };
        co_await stream.start(follow, at_end);
        while (why.empty() && !stream.ended() && member == gateway_->member()) {
            why = co_await beat();
            if (!why.empty() || stream.ended()) break;
            beat_timer_.expires_after(beat_every);
            co_await beat_timer_.async_wait(token);
        }
        try {
            co_await stream.stop();
        } catch (const std::runtime_error& error) {
            if (why.empty()) why = error.what();
        }
        if (compacted_) {
            why.clear();
            try {
                const auto gateway = gateway_;
                const Listing listing = co_await list(gateway, options_.prefix);
                relist(listing);
                log::info("the state was read anew: what was missed has been compacted");
            } catch (const std::runtime_error& error) {
                why = error.what();
            }
        }
        if (why.empty()) continue;
        log::info("another member of etcd is asked", {{"left", address}, {"reason", why}});
        if (!standing().known_leader) {
            contact_lost_ = true;
            note_failure(std::string(no_leader) + ": " + why);
        }
        gateway_->leave(member);
        co_await sleep_for(100ms);
    }
}

Task<std::string> SharedEngine::beat() {
    const Clock::time_point began = Clock::now();
    std::string why;
    try {
        co_await keep_lease();
        const std::int64_t revision = co_await newest();
        const Clock::time_point deadline = Clock::now() + beat_time;
        co_await reach(revision, deadline);
        if (followed_ < revision) why = "its watch lags behind";
    } catch (const std::runtime_error& error) {
        why = error.what();
    }
    if (!why.empty()) co_return why;
    contact_lost_ = contact_lost_ || began - contact_at_ > contact_life + beat_every;
    contact_at_ = began;
    // While nobody could be heard, nobody could renew anything either.
    if (std::exchange(contact_lost_, false) && duties_.anew) duties_.anew();
    note_failure("");
    look_at_duties();
    co_return why;
}

Task<void> SharedEngine::keep_lease() {
    const auto gateway = gateway_;
    const Clock::time_point began = Clock::now(); // from here on etcd's own count begins later
    if (lease_ != 0) {
        std::string body = etcd::keepalive_body(lease_);
        const std::string answer = co_await gateway->call("lease/keepalive", std::move(body), beat_time);
        if (etcd::lease_answer(answer).seconds == 0) lease_ = 0;
    }
    if (lease_ == 0) {
        std::string body = etcd::lease_body(std::chrono::seconds(lease_life).count());
        const std::string answer = co_await gateway->call("lease/grant", std::move(body), beat_time);
        lease_ = etcd::lease_answer(answer).id;
    }
    lease_until_ = began + lease_life;
    lease_timer_.expires_at(lease_until_);
    lease_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) look_at_duties();
    });
    // What is not there yet, or went with a lease that ended.
    shared::Transaction entry;
    etcd::TxnExtras extras{{std::string(shared::index_key)}, lease_, {}};
    const auto want = [&](std::string key, std::string value) {
        if (ledger_.revision_of(key) != 0) return;
        entry.compares.push_back({key, 0});
        entry.writes[key] = std::move(value);
        extras.leased.push_back(std::move(key));
    };
    if (!resigned_) want(std::string(shared::member_prefix) + me_, options_.node);
    if (!resigned_ && entry.writes.empty()) want(std::string(shared::leader_key), title());
    if (entry.writes.empty()) sweep(entry);
    if (entry.writes.empty()) co_return;
    std::string body = etcd::txn_body(entry, options_.prefix, extras);
    co_await gateway->call("kv/txn", std::move(body), beat_time); // the watch tells what came of it
}

std::string SharedEngine::title() const { return me_ + '/' + std::to_string(lease_); }

// What daemons that are no more have left; twice seen, ten minutes apart, because a daemon may be cut off for a while.
void SharedEngine::sweep(shared::Transaction& entry) {
    if (!leads() || Clock::now() < sweep_at_) return;
    sweep_at_ = Clock::now() + sweep_every;
    shared::Guards left;
    for (const auto& [key, revision] : ledger_.revisions())
        if (key.starts_with(shared::writer_prefix) && !ledger_.members().contains(key.substr(shared::writer_prefix.size()))) left.emplace(key, revision);
    for (const auto& [key, revision] : left) {
        const auto before = left_behind_.find(key);
        if (before == left_behind_.end() || before->second != revision || entry.writes.size() >= 16) continue;
        entry.compares.push_back({key, revision});
        entry.writes[key] = std::nullopt;
    }
    left_behind_ = std::move(left);
}

bool SharedEngine::lives() const { return lease_lives() && ledger_.members().contains(me_); }
bool SharedEngine::leads() const { return lives() && ledger_.leader() == title(); }

bool SharedEngine::runs(const Check& check) const {
    if (!lives()) return false;
    if (check.definition.type == CheckType::script) return check.node == options_.node;
    return shared::owner_of(key_of(check.node, check.id), ledger_.members()) == me_;
}

void SharedEngine::look_at_duties() {
    const bool leads_now = leads();
    const bool lives_now = lives();
    if (leads_now == led_ && lives_now == lived_ && ledger_.members() == members_told_) return;
    const bool risen = leads_now && !led_;
    led_ = leads_now;
    lived_ = lives_now;
    members_told_ = ledger_.members();
    log::info("duties", {{"leads", led_}, {"runs checks", lived_}, {"daemons", members_told_.size()}});
    if (risen && duties_.anew) duties_.anew();
    if (duties_.changed) duties_.changed();
}

Task<void> SharedEngine::resign() {
    if (lease_ == 0) co_return;
    resigned_ = true;
    std::string body = etcd::keepalive_body(lease_);
    const auto gateway = gateway_;
    try {
        co_await gateway->call("lease/revoke", std::move(body), beat_time);
    } catch (const std::runtime_error& error) {
        log::warn("the lease could not be given back and ends by itself", {{"reason", error.what()}});
    }
}

// -------------------------------------------------------------------------------------------------------------------------------- writing

void SharedEngine::start_batch() {
    auto batch = std::make_shared<Batch>(evaluate_batch());
    if (!batch->asks) {
        finish(*batch, followed_);
        return next_batch();
    }
    spawn(io_, "write", [this, batch] { return write(batch); });
}

SharedEngine::Batch SharedEngine::evaluate_batch() {
    Batch batch;
    Reads reads;
    View view(model_, provisional, &reads);
    shared::Draft draft(model_, {options_.operations});
    bool as_leader = false, as_runner = false;
    const std::int64_t now = unix_us_();
    while (!queue_.empty() && batch.pendings.size() < most_commands_) {
        Pending pending = std::move(queue_.front());
        queue_.pop_front();
        const bool leader = pending.authority == Authority::leader, runner = pending.authority == Authority::runner;
        if ((leader && !leads()) || (runner && !lives()) || (pending.still && !pending.still())) continue;
        const std::size_t first = view.changes().size();
        Reply reply = evaluate(pending.command, view, now);
        if (!draft.add(view.changes(), first)) {
            view.roll_back();
            if (!batch.pendings.empty()) {
                queue_.push_front(std::move(pending));
                break;
            }
            reads = {};
            give(pending, {500, "Failed to write: it is more than one transaction of etcd may hold (--max-txn-ops, --max-request-bytes)", false});
            continue;
        }
        if (!pending.renews.empty() && reply.status == 200) draft.renew(pending.renews);
        as_leader = as_leader || leader;
        as_runner = as_runner || runner;
        batch.asks = batch.asks || pending.answer != nullptr;
        batch.pendings.push_back(std::move(pending));
        batch.replies.push_back(std::move(reply));
    }
    const bool writes = !draft.writes_nothing();
    batch.asks = batch.asks || writes;
    const shared::Ledger& ledger = ledger_;
    batch.transaction = std::move(draft).finish(reads, ledger.revisions(), followed_);
    const auto must_stay = [&](std::string key) {
        const std::int64_t revision = ledger.revision_of(key);
        batch.transaction.compares.push_back({std::move(key), revision});
    };
    if (as_leader) {
        must_stay(std::string(shared::leader_key));
        must_stay(std::string(shared::renewed_key)); // somebody may have come in time
    }
    if (as_runner) must_stay(std::string(shared::member_prefix) + me_);
    return batch;
}

Task<void> SharedEngine::write(std::shared_ptr<Batch> batch) {
    shared::Transaction transaction = std::move(batch->transaction);
    const bool writes = !transaction.writes.empty();
    Outcome outcome = co_await commit(std::move(transaction));
    if (outcome.kind == Outcome::Kind::applied && writes) {
        const Clock::time_point deadline = Clock::now() + follow_patience;
        co_await reach(outcome.revision, deadline);
        if (followed_ < outcome.revision) {
            outcome.kind = Outcome::Kind::failed;
            outcome.why = "it was written, but this daemon could not read it back";
        }
    }
    if (outcome.kind == Outcome::Kind::conflict) {
        const Clock::time_point deadline = Clock::now() + call_time;
        co_await reach(outcome.revision, deadline);
        const auto pause = random_pause(batch->pendings.front().tries);
        co_await sleep_for(pause);
    }
    switch (outcome.kind) {
    case Outcome::Kind::applied:
        most_commands_ = std::min(most_commands_ * 2, full_batch);
        finish(*batch, outcome.revision);
        break;
    case Outcome::Kind::conflict: give_back(std::move(*batch)); break;
    case Outcome::Kind::failed:
        for (const Pending& pending : batch->pendings) give(pending, {500, outcome.why, false});
        break;
    }
    next_batch();
}

// Every transaction asks that this daemon's last one is still its last, and becomes it. So one whose answer was lost may be sent again: it takes place
// once, and whether it has can be seen. One that is given up is made impossible first.
Task<SharedEngine::Outcome> SharedEngine::commit(shared::Transaction transaction) {
    if (!standing().known_leader) co_return Outcome::failed(std::string(no_leader));
    const auto gateway = gateway_;
    const std::string marker = std::string(shared::writer_prefix) + me_;
    const std::string name = std::to_string(++sequence_);
    const bool writes = !transaction.writes.empty();
    transaction.compares.push_back({marker, marker_revision_});
    if (writes) transaction.writes[marker] = transaction.writes[std::string(shared::index_key)] = name;
    const etcd::TxnExtras extras{{marker, std::string(shared::index_key)}, 0, {}};
    std::string body = etcd::txn_body(transaction, options_.prefix, extras);
    transaction = {};
    bool maybe = false;   // a try was lost on its way: it may take place later
    bool fencing = false; // nothing is wanted any more but certainty
    std::string failure(no_leader);
    std::int64_t newest_seen = 0;
    const Clock::time_point until = Clock::now() + write_patience;
    while (Clock::now() < until) {
        const std::size_t member = gateway->member();
        std::optional<etcd::TxnAnswer> answer;
        std::string why, sent = body;
        bool lost = false, refused = false;
        try {
            const std::string text = co_await gateway->call("kv/txn", std::move(sent), call_time);
            answer = etcd::txn_answer(text);
        } catch (const Refused& error) {
            refused = true;
            why = error.what();
        } catch (const Unreachable& error) {
            lost = error.maybe;
            why = error.what();
        } catch (const etcd::Malformed& error) {
            lost = true;
            why = error.what();
        }
        if (!answer) {
            failure = refused ? "Failed to write: etcd: " + why : std::string(no_leader) + ": " + why;
            if (refused) co_return Outcome::failed(std::move(failure));
            maybe = maybe || lost;
            leave(member);
            co_await sleep_for(50ms);
            continue;
        }
        if (answer->succeeded) {
            if (writes || fencing) marker_revision_ = answer->revision;
            if (fencing) co_return Outcome::conflict(newest_seen);
            co_return Outcome::applied(answer->revision);
        }
        const std::int64_t present = revision_in(answer->read, 0);
        const bool known = present == marker_revision_;
        const bool is_this = writes && present != 0 && !known && answer->read[0].front().value == name;
        newest_seen = std::max(newest_seen, revision_in(answer->read, 1));
        if (is_this) { // it was applied by a try whose answer was lost
            marker_revision_ = present;
            co_return Outcome::applied(present);
        }
        if (!known) marker_revision_ = present; // an earlier one took place late, or the marker was swept away
        if (!known && present == 0 && maybe) co_return Outcome::failed("Failed to write: it is not known whether it was written");
        if (!known || !maybe || !writes) co_return Outcome::conflict(newest_seen);
        // Refused now, but a try that was lost could still be under way.
        fencing = true;
        shared::Transaction fence;
        fence.compares.push_back({marker, marker_revision_});
        fence.writes[marker] = "fence";
        body = etcd::txn_body(fence, options_.prefix, extras);
    }
    co_return Outcome::failed(std::move(failure));
}

void SharedEngine::give_back(Batch batch) {
    most_commands_ = std::max<std::size_t>(batch.pendings.size() / 2, 1);
    while (!batch.pendings.empty()) {
        Pending pending = std::move(batch.pendings.back());
        batch.pendings.pop_back();
        if (++pending.tries < most_tries)
            queue_.push_front(std::move(pending));
        else
            give(pending, {500, "Failed to write: others changed the same again and again", false});
    }
}

void SharedEngine::finish(Batch& batch, std::int64_t revision) {
    for (std::size_t i = 0; i < batch.pendings.size(); ++i) {
        for (OperationResult& result : batch.replies[i].results) std::visit([revision](auto& one) { settle(one, revision); }, result);
        give(batch.pendings[i], std::move(batch.replies[i]));
    }
}

} // namespace gravity::registry
