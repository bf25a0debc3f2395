#include "support.hpp"

#include <gravity/trace/buffer.hpp>
#include <gravity/trace/span.hpp>

namespace gravity::redis::test {
namespace {

class RedisClient : public ::testing::Test {
protected:
    Server server;
    Loop loop;

    /// Until commands of `client` go out over a connection.
    void connect(Client& client) {
        loop.until([&] { return client.connected(); });
    }
};

TEST_F(RedisClient, SpeaksEveryKindOfReply) {
    Client client(loop.io, server.url(), options());
    EXPECT_EQ(loop.wait(client.command(Command{"SET", "k", "v"})), Value::of_status("OK"));
    EXPECT_EQ(loop.wait(client.command(Command{"GET", "k"})), Value::of_string("v"));
    EXPECT_TRUE(loop.wait(client.command(Command{"GET", "none"})).is_nil());
    EXPECT_EQ(loop.wait(client.command(Command{"INCRBY", "n", 41})), Value::of_integer(41));
    loop.wait(client.command(Command{"RPUSH", "l", "a", "b"}));
    EXPECT_EQ(loop.wait(client.command(Command{"LRANGE", "l", 0, -1})),
              Value::of_array({Value::of_string("a"), Value::of_string("b")}));
    Error error = loop.error_of(client.command(Command{"INCR", "l"}));
    EXPECT_EQ(error.kind(), ErrorKind::server);
    EXPECT_EQ(error.code(), "WRONGTYPE");
    EXPECT_FALSE(error.maybe_executed());
    EXPECT_TRUE(client.connected());
    EXPECT_EQ(client.last_error(), "");
    EXPECT_EQ(client.stats().commands, 7u);
    EXPECT_EQ(client.stats().pending, 0u);
}

TEST_F(RedisClient, TellsATraceOfEachCall) {
    const auto kept = std::make_shared<trace::Buffer>(100);
    trace::set_buffer(kept);
    Client client(loop.io, server.url(), options());
    const trace::Context asker = trace::new_trace(1);
    {
        Client traced = client.in_trace(trace::format_traceparent(asker));
        loop.wait(traced.command(Command{"SET", "secret-key", "secret-value"}));
        loop.wait(traced.pipeline({Command{"GET", "secret-key"}, Command{"INCR", "secret-key"}}));
        loop.wait(traced.transaction({Command{"GET", "secret-key"}, Command{"GET", "secret-key"}}));
        const Script script("return ARGV[1]");
        EXPECT_EQ(loop.wait(traced.eval(script, {"secret-key"}, {"x"})).text, "x"); // which the server does not know yet: no failure
        loop.error_of(traced.command(Command{"LPOP", "secret-key"}));
    }
    EXPECT_EQ(loop.wait(client.command(Command{"GET", "secret-key"})).text, "secret-value") << "the guest has left the connection alone";
    Client unsampled = client.in_trace(trace::format_traceparent(trace::new_trace(0)));
    loop.wait(unsampled.command(Command{"PING"}));
    Client untraced = client.in_trace("");
    loop.wait(untraced.command(Command{"PING"}));
    trace::set_buffer(nullptr);

    const auto spans = kept->take(100);
    std::string told;
    for (const auto& span : spans) {
        EXPECT_EQ(span.parent, asker.span_id);
        EXPECT_EQ(span.kind, trace::Kind::client);
        told += span.name + (span.failed ? " failed with " + span.failure : "") + "; ";
        for (const auto& attribute : span.attributes) {
            const auto* text = std::get_if<std::string>(&attribute.value);
            EXPECT_TRUE(text == nullptr || text->find("secret") == std::string::npos);
        }
    }
    EXPECT_EQ(told, "SET; PIPELINE failed with ERR; MULTI; EVALSHA; LPOP failed with WRONGTYPE; ");
}

TEST_F(RedisClient, TellsATraceOfCallsThatGetNoAnswer) {
    const auto kept = std::make_shared<trace::Buffer>(100);
    trace::set_buffer(kept);
    Client client(loop.io, server.url(), options());
    Client traced = client.in_trace(trace::format_traceparent(trace::new_trace(1)));
    client.close();
    EXPECT_EQ(loop.error_of(traced.command(Command{"PING"})).kind(), ErrorKind::closed);
    trace::set_buffer(nullptr);
    const auto spans = kept->take(10);
    ASSERT_EQ(spans.size(), 1u);
    EXPECT_EQ(spans[0].failure, "closed");
}

TEST_F(RedisClient, CarriesBytesOfAnyKindAndSize) {
    Client client(loop.io, server.url(), options());
    std::string bytes;
    for (int i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(i * 7);
    loop.wait(client.command(Command{"SET", bytes.substr(0, 300), bytes}));
    EXPECT_EQ(loop.wait(client.command(Command{"GET", bytes.substr(0, 300)})).text, bytes);
}

TEST_F(RedisClient, AnswersCallersInOrderOverOneConnection) {
    Client client(loop.io, server.url(), options());
    std::vector<std::shared_ptr<Pending<Value>>> calls;
    for (int i = 0; i < 5000; ++i) calls.push_back(loop.start(client.command(Command{"ECHO", i})));
    for (int i = 0; i < 5000; ++i) ASSERT_EQ(loop.wait(calls[static_cast<std::size_t>(i)]).text, std::to_string(i));
    EXPECT_EQ(client.stats().connects, 1u);
}

TEST_F(RedisClient, PipelineKeepsErrorsAsValues) {
    Client client(loop.io, server.url(), options());
    auto replies = loop.wait(client.pipeline({Command{"SET", "a", "x"}, Command{"INCR", "a"}, Command{"GET", "a"}}));
    ASSERT_EQ(replies.size(), 3u);
    EXPECT_TRUE(replies[0].is_status("OK"));
    EXPECT_EQ(replies[1].error_code(), "ERR");
    EXPECT_EQ(replies[2].text, "x");
    EXPECT_EQ(loop.error_of(client.pipeline({})).kind(), ErrorKind::usage);
}

TEST_F(RedisClient, TransactionIsAllOrNothing) {
    Client client(loop.io, server.url(), options());
    auto replies =
        loop.wait(client.transaction({Command{"SET", "t", "text"}, Command{"INCR", "t"}, Command{"APPEND", "t", "!"}}));
    ASSERT_EQ(replies.size(), 3u);
    EXPECT_TRUE(replies[1].is_error()); // at run time: Redis does not roll back
    EXPECT_EQ(replies[2].integer, 5);
    Error error = loop.error_of(client.transaction({Command{"SET", "t", "changed"}, Command{"NOSUCHCOMMAND"}}));
    EXPECT_EQ(error.code(), "ERR");
    EXPECT_NE(std::string(error.what()).find("unknown command"), std::string::npos);
    EXPECT_EQ(loop.wait(client.command(Command{"GET", "t"})).text, "text!");
}

TEST_F(RedisClient, ScriptsAreLearntByTheServerOnce) {
    Client client(loop.io, server.url(), options());
    const Script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    EXPECT_EQ(loop.wait(client.eval(add, {"s"}, {"5"})).integer, 5);
    EXPECT_EQ(loop.wait(client.eval(add, {"s"}, {"5"})).integer, 10);
    auto info = loop.wait(client.command(Command{"INFO", "commandstats"})).text;
    EXPECT_NE(info.find("cmdstat_evalsha:calls=2"), std::string::npos) << info;
    EXPECT_NE(info.find("cmdstat_eval:calls=1"), std::string::npos) << info;
    loop.wait(client.command(Command{"SCRIPT", "FLUSH"}));
    EXPECT_EQ(loop.wait(client.eval(add, {"s"}, {"5"})).integer, 15);
    EXPECT_EQ(loop.error_of(client.eval(Script("return redis.error_reply('MINE no')"), {}, {})).code(), "MINE");
}

TEST_F(RedisClient, RefusesWhatASharedConnectionCannotCarry) {
    Client client(loop.io, server.url(), options());
    for (const Command& command :
         {Command{"SUBSCRIBE", "c"}, Command{"blpop", "l", 0}, Command{"SELECT", 1}, Command{"MULTI"},
          Command{"XREAD", "BLOCK", 0, "STREAMS", "s", "$"}, Command{"CLIENT", "REPLY", "OFF"}}) {
        Error error = loop.error_of(client.command(command));
        EXPECT_EQ(error.kind(), ErrorKind::usage) << command.args()[0];
        EXPECT_FALSE(error.maybe_executed());
    }
    EXPECT_EQ(client.stats().commands, 0u);
}

TEST_F(RedisClient, LateReplyIsDiscardedAndTheNextOneIsRight) {
    Client client(loop.io, server.url(), options());
    connect(client);
    auto slow = loop.start(client.command(Command{"DEBUG", "SLEEP", 0.3}, in(20ms)));
    auto behind = loop.start(client.command(Command{"ECHO", "behind"}));
    Error error = loop.error_of(slow);
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_TRUE(error.maybe_executed());
    EXPECT_EQ(loop.wait(behind).text, "behind");
    EXPECT_EQ(client.stats().late, 1u);
    EXPECT_EQ(client.stats().connects, 1u);
}

TEST_F(RedisClient, UnwrittenCallFailsAsNotExecutedAtItsDeadline) {
    server.kill();
    Client client(loop.io, server.url(), options());
    Error error = loop.error_of(client.command(Command{"INCR", "n"}, in(50ms)));
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_FALSE(error.maybe_executed());
    EXPECT_NE(std::string(error.what()).find(server.socket()), std::string::npos) << error.what();
    EXPECT_FALSE(client.connected());
    EXPECT_NE(client.last_error(), "");
}

TEST_F(RedisClient, KilledServerFailsWhatWasWrittenAndRestartServesWhatWaits) {
    Client client(loop.io, server.url(), options());
    connect(client);
    server.stop(); // it takes the bytes and does not answer: written for certain
    auto written = loop.start(client.command(Command{"INCR", "n"}));
    loop.until([&] { return client.stats().in_flight == 1; });
    server.kill();
    Error error = loop.error_of(written);
    EXPECT_EQ(error.kind(), ErrorKind::connection_lost);
    EXPECT_TRUE(error.maybe_executed());

    auto waiting = loop.start(client.command(Command{"INCR", "n"}));
    loop.until([&] { return !client.connected(); });
    server.start();
    EXPECT_EQ(loop.wait(waiting).integer, 1); // once, on the new server
    EXPECT_EQ(client.stats().connects, 2u);
}

TEST_F(RedisClient, SurvivesManyKills) {
    Client client(loop.io, server.url(), options());
    for (int round = 0; round < 5; ++round) {
        std::vector<std::shared_ptr<Pending<Value>>> calls;
        for (int i = 0; i < 200; ++i) calls.push_back(loop.start(client.command(Command{"ECHO", round * 1000 + i})));
        loop.until([&] { return calls[20]->done; });
        server.kill();
        server.start();
        int answered = 0;
        for (int i = 0; i < 200; ++i) {
            try {
                ASSERT_EQ(loop.wait(calls[static_cast<std::size_t>(i)]).text, std::to_string(round * 1000 + i));
                ++answered;
            } catch (const Error& error) {
                EXPECT_EQ(error.kind(), ErrorKind::connection_lost);
                EXPECT_TRUE(error.maybe_executed());
            }
        }
        EXPECT_GT(answered, 20);
    }
    EXPECT_EQ(client.stats().pending, 0u);
}

TEST_F(RedisClient, WaitsWhileTheServerLoads) {
    Server loading(
        {"key-load-delay 20", "loading-process-events-interval-bytes 1024", "appendonly yes", "appendfsync always"});
    bool seen_loading = false;
    Options told = options();
    told.on_event = [&](const Event& event) {
        seen_loading = seen_loading || event.reason.find("LOADING") != std::string::npos;
    };
    Client client(loop.io, loading.url(), told);
    const Script fill("for i = 1, 20000 do redis.call('SET', 'k' .. i, 'some text') end return 1");
    loop.wait(client.eval(fill, {}, {}));
    loop.wait(client.command(Command{"BGREWRITEAOF"}));
    auto rewritten = [&] {
        auto info = loop.wait(client.command(Command{"INFO", "persistence"})).text;
        return info.find("aof_rewrite_in_progress:0") != std::string::npos &&
               info.find("aof_rewrite_scheduled:0") != std::string::npos;
    };
    loop.until(rewritten);
    loading.kill();
    loading.start();
    EXPECT_EQ(loop.wait(client.command(Command{"DBSIZE"})).integer, 20000); // not LOADING, not an empty server
    EXPECT_TRUE(seen_loading);
}

TEST_F(RedisClient, StoppedServerIsGivenUp) {
    Options short_stall = options();
    short_stall.stall_timeout = 1s; // long enough for a loaded machine to answer what is asked after it
    Client client(loop.io, server.url(), short_stall);
    connect(client);
    server.stop();
    Error error = loop.error_of(client.command(Command{"PING"}));
    EXPECT_EQ(error.kind(), ErrorKind::connection_lost);
    EXPECT_NE(std::string(error.what()).find("stall"), std::string::npos) << error.what();
    server.resume();
    EXPECT_TRUE(loop.wait(client.command(Command{"PING"})).is_status("PONG"));
}

TEST_F(RedisClient, IdleConnectionIsProbed) {
    Options eager = options();
    eager.ping_interval = 20ms;
    eager.stall_timeout = 1s;
    Client client(loop.io, server.url(), eager);
    Client observer(loop.io, server.url(), options());
    connect(client);
    loop.until([&] {
        auto info = loop.wait(observer.command(Command{"INFO", "commandstats"})).text;
        auto at = info.find("cmdstat_ping:calls=");
        return at != std::string::npos && std::stoi(info.substr(at + 19)) > 5; // two are log-ins
    });
    EXPECT_EQ(client.stats().connects, 1u);
    EXPECT_EQ(client.stats().late, 0u);
    server.stop();
    loop.until([&] { return !client.connected(); }); // nobody had to call
    server.resume();
    loop.until([&] { return client.connected(); });
}

TEST_F(RedisClient, BoundsWhatIsPending) {
    Options tight = options();
    tight.max_pending = 3;
    Client client(loop.io, server.url(), tight);
    std::vector<std::shared_ptr<Pending<Value>>> calls;
    for (int i = 0; i < 4; ++i) calls.push_back(loop.start(client.command(Command{"PING"})));
    Error error = loop.error_of(calls[3]);
    EXPECT_EQ(error.kind(), ErrorKind::overloaded);
    EXPECT_FALSE(error.maybe_executed());
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(loop.wait(calls[static_cast<std::size_t>(i)]).is_status("PONG"));
    EXPECT_TRUE(loop.wait(client.command(Command{"PING"})).is_status("PONG"));
}

TEST_F(RedisClient, ReplyLargerThanAllowedBreaksTheConnectionOnly) {
    Options small = options();
    small.max_reply_bytes = 100'000;
    Client client(loop.io, server.url(), small);
    loop.wait(client.command(Command{"SETRANGE", "big", 999'999, "x"}));
    Error error = loop.error_of(client.command(Command{"GET", "big"}));
    EXPECT_EQ(error.kind(), ErrorKind::connection_lost);
    EXPECT_NE(std::string(error.what()).find("larger than allowed"), std::string::npos);
    EXPECT_TRUE(loop.wait(client.command(Command{"PING"})).is_status("PONG"));
}

TEST_F(RedisClient, CancelledCallerIsReleasedAndTheConnectionGoesOn) {
    Client client(loop.io, server.url(), options());
    connect(client);
    boost::asio::cancellation_signal signal;
    auto slow = loop.start(client.command(Command{"DEBUG", "SLEEP", 0.2}), signal.slot());
    loop.until([&] { return client.stats().pending == 1; });
    signal.emit(boost::asio::cancellation_type::all);
    loop.until([&] { return slow->done; });
    EXPECT_TRUE(slow->failure);
    EXPECT_EQ(loop.wait(client.command(Command{"ECHO", "on"})).text, "on");
    EXPECT_EQ(client.stats().late, 1u);
}

TEST_F(RedisClient, CloseFailsWhatWaits) {
    server.kill();
    Client client(loop.io, server.url(), options());
    auto call = loop.start(client.command(Command{"PING"}));
    loop.until([&] { return client.stats().pending == 1; });
    client.close();
    EXPECT_EQ(loop.error_of(call).kind(), ErrorKind::closed);
    EXPECT_EQ(loop.error_of(client.command(Command{"PING"})).kind(), ErrorKind::closed);
    loop.io.restart();
    loop.io.run_for(5s);
    EXPECT_TRUE(loop.io.stopped()); // nothing is left running
}

TEST_F(RedisClient, ClientMayGoWhileCallsWait) {
    auto client = std::make_unique<Client>(loop.io, server.url(), options());
    auto call = loop.start(client->command(Command{"DEBUG", "SLEEP", 0.1}));
    loop.until([&] { return client->stats().pending == 1; });
    client.reset();
    EXPECT_EQ(loop.error_of(call).kind(), ErrorKind::closed);
}

TEST_F(RedisClient, LoopMayGoWhileCallsWait) {
    auto other = std::make_unique<Loop>();
    auto client = std::make_unique<Client>(other->io, server.url(), options());
    auto call = other->start(client->command(Command{"DEBUG", "SLEEP", 0.1}));
    other->until([&] { return client->stats().pending == 1; });
    client.reset();
    other.reset(); // frames are destroyed where they wait; the sanitizers watch
    EXPECT_FALSE(call->done);
}

TEST_F(RedisClient, LoopMayGoWhileTheClusterIsAsked) {
    Server silent({}, free_port());
    Client ready(loop.io, silent.url(), options());
    loop.wait(ready.command(Command{"PING"}));
    silent.stop();
    for (int turns : {0, 1, 2, 3, 5, 8, 13, 21}) { // at every stage of the question
        Loop other;
        Client client(other.io, "redis+cluster://127.0.0.1:" + std::to_string(silent.port()), options());
        for (int i = 0; i < turns; ++i) other.io.run_one_for(1ms);
        EXPECT_FALSE(client.connected());
    }
    silent.resume();
}

TEST_F(RedisClient, TellsOfItsConnections) {
    std::vector<Event::Kind> kinds;
    Options told = options();
    told.on_event = [&](const Event& event) {
        EXPECT_EQ(event.endpoint, server.socket());
        if (kinds.empty() || kinds.back() != event.kind) kinds.push_back(event.kind);
    };
    Client client(loop.io, server.url(), told);
    connect(client);
    ASSERT_EQ(kinds.back(), Event::Kind::connected);
    kinds.clear();
    server.kill();
    loop.until([&] { return kinds.size() == 2; });
    server.start();
    connect(client);
    EXPECT_EQ(kinds, (std::vector{Event::Kind::disconnected, Event::Kind::connect_failed, Event::Kind::connected}));
}

TEST_F(RedisClient, LogsInAndSelects) {
    Server guarded({"requirepass open-sesame", "user ada on >lovelace ~* &* +@all"});
    Client client(loop.io, "unix://ada:lovelace@" + guarded.socket() + "?db=3", options());
    auto info = loop.wait(client.command(Command{"CLIENT", "INFO"})).text;
    EXPECT_NE(info.find(" name=gravity "), std::string::npos) << info;
    EXPECT_NE(info.find(" db=3 "), std::string::npos) << info;
    EXPECT_NE(info.find(" user=ada "), std::string::npos) << info;

    Client plain(loop.io, "unix://:open-sesame@" + guarded.socket(), options());
    EXPECT_TRUE(loop.wait(plain.command(Command{"PING"})).is_status("PONG"));

    Client wrong(loop.io, "unix://:guess@" + guarded.socket(), options());
    loop.until([&] { return wrong.last_error().find("WRONGPASS") != std::string::npos; });
    Error error = loop.error_of(wrong.command(Command{"PING"}, in(20ms)));
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_NE(std::string(error.what()).find("WRONGPASS"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("guess"), std::string::npos) << error.what();

    Client none(loop.io, guarded.url(), options());
    loop.until([&] { return none.last_error().find("NOAUTH") != std::string::npos; });
}

TEST_F(RedisClient, TcpByNameAndAddress) {
    Server tcp({}, free_port());
    for (const char* host : {"127.0.0.1", "localhost"}) {
        Client client(loop.io, "redis://" + std::string(host) + ":" + std::to_string(tcp.port()) + "/2", options());
        EXPECT_TRUE(loop.wait(client.command(Command{"PING"})).is_status("PONG")) << host;
    }
    Client nowhere(loop.io, "redis://no-such-host.invalid", options());
    EXPECT_EQ(loop.error_of(nowhere.command(Command{"PING"}, in(200ms))).kind(), ErrorKind::unavailable);
}

TEST(RedisOptions, WrongOnesStopTheStart) {
    Loop loop;
    Options zero = options();
    zero.timeout = 0ms;
    EXPECT_THROW(Client(loop.io, "redis://localhost", zero), std::invalid_argument);
    Options name = options();
    name.client_name = "two words";
    EXPECT_THROW(Client(loop.io, "redis://localhost", name), std::invalid_argument);
    Options tls = options();
    tls.tls.ca_file = "/does/not/exist.pem";
    EXPECT_THROW(Client(loop.io, "rediss://localhost", tls), std::invalid_argument);
}

} // namespace
} // namespace gravity::redis::test
