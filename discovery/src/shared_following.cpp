// What is read: the watch by which the model follows etcd, and how far it has come.
#include "etcd_messages.hpp"
#include "layout.hpp"
#include "shared_engine.hpp"
#include "shared_engine_detail.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gravity::registry {
namespace {

using etcd::Unreachable;
using shared::beat_time;
using shared::contact_life;
using shared::follow_patience;

} // namespace

void SharedEngine::apply(std::vector<etcd::Event> events) {
    for (std::size_t at = 0; at < events.size();) {
        const std::int64_t revision = events[at].mod_revision;
        std::vector<Change> changes;
        std::vector<std::string> renewals;
        const bool fresh = revision > seen_;
        const std::optional<shared::LargeStep> step = ledger_.large();
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
        seen_ = revision;
        std::move(changes.begin(), changes.end(), std::back_inserter(held_));
        if (duties_.renewed)
            for (const std::string& name : renewals) duties_.renewed(name);
        if (ledger_.large() && ledger_.large()->is_settled()) continue;
        followed_ = revision;
        if (own_ && step && step->is_settled() && step->owner == me_ && step->number == own_->number) {
            own_->shown = true;
            own_->revision = revision;
            for (const Change& change : held_)
                std::visit([&](const auto& one) { own_->revisions[layout::stored_key(change.index(), one.key)] = one.index; }, change);
        }
        if (!held_.empty()) publish(std::exchange(held_, {}));
    }
    for (auto waiting = reaching_->begin(); waiting != reaching_->end() && waiting->first <= followed_; ++waiting) waiting->second->cancel();
    look_at_duties();
    look_at_step();
}

Task<void> SharedEngine::watch() {
    const auto gateway = gateway_;
    std::string body = etcd::watch_body(options_.prefix, seen_ + 1);
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
    const std::int64_t known = seen_;
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

} // namespace gravity::registry
