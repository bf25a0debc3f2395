#include "events/after_failure.hpp"
#include "events/dead_letters.hpp"
#include "events/envelope.hpp"
#include "events/lanes.hpp"
#include "events/outbox.hpp"
#include "events/shared.hpp"
#include "events/stream_keys.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/events/consumers.hpp>
#include <gravity/log/log.hpp>
#include <gravity/metrics/metrics.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/redis/streams.hpp>
#include <gravity/resilience/backoff.hpp>
#include <gravity/trace/context.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <compare>
#include <random>
#include <set>
#include <unordered_map>

namespace gravity::events {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr auto abandoned_after = 60s; // entries that nobody has settled or asked for: read by a process that had lost the lease

struct Meters {
    metrics::CounterFamily& handled = metrics::counter("gravity_events_handled_total", "Events received and settled", {"producer", "outcome"});
    metrics::CounterFamily& retries = metrics::counter("gravity_events_retries_total", "Attempts that failed and are repeated", {"producer"});
    metrics::GaugeFamily& lag = metrics::gauge("gravity_events_lag", "Events in the stream that have not been received yet", {"producer"});
    metrics::GaugeFamily& pending = metrics::gauge("gravity_events_pending", "Events received and not settled", {"producer"});
    metrics::CounterFamily& missed = metrics::counter("gravity_events_missed_total", "Cuts of a stream beyond what had been received", {"producer"});
};
Meters& meters() {
    static Meters all;
    return all;
}

struct InboxKey {
    std::string consumer;
    std::string event_id;
    std::int64_t token = 0;
    Timestamp now;
};
BOOST_DESCRIBE_STRUCT(InboxKey, (), (consumer, event_id, token, now))

// The lease is locked for the length of the effect: whoever takes it over waits for what is under way, and what comes later leaves no trace.
const Sql<void(InboxKey)> note_event{"gravity.inbox.note", R"sql(
    insert into gravity.inbox (consumer, event_id, received_at)
    select $consumer, $event_id, $now from gravity.lease where name = 'consumers' and token = $token for share
    on conflict do nothing)sql"};
const Sql<bool(std::int64_t)> is_ours{"gravity.inbox.is_ours", "select true from gravity.lease where name = 'consumers' and token = $1"};

// "gravity.product_catalog.product.created" comes from product_catalog, "gravity.*.erasure.completed" from all that publish such, by a stream of theirs.
std::string producer_of(std::string_view type) {
    const auto parts = ascii::split(type, '.');
    if (parts.size() < 4 || parts[0] != "gravity") throw std::logic_error("the event type " + std::string(type) + " names no service");
    if (parts[1] != any_service) return std::string(parts[1]);
    if (shared_event(type) == nullptr) throw std::logic_error(std::string(type) + " is heard of each service by itself only");
    return std::string(shared_event(type)->producer);
}

/// Where an entry stands: its epoch and sequence in a producer's stream, its millisecond and number in one that all share.
struct EntryPlace {
    std::uint64_t high = 0, low = 0;
    friend auto operator<=>(const EntryPlace&, const EntryPlace&) = default;
};
EntryPlace entry_place(const std::string& id) {
    EntryPlace place;
    const char* const end = id.data() + id.size();
    const auto [dash, error] = std::from_chars(id.data(), end, place.high);
    if (error == std::errc{} && dash != end) std::from_chars(dash + 1, end, place.low);
    return place;
}

struct Delivery {
    std::string stream;
    redis::StreamEntry entry;
    Decoded event;
    const Handler* handler = nullptr;
    int failures = 0;
    bool recovered = false; // was under way somewhere when that process ended
};

struct Source {
    StreamKeys keys;
    std::unordered_map<std::string, const Handler*> handlers;
    Lanes<Delivery> lanes{};
    std::set<std::string> held{}; // "<stream> <id>" of what is in the lanes
    std::unique_ptr<redis::GroupReader> reader{};
    std::unique_ptr<boost::asio::steady_timer> room{}; // cancelled when the window has room again
    bool recover = true;
    std::string missed_after{}; // the last entry received before a gap that has been told
};

} // namespace

