#pragma once

#include <gravity/async/coroutine.hpp>
#include <gravity/events/consumers.hpp>
#include <gravity/events/relay.hpp>
#include <gravity/model.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/redis/client.hpp>
#include <gravity/redis/streams.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/postgres.hpp>
#include <gravity/testkit/redis.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

/// Processes of a service "maker" that publishes and of a service "taker" that consumes, on a real PostgreSQL and Redis.
namespace gravity::events::test {

using namespace std::chrono_literals;
using testkit::until;

constexpr pg::Migration migrations[] = {{"0001_effects", R"sql(
    create table effect (id bigint generated always as identity primary key, project uuid, event text not null, subject text not null, n bigint not null);
    call gravity.isolate('effect');
    create table part (id uuid primary key, project uuid, whole uuid references part, effect bigint references effect);
    call gravity.isolate('part');)sql"}};

struct Counted {
    static constexpr Event event{"gravity.maker.count.counted"};
    std::string id; // the subject
    std::int64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Counted, (), (id, n))
struct Ignored {
    static constexpr Event event{"gravity.maker.count.ignored"};
    std::string id;
};
BOOST_DESCRIBE_STRUCT(Ignored, (), (id))

/// As every service publishes it, and heard of all of them.
struct Erased {
    std::string id;
    std::int64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Erased, (), (id, n))
struct AnyErased : Erased {
    static constexpr Event event{"gravity.*.erasure.completed"};
};
BOOST_DESCRIBE_STRUCT(AnyErased, (Erased), ())

struct Effect {
    std::string event;
    std::string subject;
    std::int64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Effect, (), (event, subject, n))
inline const Sql<void(Effect)> insert_effect{"effect.insert", "insert into effect (event, subject, n) values ($event, $subject, $n)"};

inline Handler counted(std::function<void(Tx&, const Received<Counted>&)> work) {
    Handler base = handler<Counted>(nullptr);
    return {base.type, [work](Tx& tx, const Envelope& envelope, const Json& data) {
                Received<Counted> received;
                static_cast<Envelope&>(received) = envelope;
                meta::Errors errors;
                json::decode(data, meta::mutable_ref(received.data), errors, json::Unknown::ignore);
                if (!errors.empty()) throw Undecodable(errors.to_string());
                work(tx, received);
            }};
}
inline void note_erased(Tx& tx, const Received<AnyErased>& e) { tx.exec(insert_effect, Effect{e.id, e.source, e.data.n}); }
inline void note(Tx& tx, const Received<Counted>& e) { tx.exec(insert_effect, Effect{e.id, e.subject, e.data.n}); }

class Process {
    testkit::Loop loop_;

public:
    boost::asio::io_context& io = loop_.io();
    std::unique_ptr<pg::Database> database;
    std::shared_ptr<redis::Client> broker;
    std::unique_ptr<Relay> relay;
    std::unique_ptr<Consumers> consumers;

    Process(const std::string& store, const std::string& redis_url) {
        pg::Options options;
        options.url = store;
        options.on_written = [this](pg::Written written) {
            if (written.events && relay) relay->wake();
        };
        database = std::make_unique<pg::Database>(std::move(options), io);
        redis::Options quick;
        quick.backoff_base = 1ms;
        quick.backoff_cap = 50ms;
        broker = std::make_shared<redis::Client>(io, redis_url, quick);
    }
    ~Process() { kill(); }

    Process& publishes(RelayOptions options = {.poll = 50ms}, const std::string& as = "maker") {
        relay = std::make_unique<Relay>(io, *database, broker, as, options);
        relay->start();
        return *this;
    }
    Process& consumes(std::vector<Handler> handlers, ConsumerOptions options = quick()) {
        consumers = std::make_unique<Consumers>(io, *database, broker, "taker", std::move(handlers), options);
        consumers->start();
        return *this;
    }
    static ConsumerOptions quick() {
        ConsumerOptions options;
        options.block = 100ms;
        options.lease = 600ms;
        options.retry_base = 1ms;
        options.retry_cap = 20ms;
        options.attempts = 3;
        return options;
    }
    Process& start() {
        loop_.start();
        return *this;
    }
    /// At once, as kill -9 does; only a transaction that a worker is in ends first.
    void kill() {
        loop_.stop();
        broker->close(); // what waits for it holds it
        database.reset();
    }
    /// Runs a coroutine on the I/O thread and waits for it.
    template <class T>
    T await(std::function<Task<T>()> coroutine) {
        return loop_.await(std::move(coroutine));
    }
    void drain(std::chrono::seconds within = 20s) {
        await<void>([this, within] { return drain_all(within); });
        kill();
    }

    void in(ProjectId project, const std::function<void(Tx&)>& work) {
        pg::Run run;
        run.scope = pg::Scope::project(project, "tester");
        database->run_blocking(run, work);
    }
    void count(ProjectId project, const std::string& subject, std::int64_t n) {
        in(project, [&](Tx& tx) { tx.emit(Counted{subject, n}); });
    }

    void erase(ProjectId project, const std::string& service, std::int64_t n) {
        in(project, [&](Tx& tx) { tx.emit_as("gravity." + service + ".erasure.completed", Erased{"request-" + std::to_string(n), n}); });
    }

private:
    Task<void> drain_all(std::chrono::seconds within) {
        const auto deadline = std::chrono::steady_clock::now() + within;
        if (consumers) co_await consumers->drain(deadline);
        if (relay) co_await relay->drain(deadline);
    }
};

class EventsTest : public testing::Test {
protected:
    testkit::TestDatabase store{migrations};
    ProjectId ours = ProjectId::fresh(), theirs = ProjectId::fresh();
    const std::string stream = stream_of("maker"), shared = stream_of("*");

    std::unique_ptr<Process> make(const testkit::TestRedis& redis) { return std::make_unique<Process>(store.url(), redis.url()); }

    void until_published() {
        until([&] { return store.admin("select count(*) from gravity.outbox where published_at is null") == "0"; });
    }
    void until_effects(int count) {
        until([&] { return store.admin("select count(*) from effect") == std::to_string(count); });
    }
    /// The stream as it is: entry ids, and the documents.
    struct Entry {
        std::string place;
        Json document;
    };
    std::vector<Entry> entries(Process& process) { return entries(process, stream); }
    std::vector<Entry> entries(Process& process, const std::string& of) {
        const auto found = process.await<std::vector<redis::StreamEntry>>([&] { return range(process.broker, of); });
        std::vector<Entry> out;
        for (const auto& entry : found) out.push_back({entry.id, Json::parse(entry.get("e").value_or("null")).or_throw()});
        return out;
    }
    static Task<std::vector<redis::StreamEntry>> range(std::shared_ptr<redis::Client> client, std::string key) {
        redis::Command command{"XRANGE", key, "-", "+"};
        const redis::Value reply = co_await client->command(std::move(command));
        co_return redis::parse_entries(reply);
    }
    static std::int64_t number_of(const std::string& place) { return std::stoll(place.substr(place.find('-') + 1)); }
    static std::int64_t epoch_of(const std::string& place) { return std::stoll(place); }

    /// Every event of the outbox is in the stream once, numbered without a gap, and each subject's numbers `n` rise.
    void expect_whole(Process& process, std::size_t count) {
        const auto found = entries(process);
        ASSERT_EQ(found.size(), count);
        std::set<std::string> ids;
        std::map<std::string, std::int64_t> last;
        for (std::size_t i = 0; i < found.size(); ++i) {
            EXPECT_EQ(number_of(found[i].place), static_cast<std::int64_t>(i) + 1);
            EXPECT_TRUE(ids.insert(found[i].document.find("id")->as_string()).second);
            const std::string subject = found[i].document.find("subject")->as_string();
            const auto n = found[i].document.at_pointer("/data/n")->as_integer();
            if (last.contains(subject)) {
                EXPECT_GT(n, last[subject]) << subject;
            }
            last[subject] = n;
        }
    }
};

} // namespace gravity::events::test
