#include "events/append.hpp"
#include "events/shared.hpp"
#include "events/stream_keys.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/events/relay.hpp>
#include <gravity/log/log.hpp>
#include <gravity/metrics/metrics.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/redis/client.hpp>
#include <gravity/redis/error.hpp>
#include <gravity/resilience/backoff.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <random>

namespace gravity::events {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr auto append_timeout = 5s;
constexpr auto backoff_base = 200ms;
constexpr auto backoff_cap = 5s;
constexpr auto busy_pause = 100ms; // another replica publishes at the moment

struct RelayMeters {
    metrics::Counter published = metrics::counter("gravity_events_published_total", "Events published").with({});
    metrics::Counter again = metrics::counter("gravity_events_republished_total", "Events published again because the stream had lost them").with({});
    metrics::Counter lost = metrics::counter("gravity_events_gaps_total", "Gaps in the stream that could not be filled").with({});
    metrics::Gauge waiting = metrics::gauge("gravity_events_unpublished", "Events in the outbox that are not published, 10001 for more").with({});
    metrics::Gauge oldest = metrics::gauge("gravity_events_oldest_unpublished_seconds", "Age of the oldest of them").with({});
};
RelayMeters& relay_meters() {
    static RelayMeters all;
    return all;
}

struct NoLongerPublisher : std::runtime_error {
    NoLongerPublisher() : std::runtime_error("another replica publishes now") {}
};

} // namespace

std::string stream_of(std::string_view service) { return "gravity:events:{" + id_of(service) + "}"; }
std::string source_of(std::string_view service) { return "urn:gravity:service:" + std::string(service); }

struct Relay::Impl : std::enable_shared_from_this<Impl> {
    boost::asio::io_context& io;
    pg::Database& database;
    std::shared_ptr<redis::Client> broker;
    std::string stream, source;
    RelayOptions options;
    Lease lease{"relay"};
    Uuid holder = Uuid::v4();
    boost::asio::steady_timer pause;
    boost::asio::steady_timer ended;
    std::optional<std::int64_t> token;
    std::string failure;
    bool started = false, looping = false, stopping = false;
    std::uint64_t connects = 0; // of the connection that the stream was compared on
    bool due = true; // something may be unpublished; after a start nobody knows
    std::atomic<bool> posted{false};
    std::mt19937_64 random{std::random_device{}()};

    Impl(boost::asio::io_context& context, pg::Database& store, std::shared_ptr<redis::Client> client, const std::string& service, RelayOptions opts)
        : io(context),
          database(store),
          broker(std::move(client)),
          stream(stream_of(service)),
          source(source_of(service)),
          options(opts),
          pause(context),
          ended(context) {}

    void wake() {
        if (posted.exchange(true)) return;
        const auto self = shared_from_this();
        boost::asio::post(io, [self] {
            self->posted = false;
            self->due = true;
            self->pause.cancel();
        });
    }

    Task<void> transaction(const std::function<void(Tx&)>& work) {
        pg::Run how;
        how.scope = pg::Scope::system("event relay");
        std::function<void(Tx&)> copy = work;
        co_await database.run(std::move(how), std::move(copy));
    }

    static Task<void> loop(std::shared_ptr<Impl> self) {
        std::uint32_t failures = 0;
        self->looping = true;
        while (!self->stopping || self->due) {
            Millis wait = self->options.poll;
            std::string why;
            try {
                if (!self->due) co_await look(self);
                if (self->due) wait = co_await publish(self);
                failures = 0;
            } catch (const std::exception& error) {
                why = error.what();
            }
            if (!why.empty()) {
                if (self->failure.empty()) log::warn("events are not published", {{"error", why}});
                self->due = true;
                co_await give_back(self);
                if (self->stopping) break;
                wait = std::chrono::ceil<Millis>(resilience::full_jitter(backoff_base, backoff_cap, failures++, self->random)) + 10ms;
            } else if (!self->failure.empty()) {
                log::info("events are published again");
            }
            self->failure = why;
            if (self->stopping) continue; // the drain woke a pause that had not begun yet
            if (self->due && why.empty() && wait == self->options.poll) continue; // committed meanwhile
            self->pause.expires_after(wait);
            boost::system::error_code cancelled;
            co_await self->pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
            // Whoever commits while Redis is away must not make the relay ask again and again.
            if (!why.empty() && cancelled && !self->stopping) {
                self->pause.expires_after(wait);
                co_await self->pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
            }
        }
        self->looping = false;
        self->ended.cancel();
    }