struct Consumers::Impl : std::enable_shared_from_this<Impl> {
    boost::asio::io_context& io;
    pg::Database& database;
    std::shared_ptr<redis::Client> broker;
    std::string group;
    std::vector<Handler> handlers;
    std::vector<std::shared_ptr<Source>> sources;
    ConsumerOptions options;
    Lease lease{"consumers"};
    Uuid holder = Uuid::v4();
    boost::asio::steady_timer beat;    // of the lease; cancelled to end
    boost::asio::steady_timer retry;   // of the next attempt
    boost::asio::steady_timer settled; // cancelled when something ends
    std::optional<std::int64_t> token;
    std::string failure;
    bool started = false, looping = false, stopping = false, lost = false;
    int readers = 0, running = 0;
    std::mt19937_64 random{std::random_device{}()};

    Impl(boost::asio::io_context& context, pg::Database& store, std::shared_ptr<redis::Client> client, const std::string& service,
         std::vector<Handler> list, ConsumerOptions opts)
        : io(context),
          database(store),
          broker(std::move(client)),
          group(id_of(service)),
          handlers(std::move(list)),
          options(opts),
          beat(context),
          retry(context),
          settled(context) {
        for (const Handler& handler : handlers) {
            const std::string producer = producer_of(handler.type);
            auto found = std::find_if(sources.begin(), sources.end(), [&](const auto& source) { return source->keys.producer == producer; });
            if (found == sources.end()) {
                auto source = std::make_shared<Source>(Source{StreamKeys(producer, group), {}});
                source->room = std::make_unique<boost::asio::steady_timer>(io);
                found = sources.insert(sources.end(), std::move(source));
            }
            if (!(*found)->handlers.emplace(handler.type, &handler).second) throw std::logic_error("two handlers for " + handler.type);
        }
        for (const Handler& handler : handlers) // the inbox would let one of them have it
            if (!is_shared(producer_of(handler.type)) && handled(shared_type(handler.type)))
                throw std::logic_error(handler.type + " is handled with those of all services");
    }

    bool handled(const std::string& type) const {
        return std::any_of(handlers.begin(), handlers.end(), [&](const Handler& handler) { return handler.type == type; });
    }

    bool active() const { return token && !lost && !stopping; }

    void stop() {
        stopping = true;
        beat.cancel();
        for (const auto& source : sources)
            if (source->reader) source->reader->close();
    }

    Task<void> transaction(const std::function<void(Tx&)>& work) {
        pg::Run how;
        how.scope = pg::Scope::system("event consumers");
        std::function<void(Tx&)> copy = work;
        co_await database.run(std::move(how), std::move(copy));
    }
    Task<void> wait_on(boost::asio::steady_timer& timer, Steady::duration span) {
        timer.expires_after(span);
        boost::system::error_code cancelled;
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }

    // ---- the lease

    static Task<void> loop(std::shared_ptr<Impl> self) {
        self->looping = true;
        const Duration length = Duration::milliseconds(self->options.lease.count());
        while (!self->stopping) {
            std::optional<std::int64_t> token;
            const std::function<void(Tx&)> take = [&](Tx& tx) { token = self->lease.take(tx, self->holder, length); };
            try {
                co_await self->transaction(take);
            } catch (const std::exception& error) {
                log::debug("the consumers' lease could not be taken", {{"error", error.what()}});
            }
            if (token) {
                self->token = token;
                self->lost = false;
                for (const auto& source : self->sources) self->begin(source);
                co_await hold(self, *token); // not for a moment if the process ends
                co_await let_go(self, *token);
            }
            if (!self->stopping) co_await self->wait_on(self->beat, self->options.lease / 3);
        }
        self->looping = false;
        self->settled.cancel();
    }

    void begin(const std::shared_ptr<Source>& source) {
        const auto self = shared_from_this();
        ++readers;
        source->recover = true;
        spawn(io, "consumer of " + source->keys.producer, [self, source] { return consume(self, source); });
    }

