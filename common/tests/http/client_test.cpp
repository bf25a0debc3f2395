#include "http/certificates.hpp"
#include "http/scripted_server.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/client.hpp>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;
using Peer = ScriptedServer::Peer;

namespace {

struct Clients : ::testing::Test {
    Running running;
    ClientOptions options;
    std::unique_ptr<Client> client;

    void SetUp() override { running.run(); }
    void TearDown() override {
        running.on_io([&] { client.reset(); });
    }
    Client& made() {
        if (!client) client = std::make_unique<Client>(running.io(), options);
        return *client;
    }
    Response send(ClientRequest request) { return running.await(made().send(std::move(request))); }
    Response get(const std::string& url) {
        ClientRequest request;
        request.url = url;
        return send(std::move(request));
    }
    /// What it failed with.
    ClientError failure(ClientRequest request) {
        try {
            const Response response = send(std::move(request));
            ADD_FAILURE() << "answered " << response.status;
        } catch (const ClientError& error) {
            return error;
        }
        return {ClientFailure::invalid_request, false, "none"};
    }
    ClientError failure(const std::string& url) {
        ClientRequest request;
        request.url = url;
        return failure(std::move(request));
    }
};

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Task<void> echo(Exchange& exchange) {
    const bool whole = co_await exchange.read_body(10'000'000);
    Response answer = text(exchange.request().method_text + " " + exchange.request().path + "?" + exchange.request().query + " " +
                               exchange.request().body,
                           whole ? 200 : 413);
    co_await exchange.respond(std::move(answer));
}

} // namespace

TEST_F(Clients, SendsAndReceives) {
    const auto port = running.serve(echo);
    const std::string base = "http://127.0.0.1:" + std::to_string(port);
    EXPECT_EQ(get(base + "/a?b").body, "GET /a?b ");
    ClientRequest post;
    post.method = Method::post;
    post.url = base + "/p";
    post.body = std::string(3'000'000, 'p');
    EXPECT_EQ(send(post).body, "POST /p? " + post.body);
    ClientRequest odd;
    odd.method = Method::other;
    odd.method_text = "PURGE";
    odd.url = base;
    EXPECT_EQ(send(odd).body, "PURGE /? ");
    ClientRequest head;
    head.method = Method::head;
    head.url = base;
    const Response bodiless = send(head);
    EXPECT_EQ(bodiless.body, "");
    EXPECT_EQ(bodiless.headers.get("Content-Length"), "8");
    EXPECT_EQ(get(base).status, 200);
    EXPECT_EQ(made().counters().connects, 1u); // one connection for all of it
    EXPECT_EQ(made().counters().reused, 4u);
    EXPECT_EQ(made().counters().idle, 1u);
}