    // What another replica left.
    static Task<void> look(std::shared_ptr<Impl> self) {
        Backlog waiting;
        const std::function<void(Tx&)> work = [&](Tx& tx) { waiting = backlog(tx); };
        co_await self->transaction(work);
        relay_meters().waiting.set(static_cast<double>(waiting.count));
        relay_meters().oldest.set(waiting.oldest ? (now() - *waiting.oldest).as_seconds() : 0);
        // A connection that is new may lead to a Redis that lost something, though nothing is to be published at the moment.
        self->due = waiting.count > 0 || self->broker->stats().connects != self->connects;
    }

    // Where the stream ends; asked once for each connection.
    static Task<Place> compare(std::shared_ptr<Impl> self) {
        std::vector<std::string> keys{self->stream}, arguments{"0", "0", "0"}; // no events: only the place is answered
        const auto deadline = Steady::now() + append_timeout;
        const redis::Value reply = co_await self->broker->eval(append_script, std::move(keys), std::move(arguments), deadline);
        self->connects = self->broker->stats().connects;
        co_return parse_appended(reply).top;
    }

    // One turn: until nothing is left. How long to wait then.
    static Task<Millis> publish(std::shared_ptr<Impl> self) {
        const Duration length = Duration::milliseconds(self->options.lease.count());
        std::vector<Outgoing> batch;
        std::optional<std::int64_t> token;
        std::optional<Place> top;
        std::int64_t lost = 0;
        if (self->broker->stats().connects != self->connects) top = co_await compare(self);
        const std::function<void(Tx&)> begin = [&](Tx& tx) {
            token = self->lease.take(tx, self->holder, length);
            if (token && top) lost = publish_again_after(tx, *top);
            batch = token ? next_batch(tx, self->source, self->options.batch) : std::vector<Outgoing>();
        };
        co_await self->transaction(begin);
        if (!token) {
            if (self->stopping) self->due = false; // the other one has been told that there is more
            co_return std::chrono::duration_cast<Millis>(busy_pause);
        }
        self->token = token;
        self->due = false;
        if (lost > 0) self->report({Appended::Kind::gap, *top, 0, 0}, lost, batch, false);
        bool allow_gap = false;
        while (true) {
            Appended appended;
            if (!batch.empty()) {
                co_await share(self, &batch);
                appended = co_await append(self, &batch, allow_gap);
            }
            bool wanted = false;
            std::int64_t again = 0;
            std::vector<Outgoing> next;
            const std::function<void(Tx&)> go_on = [&](Tx& tx) {
                if (!self->lease.renew(tx, *token, length)) throw NoLongerPublisher();
                if (appended.kind == Appended::Kind::gap) again = publish_again_after(tx, appended.top);
                if (appended.kind == Appended::Kind::other_epoch) begin_epoch(tx, appended.top.epoch);
                if (appended.kind == Appended::Kind::done && !batch.empty())
                    mark_published(tx, {batch.front().epoch, batch.front().sequence}, batch.back().sequence);
                next = next_batch(tx, self->source, self->options.batch);
                wanted = next.empty() && self->lease.give_back(tx, *token);
            };
            co_await self->transaction(go_on);
            self->report(appended, again, batch, allow_gap);
            allow_gap = appended.kind == Appended::Kind::gap && again == 0;
            batch = std::move(next);
            if (batch.empty()) {
                self->token.reset();
                self->due = self->due || wanted;
                relay_meters().waiting.set(0);
                relay_meters().oldest.set(0);
                co_return self->options.poll;
            }
        }
    }