    // As long as the lease is ours.
    static Task<void> hold(std::shared_ptr<Impl> self, std::int64_t token) {
        const Duration length = Duration::milliseconds(self->options.lease.count());
        auto heard = Steady::now();
        while (self->active()) {
            co_await self->wait_on(self->beat, self->options.lease / 3);
            if (!self->active()) break;
            bool ours = true, asked = false;
            const std::function<void(Tx&)> renew = [&](Tx& tx) { ours = self->lease.renew(tx, token, length); };
            try {
                co_await self->transaction(renew);
                asked = true;
            } catch (const std::exception& error) {
                log::debug("the consumers' lease could not be renewed", {{"error", error.what()}});
            }
            if (asked) heard = Steady::now();
            if (!ours || Steady::now() - heard > self->options.lease) self->lost = true;
            if (self->active()) co_await measure(self);
        }
    }

    static Task<void> let_go(std::shared_ptr<Impl> self, std::int64_t token) {
        for (const auto& source : self->sources) {
            source->lanes.clear_waiting();
            if (source->reader) source->reader->close();
            source->room->cancel();
        }
        while (self->readers > 0 || self->running > 0) co_await self->wait_on(self->settled, 1s);
        for (const auto& source : self->sources) {
            source->lanes.clear_waiting();
            source->held.clear();
        }
        self->token.reset();
        if (self->lost) co_return log::warn("events are consumed by another replica now");
        const std::function<void(Tx&)> work = [&](Tx& tx) { self->lease.give_back(tx, token); };
        try {
            co_await self->transaction(work);
        } catch (const std::exception& error) { // then it runs out
            log::debug("the consumers' lease could not be given back", {{"error", error.what()}});
        }
    }

    static Task<void> measure(std::shared_ptr<Impl> self) {
        for (const auto& source : self->sources) {
            try {
                co_await look_at(self, source);
            } catch (const redis::Error&) { // the readers tell
            }
        }
    }
    // Both at one moment: else what is read and cut off between them would look like a gap.
    static Task<void> look_at(std::shared_ptr<Impl> self, std::shared_ptr<Source> source) {
        std::vector<redis::Command> commands;
        commands.push_back(redis::Command{"XINFO", "GROUPS", source->keys.stream});
        commands.push_back(redis::Command{"XRANGE", source->keys.stream, "-", "+", "COUNT", "1"});
        const std::vector<redis::Value> replies = co_await self->broker->transaction(std::move(commands));
        const std::vector<redis::StreamEntry> first = redis::parse_entries(replies.at(1));
        for (const redis::Value& row : replies.at(0).as_array()) self->note_group(*source, row.as_array(), first);
    }
    void note_group(Source& source, const std::vector<redis::Value>& row, const std::vector<redis::StreamEntry>& first) {
        std::string name, received;
        std::optional<double> lag, pending;
        for (std::size_t i = 0; i + 1 < row.size(); i += 2) {
            const std::string& field = row[i].as_text();
            if (field == "name") name = row[i + 1].as_text();
            if (field == "last-delivered-id") received = row[i + 1].as_text();
            if (field == "lag" && !row[i + 1].is_nil()) lag = static_cast<double>(row[i + 1].as_integer());
            if (field == "pending") pending = static_cast<double>(row[i + 1].as_integer());
        }
        if (name != group) return;
        if (lag) meters().lag.with({source.keys.producer}).set(*lag);
        if (pending) meters().pending.with({source.keys.producer}).set(*pending);
        if (!first.empty()) note_missed(source, received, first.front().id);
    }
    // A stream keeps so many entries: of a pause that is longer than they last, the oldest are cut off before they are received, and nothing else tells
    // of them. A group that has received nothing yet begins with what there is.
    void note_missed(Source& source, const std::string& received, const std::string& first) {
        const EntryPlace last = entry_place(received), next = entry_place(first);
        if (last == EntryPlace{} || next <= last || (next.high == last.high && next.low == last.low + 1) || source.missed_after == received) return;
        source.missed_after = received;
        meters().missed.with({source.keys.producer}).add();
        log::error("events were cut off the stream before they were received",
                   {{"stream", source.keys.stream}, {"received_until", received}, {"first_there_is", first}});
    }

    // ---- reading

