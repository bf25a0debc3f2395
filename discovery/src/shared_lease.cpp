// The life among the other daemons: which member of etcd is spoken to, the lease, and what is whose to do.
#include "etcd_messages.hpp"
#include "shared_engine.hpp"
#include "shared_engine_detail.hpp"

#include <gravity/async/child.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;
using shared::beat_time;
using shared::contact_life;
using shared::no_leader;

constexpr auto beat_every = 1s;
constexpr auto lease_life = 5s;
constexpr auto sweep_every = 10min;

} // namespace

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
                co_await relist();
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
        look_at_step();
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
    etcd::TxnExtras extras{{std::string(shared::index_key)}, lease_, {}, {}};
    const auto want = [&](std::string key, std::string value) {
        if (ledger_.revision_of(key) != 0) return;
        entry.compares.push_back({key, 0});
        entry.writes[key] = std::move(value);
        extras.leased.push_back(std::move(key));
    };
    if (!resigned_) want(std::string(shared::member_prefix) + me_, options_.node);
    if (!resigned_ && entry.writes.empty()) want(std::string(shared::leader_key), title());
    if (entry.writes.empty()) give_up_step(entry, extras);
    if (entry.writes.empty()) sweep(entry, extras);
    if (entry.writes.empty()) co_return;
    std::string body = etcd::txn_body(entry, options_.prefix, extras);
    co_await gateway->call("kv/txn", std::move(body), beat_time); // the watch tells what came of it
}

std::string SharedEngine::title() const { return me_ + '/' + std::to_string(lease_); }

// One's own, of which it was not known whether it had begun.
void SharedEngine::give_up_step(shared::Transaction& entry, etcd::TxnExtras& extras) const {
    const auto& step = ledger_.large();
    if (!step || step->is_settled() || step->owner != me_ || taking_) return;
    entry.compares.push_back({std::string(shared::large_key), ledger_.revision_of(shared::large_key)});
    entry.writes[std::string(shared::large_key)] = std::nullopt;
    extras.below.push_back(step->place());
}

// What daemons that are no more have left; twice seen, ten minutes apart, because a daemon may be cut off for a while.
void SharedEngine::sweep(shared::Transaction& entry, etcd::TxnExtras& extras) {
    if (!leads() || Clock::now() < sweep_at_) return;
    sweep_at_ = Clock::now() + sweep_every;
    shared::Guards left;
    for (const auto& [key, revision] : ledger_.revisions())
        if (key.starts_with(shared::writer_prefix) && !ledger_.members().contains(key.substr(shared::writer_prefix.size()))) left.emplace(key, revision);
    for (const auto& [key, revision] : left) {
        const auto before = left_behind_.find(key);
        if (before == left_behind_.end() || before->second != revision || entry.writes.size() >= 16) continue;
        const std::string daemon = key.substr(shared::writer_prefix.size());
        if (ledger_.large() && ledger_.large()->owner == daemon) continue;
        entry.compares.push_back({key, revision});
        entry.writes[key] = std::nullopt;
        extras.below.push_back(std::string(shared::piece_prefix) + daemon + '/');
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

} // namespace gravity::registry