    // Before the stream itself, so that a Redis that loses its last writes shows it there and is given both again. Whoever hears them knows them by their
    // ids: they come once more whenever a batch is sent again.
    static Task<void> share(std::shared_ptr<Impl> self, const std::vector<Outgoing>* batch) {
        std::vector<redis::Command> commands;
        for (const Outgoing& event : *batch) {
            const SharedEvent* const shared = shared_event(event.type);
            if (shared == nullptr) continue;
            commands.push_back(redis::Command{"XADD", stream_of(shared->producer), "MAXLEN", "~", std::to_string(self->options.stream_length), "*", "id",
                                              event.id, "type", event.type, "project", event.project, "e", event.document});
        }
        if (commands.empty()) co_return;
        const std::vector<redis::Value> replies = co_await self->broker->pipeline(std::move(commands));
        for (const redis::Value& reply : replies)
            if (reply.is_error()) throw redis::Error(redis::ErrorKind::server, reply.text);
    }

    static Task<Appended> append(std::shared_ptr<Impl> self, const std::vector<Outgoing>* batch, bool allow_gap) {
        std::vector<std::string> keys{self->stream};
        std::vector<std::string> arguments = append_arguments(*batch, self->options.stream_length, allow_gap);
        const auto deadline = Steady::now() + append_timeout;
        const redis::Value reply = co_await self->broker->eval(append_script, std::move(keys), std::move(arguments), deadline);
        co_return parse_appended(reply);
    }

    void report(const Appended& appended, std::int64_t again, const std::vector<Outgoing>& batch, bool allowed_gap) {
        if (appended.added > 0) relay_meters().published.add(static_cast<double>(appended.added));
        if (allowed_gap && appended.kind == Appended::Kind::done) {
            relay_meters().lost.add();
            log::error("events are missing in the stream: they were published longer ago than the outbox keeps them",
                       {{"stream", stream}, {"first_there_is", batch.front().sequence}});
        }
        if (appended.kind == Appended::Kind::gap && again > 0) {
            relay_meters().again.add(static_cast<double>(again));
            log::warn("the stream has lost events; they are published again", {{"stream", stream}, {"count", again}, {"ends_at", appended.top.sequence}});
        }
        if (appended.kind == Appended::Kind::other_epoch)
            log::warn("the stream holds other events under our numbers: the database was restored, or two databases publish as one service; a new epoch begins",
                      {{"stream", stream}, {"stream_epoch", appended.top.epoch}});
    }

    static Task<void> give_back(std::shared_ptr<Impl> self) {
        if (!self->token) co_return;
        const std::int64_t token = *std::exchange(self->token, std::nullopt);
        const std::function<void(Tx&)> work = [&](Tx& tx) { self->lease.give_back(tx, token); };
        try {
            co_await self->transaction(work);
        } catch (const std::exception& error) { // then it runs out
            log::debug("the relay's lease could not be given back", {{"error", error.what()}});
        }
    }
};

Relay::Relay(boost::asio::io_context& io, pg::Database& database, std::shared_ptr<redis::Client> redis, std::string service, RelayOptions options)
    : impl_(std::make_shared<Impl>(io, database, std::move(redis), service, options)) {}

Relay::~Relay() = default;

void Relay::start() {
    if (std::exchange(impl_->started, true)) return;
    spawn(impl_->io, "event relay", [impl = impl_] { return Impl::loop(impl); });
}

void Relay::wake() { impl_->wake(); }

Task<void> Relay::drain(std::chrono::steady_clock::time_point deadline) {
    const auto impl = impl_;
    impl->stopping = true;
    impl->pause.cancel();
    while (impl->looping && Steady::now() < deadline) {
        impl->ended.expires_at(deadline);
        boost::system::error_code cancelled;
        co_await impl->ended.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }
}

std::optional<std::string> Relay::problem() const {
    if (impl_->failure.empty()) return std::nullopt;
    return "events wait in the outbox: " + impl_->failure;
}

} // namespace gravity::events