    static Task<void> consume(std::shared_ptr<Impl> self, std::shared_ptr<Source> source) {
        std::uint32_t failures = 0;
        auto swept = Steady::now();
        source->reader = std::make_unique<redis::GroupReader>(*self->broker, self->group, self->group,
                                                              std::vector{source->keys.stream, source->keys.replay}, self->options.block);
        while (self->active()) {
            std::string why;
            try {
                if (std::exchange(source->recover, false)) {
                    co_await recover(self, source, Millis(0));
                } else if (Steady::now() - swept > abandoned_after) {
                    swept = Steady::now();
                    co_await recover(self, source, std::chrono::duration_cast<Millis>(abandoned_after));
                } else if (source->lanes.size() >= static_cast<std::size_t>(self->options.window)) {
                    co_await self->wait_on(*source->room, 1s);
                } else {
                    const auto count = static_cast<std::uint32_t>(static_cast<std::size_t>(self->options.window) - source->lanes.size());
                    const auto batches = co_await source->reader->read(count, self->options.block);
                    for (const auto& batch : batches) co_await admit(self, source, &batch, false);
                }
                failures = 0;
            } catch (const std::exception& error) {
                why = error.what();
            }
            if (!self->active()) break;
            if (!why.empty()) {
                if (self->failure.empty()) log::warn("events are not received", {{"producer", source->keys.producer}, {"error", why}});
                source->recover = true; // the group may be gone, and entries may have been read that did not arrive
                const auto wait = resilience::full_jitter(100ms, 5s, failures++, self->random) + 10ms;
                self->failure = why;
                co_await self->wait_on(*source->room, wait);
            } else if (!self->failure.empty()) {
                log::info("events are received again");
                self->failure.clear();
            }
        }
        source->reader.reset();
        --self->readers;
        self->settled.cancel();
    }

    // Entries that were read and not settled: by a process that ended, by one that had lost the lease, or by us when the answer was lost.
    static Task<void> recover(std::shared_ptr<Impl> self, std::shared_ptr<Source> source, Millis min_idle) {
        for (const std::string* stream : {&source->keys.stream, &source->keys.replay}) {
            co_await redis::create_group(*self->broker, *stream, self->group, "0");
            if (stream == &source->keys.stream) co_await look_at(self, source); // before the first that is read hides a gap
            std::string cursor = "0-0";
            do {
                const redis::AutoClaimed claimed = co_await redis::xautoclaim(*self->broker, *stream, self->group, self->group, min_idle, cursor, 100);
                const redis::StreamBatch batch{*stream, claimed.entries};
                co_await admit(self, source, &batch, true);
                cursor = claimed.next;
            } while (cursor != "0-0" && self->active());
        }
    }

    static Task<void> admit(std::shared_ptr<Impl> self, std::shared_ptr<Source> source, const redis::StreamBatch* batch, bool recovered) {
        std::vector<std::string> settled_ids; // what no handler wants
        for (const redis::StreamEntry& entry : batch->entries) {
            const std::string key = batch->stream + " " + entry.id;
            if (source->held.contains(key)) continue;
            const std::string type(entry.get("type").value_or(""));
            const auto handler = source->handlers.find(is_shared(source->keys.producer) ? shared_type(type) : type);
            if (entry.deleted || handler == source->handlers.end()) {
                settled_ids.push_back(entry.id);
                continue;
            }
            Delivery delivery{batch->stream, entry, {}, handler->second, 0, recovered};
            std::string undecodable;
            try {
                delivery.event = decode_event(entry.get("e").value_or(""));
            } catch (const Undecodable& error) {
                undecodable = error.what();
            }
            if (!undecodable.empty()) {
                co_await bury(self, source, &delivery, undecodable);
                continue;
            }
            const Envelope& envelope = delivery.event.envelope;
            source->held.insert(key);
            std::string lane = envelope.project.to_string() + " " + envelope.subject; // before the move that empties it
            source->lanes.add(std::move(lane), std::move(delivery));
        }
        self->pump();
        co_await settle(self, source, batch->stream, std::move(settled_ids));
    }

    // ---- handling