TEST_F(Clients, RequestHeads) {
    std::string seen;
    ScriptedServer server({[&](Peer& peer) {
        seen = peer.read_request();
        peer.send(ok);
    }});
    ClientRequest request;
    request.method = Method::put;
    request.url = server.url("/x?y#z");
    request.headers.add("X-A", "b");
    request.headers.add("Content-Length", "77");
    request.headers.add("Transfer-Encoding", "chunked");
    request.headers.add("Host", "evil");
    request.body = "abc";
    EXPECT_EQ(send(request).body, "ok");
    EXPECT_EQ(seen, "PUT /x?y HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                        "\r\nX-A: b\r\nUser-Agent: gravity\r\nAccept: */*\r\nContent-Length: 3\r\n\r\nabc");
}

TEST_F(Clients, InvalidRequestsNeverLeave) {
    EXPECT_EQ(failure("nonsense").failure(), ClientFailure::invalid_request);
    EXPECT_EQ(failure("http://user:secret@h/").failure(), ClientFailure::invalid_request);
    ClientRequest split;
    split.url = "http://127.0.0.1:1/";
    split.headers.add("X", "a\r\nY: b");
    EXPECT_EQ(failure(split).failure(), ClientFailure::invalid_request);
    ClientRequest method;
    method.url = "http://127.0.0.1:1/";
    method.method = Method::other;
    method.method_text = "A B";
    EXPECT_EQ(failure(method).failure(), ClientFailure::invalid_request);
}

TEST_F(Clients, BodiesOfAllFramings) {
    ScriptedServer server({[](Peer& peer) {
                               peer.read_request();
                               peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
                               peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nT: x\r\n\r\n");
                               peer.read_request();
                               peer.send("HTTP/1.1 204 No Content\r\n\r\n");
                               peer.read_request();
                               peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n");
                               peer.read_request();
                               peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
                           },
                           [](Peer& peer) {
                               peer.read_request();
                               peer.send("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx");
                           }});
    EXPECT_EQ(get(server.url()).body, "abcd");
    EXPECT_EQ(get(server.url()).status, 204);
    EXPECT_EQ(get(server.url()).status, 304);
    EXPECT_EQ(get(server.url()).body, "until the end");
    EXPECT_EQ(get(server.url()).body, "x");
    EXPECT_EQ(made().counters().connects, 2u);
    EXPECT_EQ(made().counters().idle, 0u);
}

TEST_F(Clients, MalformedAndBrokenResponses) {
    const struct {
        std::string bytes;
        ClientFailure failure;
    } cases[] = {
        {"HTTP/1.1 abc\r\n\r\n", ClientFailure::protocol},
        {"garbage\n", ClientFailure::protocol},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", ClientFailure::protocol},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", ClientFailure::protocol},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ClientFailure::protocol},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz", ClientFailure::protocol},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", ClientFailure::reset},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", ClientFailure::reset},
        {"HTTP/1.1 200 OK\r\nConte", ClientFailure::reset},
        {"HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'a'), ClientFailure::protocol},
    };
    for (const auto& [bytes, kind] : cases) {
        ScriptedServer server({[&bytes = bytes](Peer& peer) {
            peer.read_request();
            peer.send(bytes);
        }});
        const auto error = failure(server.url());
        EXPECT_EQ(error.failure(), kind) << bytes.substr(0, 80) << " -> " << error.what();
        EXPECT_TRUE(error.sent());
    }
    ScriptedServer resetting({[](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n\r\nnot the");
        peer.reset();
    }});
    const auto error = failure(resetting.url());
    EXPECT_EQ(error.failure(), ClientFailure::reset); // a body until close ends only by a proper close
}

TEST_F(Clients, LimitsTheResponse) {
    const auto port = running.serve(echo);
    ClientRequest request;
    request.method = Method::post;
    request.url = "http://127.0.0.1:" + std::to_string(port);
    request.body = std::string(5000, 'b');
    request.max_response_bytes = 5008;
    EXPECT_EQ(send(request).status, 200);
    request.max_response_bytes = 5007;
    EXPECT_EQ(failure(request).failure(), ClientFailure::too_large);
}

TEST_F(Clients, RefusedConnections) {
    std::uint16_t port;
    {
        ScriptedServer gone({});
        port = gone.port();
    }
    const auto error = failure("http://127.0.0.1:" + std::to_string(port) + "/");
    EXPECT_EQ(error.failure(), ClientFailure::connect);
    EXPECT_FALSE(error.sent());
    const auto unknown = failure("http://no-such-host.invalid/");
    EXPECT_TRUE(unknown.failure() == ClientFailure::resolve || unknown.failure() == ClientFailure::timeout);
    EXPECT_FALSE(unknown.sent());
}

TEST_F(Clients, Deadlines) {
    ScriptedServer server({[](Peer& peer) { // takes the request and says nothing
                               peer.read_request();
                               peer.wait_for_close();
                           },
                           [](Peer& peer) { // stops in the middle of the body
                               peer.read_request();
                               peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab");
                               peer.wait_for_close();
                           }});
    ClientRequest request;
    request.url = server.url();
    request.timeout = 50ms;
    for (int i = 0; i < 2; ++i) {
        const auto error = failure(request);
        EXPECT_EQ(error.failure(), ClientFailure::timeout);
        EXPECT_TRUE(error.sent());
    }
    EXPECT_EQ(made().counters().busy, 0u);
}

TEST_F(Clients, AStaleConnectionIsReplacedOnceForIdempotentRequests) {
    const ScriptedServer::Script one_then_close = [](Peer& peer) { // takes a second request but closes without a word
        peer.read_request();
        peer.send(ok);
        peer.read_request();
    };
    {
        ScriptedServer server({one_then_close, one_then_close});
        EXPECT_EQ(get(server.url()).body, "ok");
        EXPECT_EQ(get(server.url()).body, "ok"); // on a fresh connection, unseen
        EXPECT_EQ(made().counters().stale_retries, 1u);
        ClientRequest post; // the server may have acted on it: not repeated
        post.method = Method::post;
        post.url = server.url();
        const auto error = failure(post);
        EXPECT_EQ(error.failure(), ClientFailure::reset);
        EXPECT_TRUE(error.sent());
    }
    ScriptedServer twice({[](Peer& peer) { peer.read_request(); }}); // a fresh one that closes is no stale one
    EXPECT_EQ(failure(twice.url()).failure(), ClientFailure::reset);
    EXPECT_EQ(made().counters().stale_retries, 1u);
}

TEST_F(Clients, AClosedIdleConnectionIsNotUsedAgain) {
    ScriptedServer server({[](Peer& peer) {
                               peer.read_request();
                               peer.send(ok);
                           },
                           [](Peer& peer) {
                               peer.read_request();
                               peer.send(ok);
                           }});
    EXPECT_EQ(get(server.url()).body, "ok");
    ASSERT_TRUE(eventually([&] { return server.served() == 1; }));
    ClientRequest post; // even one that may not be repeated goes through
    post.method = Method::post;
    post.url = server.url();
    EXPECT_EQ(send(post).body, "ok");
    EXPECT_EQ(made().counters().stale_retries, 0u);
}

TEST_F(Clients, ThePoolIsBoundedAndServesInTurn) {
    options.max_connections_per_host = 2;
    std::atomic<int> at_once{0}, most{0};
    const auto port = running.serve([&](Exchange& exchange) -> Task<void> {
        most = std::max(most.load(), ++at_once);
        const auto executor = co_await boost::asio::this_coro::executor;
        boost::asio::steady_timer timer(executor, 2ms);
        co_await timer.async_wait(boost::asio::use_awaitable);
        --at_once;
        co_await echo(exchange);
    });
    std::vector<std::future<Response>> all;
    for (int i = 0; i < 20; ++i) {
        ClientRequest request;
        request.url = "http://127.0.0.1:" + std::to_string(port) + "/" + std::to_string(i);
        all.push_back(boost::asio::co_spawn(running.io(), made().send(request), boost::asio::use_future));
    }
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(all[static_cast<std::size_t>(i)].wait_for(patience), std::future_status::ready);
        EXPECT_EQ(all[static_cast<std::size_t>(i)].get().body, "GET /" + std::to_string(i) + "? ");
    }
    EXPECT_EQ(most, 2);
    EXPECT_EQ(made().counters().connects, 2u);
}

TEST_F(Clients, WaitingForAConnectionEndsAtTheDeadline) {
    options.max_connections_per_host = 1;
    ScriptedServer server({[](Peer& peer) {
        peer.read_request();
        peer.wait_for_close();
    }});
    ClientRequest first;
    first.url = server.url();
    first.timeout = 300ms;
    auto pending = boost::asio::co_spawn(running.io(), made().send(first), boost::asio::use_future);
    ASSERT_TRUE(eventually([&] {
        std::size_t busy = 0;
        running.on_io([&] { busy = made().counters().busy; });
        return busy == 1;
    }));
    ClientRequest second = first;
    second.timeout = 20ms;
    const auto error = failure(second);
    EXPECT_EQ(error.failure(), ClientFailure::timeout);
    EXPECT_FALSE(error.sent());
    EXPECT_THROW(pending.get(), ClientError);
}

TEST_F(Clients, IdleConnectionsAreClosed) {
    options.idle_timeout = 40ms;
    const auto port = running.serve(echo);
    EXPECT_EQ(get("http://127.0.0.1:" + std::to_string(port)).status, 200);
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; }));
}

TEST_F(Clients, FollowsRedirectsOnlyWhenAsked) {
    const auto port = running.serve([](Exchange& exchange) -> Task<void> {
        const std::string& path = exchange.request().path;
        if (path == "/end") {
            co_await echo(exchange);
            co_return;
        }
        Response answer = text("", std::stoi(path.substr(1, 3)));
        answer.headers.add("Location", path.size() > 4 ? path : "/end?to");
        co_await exchange.respond(std::move(answer));
    });
    const std::string base = "http://127.0.0.1:" + std::to_string(port);
    EXPECT_EQ(get(base + "/302").status, 302);
    const struct {
        Method method;
        const char *path, *body;
    } cases[] = {
        {Method::get, "/301", "GET /end?to "},
        {Method::post, "/301", "GET /end?to "},
        {Method::post, "/302", "GET /end?to "},
        {Method::put, "/302", "PUT /end?to b"},
        {Method::put, "/303", "GET /end?to "},
        {Method::post, "/307", "POST /end?to b"},
        {Method::post, "/308", "POST /end?to b"},
    };
    for (const auto& [method, path, body] : cases) {
        ClientRequest request;
        request.method = method;
        request.url = base + path;
        request.max_redirects = 1;
        if (method != Method::get) request.body = "b";
        EXPECT_EQ(send(request).body, body) << path;
    }
    ClientRequest loop;
    loop.url = base + "/302/loop";
    loop.max_redirects = 3;
    EXPECT_EQ(failure(loop).failure(), ClientFailure::protocol);
}

TEST_F(Clients, CredentialsStayWithTheirOrigin) {
    std::string second;
    ScriptedServer other({[&](Peer& peer) {
        second = peer.read_request();
        peer.send(ok);
    }});
    ScriptedServer first({[&](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + other.url("/there") + "\r\n\r\n");
    }});
    ClientRequest request;
    request.url = first.url();
    request.max_redirects = 1;
    request.headers.add("Authorization", "Bearer secret");
    request.headers.add("Cookie", "secret");
    request.headers.add("X-Plain", "kept");
    EXPECT_EQ(send(request).body, "ok");
    EXPECT_EQ(second.find("secret"), std::string::npos);
    EXPECT_NE(second.find("X-Plain: kept"), std::string::npos);
}

TEST_F(Clients, StreamsResponses) {
    const auto port = running.serve([](Exchange& exchange) -> Task<void> {
        const Headers none;
        auto writer = co_await exchange.stream(200, none, std::nullopt);
        const std::string piece(50'000, 's');
        for (int i = 0; i < 40; ++i) co_await writer->write(piece);
        co_await writer->finish();
    });
    ClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(port);
    auto stream = running.await(made().open(request));
    EXPECT_EQ(stream->head().status, 200);
    std::size_t size = 0;
    for (;;) {
        const std::string piece = running.await(stream->read());
        if (piece.empty()) break;
        EXPECT_LE(piece.size(), 65536u);
        size += piece.size();
    }
    EXPECT_EQ(size, 2'000'000u);
    EXPECT_EQ(running.await(stream->read()), "");
    auto dropped = running.await(made().open(request)); // its connection is of no use any more
    running.on_io([&] { dropped.reset(); });
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; }));
    running.on_io([&] { stream.reset(); });
}

TEST_F(Clients, VerifiesCertificates) {
    Certificates certificates;
    certificates.issue("good", "DNS:localhost,IP:127.0.0.1");
    certificates.issue("bad", "DNS:other.example");
    ServerOptions served;
    served.tls = net::TlsFiles{certificates.certificate_file("good"), certificates.key_file("good")};
    const auto port = running.serve(echo, served);
    ServerOptions wrong;
    wrong.tls = net::TlsFiles{certificates.certificate_file("bad"), certificates.key_file("bad")};
    Server other(running.io(), wrong, echo);
    running.on_io([&] { other.start(); });

    options.tls.ca_file = certificates.ca_file();
    const std::string address = "https://127.0.0.1:" + std::to_string(port);
    EXPECT_EQ(get(address + "/t").body, "GET /t? ");
    EXPECT_EQ(get(address + "/u").body, "GET /u? ");
    EXPECT_EQ(made().counters().connects, 1u);
    ClientRequest by_name;
    by_name.url = "https://localhost:" + std::to_string(port) + "/n";
    by_name.addresses = {"127.0.0.1"}; // pinned: nothing is resolved, the name is verified
    EXPECT_EQ(send(by_name).body, "GET /n? ");
    by_name.url = "https://other.example:" + std::to_string(port) + "/n";
    EXPECT_EQ(failure(by_name).failure(), ClientFailure::tls);
    const auto mismatch = failure("https://127.0.0.1:" + std::to_string(other.port()));
    EXPECT_EQ(mismatch.failure(), ClientFailure::tls);
    EXPECT_FALSE(mismatch.sent());

    running.on_io([&] { client.reset(); });
    options.tls.ca_file.clear(); // the system's authorities do not know ours
    EXPECT_EQ(failure(address).failure(), ClientFailure::tls);
    running.on_io([&] { client.reset(); });
    options.tls.verify_peer = false;
    EXPECT_EQ(get(address).status, 200);
    running.await(other.drain(std::chrono::steady_clock::now() + 50ms));
}