    void pump() {
        const auto now_steady = Steady::now();
        std::optional<Steady::time_point> next;
        for (const auto& source : sources) {
            while (running < options.workers && active()) {
                const auto ready = source->lanes.take(now_steady);
                if (!ready) break;
                ++running;
                const auto self = shared_from_this();
                spawn(io, "event handler", [self, source, lane = ready->lane, item = ready->item] { return handle(self, source, lane, item); });
            }
            if (const auto at = source->lanes.next(); at && (!next || *at < *next)) next = at;
        }
        if (!next || running >= options.workers) return; // the end of a handler pumps
        retry.expires_at(*next);
        const auto self = shared_from_this();
        retry.async_wait([self](const boost::system::error_code& cancelled) {
            if (!cancelled && self->active()) self->pump();
        });
    }

    static Task<void> handle(std::shared_ptr<Impl> self, std::shared_ptr<Source> source, std::string lane, Delivery* delivery) {
        std::exception_ptr thrown;
        bool duplicate = false;
        try {
            if (delivery->recovered) co_await count_recovery(self, source, delivery);
            duplicate = co_await take_effect(self, delivery);
        } catch (...) {
            thrown = std::current_exception();
        }
        std::optional<Steady::duration> again;
        std::string reason;
        if (thrown) reason = self->judge(*source, *delivery, thrown, again);
        if (again) {
            source->lanes.retry(lane, Steady::now() + *again);
        } else {
            // Dead or done; settled in Redis first, so that an entry leaves `held` only when it cannot come back as new.
            if (!reason.empty())
                co_await bury(self, source, delivery, reason);
            else if (!self->lost)
                co_await settle_one(self, source, delivery);
            const std::string outcome = self->lost ? "lost" : !reason.empty() ? "dead"
                                                          : duplicate         ? "duplicate"
                                                                              : "done";
            meters().handled.with({source->keys.producer, outcome}).add();
            source->held.erase(delivery->stream + " " + delivery->entry.id);
            source->lanes.done(lane);
            source->room->cancel();
        }
        --self->running;
        self->settled.cancel();
        self->pump();
    }

    // True if the event had taken effect before.
    static Task<bool> take_effect(std::shared_ptr<Impl> self, Delivery* delivery) {
        bool duplicate = false;
        Envelope envelope = delivery->event.envelope;
        envelope.attempt = delivery->failures + 1;
        log::Scope scope;
        scope.project = envelope.project.to_string();
        if (const auto parent = trace::parse_traceparent(envelope.traceparent)) scope.trace_id = parent->trace_id_text();
        if (!self->token) throw LeaseLost();
        const std::int64_t token = *self->token;
        std::function<void(Tx&)> work = [&](Tx& tx) {
            const log::ScopeGuard guard(scope);
            duplicate = false;
            const InboxKey key{self->group, envelope.id, token, tx.now()};
            if (tx.exec(note_event, key) == 0) {
                if (!tx.maybe(is_ours, token)) throw LeaseLost();
                duplicate = true;
                return;
            }
            delivery->handler->run(tx, envelope, delivery->event.data);
        };
        pg::Run how;
        how.scope = pg::Scope::project(envelope.project, "event:" + envelope.type);
        how.traceparent = envelope.traceparent;
        co_await self->database.run(std::move(how), std::move(work));
        co_return duplicate;
    }

    // What became of an attempt that threw: `again` after that time, or dead for the reason returned.
    std::string judge(const Source& source, Delivery& delivery, const std::exception_ptr& thrown, std::optional<Steady::duration>& again) {
        const AfterFailure after = after_failure(thrown, delivery.failures, options.attempts);
        const auto pause = resilience::full_jitter(options.retry_base, options.retry_cap, static_cast<std::uint32_t>(delivery.failures), random);
        if (after.counted) ++delivery.failures;
        if (after.next == AfterFailure::Next::not_ours) {
            lost = true;
            beat.cancel();
            return {};
        }
        if (after.next == AfterFailure::Next::dead_letters) return after.why;
        again = pause + (after.counted ? Millis(0) : Millis(100));
        meters().retries.with({source.keys.producer}).add();
        log::warn("an event will be handled again",
                  {{"type", delivery.event.envelope.type}, {"event", delivery.event.envelope.id}, {"attempt", delivery.failures}, {"error", after.why}});
        return {};
    }

    // An event whose handling ends the process is found out by being under way each time: counted where it survives that.
    static Task<void> count_recovery(std::shared_ptr<Impl> self, std::shared_ptr<Source> source, Delivery* delivery) {
        redis::Command count{"HINCRBY", source->keys.attempts, delivery->entry.id, 1};
        const redis::Value reply = co_await self->broker->command(std::move(count));
        if (reply.as_integer() > self->options.attempts)
            throw Undecodable("the process ended " + std::to_string(self->options.attempts) + " times while it was being handled");
    }

    // ---- settling

    static Task<void> settle_one(std::shared_ptr<Impl> self, std::shared_ptr<Source> source, Delivery* delivery) {
        if (delivery->recovered) {
            redis::Command forget{"HDEL", source->keys.attempts, delivery->entry.id};
            try {
                co_await self->broker->command(std::move(forget));
            } catch (const redis::Error&) { // a count too many for an id that does not come again
            }
        }
        std::vector<std::string> ids{delivery->entry.id};
        co_await settle(self, source, delivery->stream, std::move(ids));
    }

    static Task<void> settle(std::shared_ptr<Impl> self, std::shared_ptr<Source> source, std::string stream, std::vector<std::string> ids) {
        if (ids.empty()) co_return;
        std::vector<redis::Command> commands;
        commands.push_back(redis::Command{"XACK", stream, self->group});
        commands.back().add_all(ids);
        if (stream == source->keys.replay) { // ours alone
            commands.push_back(redis::Command{"XDEL", stream});
            commands.back().add_all(ids);
        }
        try {
            co_await self->broker->pipeline(std::move(commands));
        } catch (const redis::Error&) {
            source->recover = true; // they come once more, and are known by the inbox
        }
    }

    static Task<void> bury(std::shared_ptr<Impl> self, std::shared_ptr<Source> source, Delivery* delivery, std::string reason) {
        log::error("an event goes to the dead letters", {{"producer", source->keys.producer},
                                                         {"entry", delivery->entry.id},
                                                         {"event", delivery->entry.get("id").value_or("")},
                                                         {"type", delivery->entry.get("type").value_or("")},
                                                         {"reason", reason}});
        auto commands = burial(source->keys, delivery->stream, delivery->entry, reason, delivery->failures, now());
        try {
            co_await self->broker->transaction(std::move(commands));
        } catch (const redis::Error&) {
            source->recover = true;
        }
    }
};

Consumers::Consumers(boost::asio::io_context& io, pg::Database& database, std::shared_ptr<redis::Client> redis, std::string service,
                     std::vector<Handler> handlers, ConsumerOptions options)
    : impl_(std::make_shared<Impl>(io, database, std::move(redis), service, std::move(handlers), options)) {}

// A waiting read is held by its connection, and holds it: it would outlive the loop.
Consumers::~Consumers() { impl_->stop(); }

void Consumers::start() {
    if (std::exchange(impl_->started, true)) return;
    spawn(impl_->io, "event consumers", [impl = impl_] { return Impl::loop(impl); });
}

Task<void> Consumers::drain(std::chrono::steady_clock::time_point deadline) {
    const auto impl = impl_;
    impl->stop();
    while (impl->looping && Steady::now() < deadline) {
        const Steady::duration tick = std::min<Steady::duration>(deadline - Steady::now(), 1s);
        co_await impl->wait_on(impl->settled, tick);
    }
}

std::optional<std::string> Consumers::problem() const {
    if (impl_->failure.empty()) return std::nullopt;
    return "events are not received: " + impl_->failure;
}

Task<std::vector<DeadLetter>> Consumers::dead_letters(std::size_t limit) {
    const auto impl = impl_;
    std::vector<DeadLetter> letters;
    for (const auto& source : impl->sources) {
        if (letters.size() >= limit) break;
        const auto more = co_await read_dead_letters(impl->broker, source->keys, limit - letters.size());
        letters.insert(letters.end(), more.begin(), more.end());
    }
    co_return letters;
}

Task<std::int64_t> Consumers::replay(std::string id) {
    const auto impl = impl_;
    std::int64_t count = 0;
    for (const auto& source : impl->sources) {
        const std::int64_t moved = co_await replay_dead_letters(impl->broker, source->keys, id);
        count += moved;
    }
    co_return count;
}

} // namespace gravity::events
