#include "support.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>

#include <cstdio>
#include <mutex>
#include <set>

/// The response cache through the data path.
namespace gravity::gateway::test {
namespace {

ServiceSpec cached(std::uint16_t port, CacheUse use = CacheUse::shared) {
    ServiceSpec spec = service("a", {"/a"}, {port});
    spec.cache = use;
    return spec;
}
std::string get(std::string_view target, std::string_view fields = "", std::string_view host = "h") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" + std::string(fields) + "\r\n";
}

/// An instance that numbers its answers, with these fields.
struct Counting {
    explicit Counting(std::string fields) : fields_(std::move(fields)) {}
    Instance::Script script() {
        return Instance::answering([this](const Wire::Message& request) {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            return Instance::ok("answer " + std::to_string(requests_.size()), fields_);
        });
    }
    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return requests_.size();
    }
    Wire::Message last() {
        const std::lock_guard lock(mutex_);
        return requests_.back();
    }

private:
    std::string fields_;
    std::mutex mutex_;
    std::vector<Wire::Message> requests_;
};

TEST(Cache, AnAnswerIsUsedAgain) {
    Counting counting("Cache-Control: max-age=60\r\nX-Kept: 1\r\nVia: 1.0 inner\r\nDate: " + now().to_http_date() + "\r\n");
    Instance instance(counting.script());
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    const auto first = client.ask(get("/a?x=1"));
    EXPECT_EQ(first.body, "answer 1");
    EXPECT_EQ(first.field("Cache-Status"), "gravity; fwd=miss; fwd-status=200; stored");
    EXPECT_FALSE(first.field("Age").has_value());
    const auto second = client.ask(get("/a?x=1"));
    EXPECT_EQ(second.body, "answer 1");
    EXPECT_TRUE(second.field("Cache-Status").value_or("").starts_with("gravity; hit; ttl="));
    EXPECT_TRUE(second.field("Age").has_value());
    EXPECT_EQ(second.field("Date"), first.field("Date"));
    EXPECT_EQ(second.field("X-Kept"), "1");
    EXPECT_EQ(second.field("Via"), first.field("Via"));
    EXPECT_EQ(client.ask(get("/a/../a?x=1")).body, "answer 1") << "one path";
    EXPECT_EQ(client.ask(get("/a?x=2")).body, "answer 2");
    EXPECT_EQ(client.ask(get("/a?x=1", "", "other")).body, "answer 3");
    const auto head = client.ask("HEAD /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n", true);
    EXPECT_EQ(head.status(), 200);
    EXPECT_EQ(head.field("Content-Length"), "8");
    EXPECT_EQ(client.ask(get("/a?x=1", "Range: bytes=7-7\r\n")).body, "1");
    EXPECT_EQ(counting.count(), 3u);
    EXPECT_EQ(running.gateway.cache().entries(), 3u);
}

TEST(Cache, IsOnlyWhereARouteAsksForIt) {
    Counting counting("Cache-Control: max-age=60\r\n");
    Instance instance(counting.script());
    Running running;
    running.publish({cached(instance.port(), CacheUse::off)});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a")).body, "answer 1");
    const auto second = client.ask(get("/a"));
    EXPECT_EQ(second.body, "answer 2");
    EXPECT_FALSE(second.field("Cache-Status").has_value());
    EXPECT_EQ(running.gateway.cache().entries(), 0u);
}

TEST(Cache, ManyWhoComeAtOnceCostOneFetch) {
    std::atomic<int> requests{0};
    std::atomic<bool> answer{false};
    Instance instance([&](Wire& wire) {
        while (!wire.read_message().head.empty()) {
            ++requests;
            while (!answer) std::this_thread::yield();
            wire.send(Instance::ok("shared", "Cache-Control: max-age=60\r\n"));
        }
    });
    Options options;
    options.threads = 2; // who waits may be on another core
    Running running(options);
    running.publish({cached(instance.port())});
    const double before = running.telemetry.cache.collapsed.value();
    std::vector<Wire> clients;
    for (int i = 0; i < 32; ++i) {
        clients.push_back(running.client());
        clients.back().send(get("/a"));
    }
    ASSERT_TRUE(eventually([&] { return running.telemetry.cache.collapsed.value() - before == 31; }));
    answer = true;
    int collapsed = 0;
    for (Wire& client : clients) {
        const auto message = client.read_message();
        EXPECT_EQ(message.body, "shared");
        collapsed += message.field("Cache-Status").value_or("").find("collapsed") != std::string::npos;
    }
    EXPECT_EQ(collapsed, 31);
    EXPECT_EQ(requests, 1);
}

TEST(Cache, WhoWaitsMayHaveSentMoreThanThereIsRoomFor) {
    std::atomic<bool> go{false};
    Instance instance(Instance::answering([&](const Wire::Message&) {
        while (!go) std::this_thread::yield();
        return Instance::ok("one", "Cache-Control: max-age=60\r\n");
    }));
    Running running;
    running.publish({cached(instance.port())});
    const double before = running.telemetry.cache.collapsed.value();
    auto first = running.client(), second = running.client();
    EXPECT_TRUE(first.send(get("/a")));
    ASSERT_TRUE(eventually([&] { return instance.connections() == 1; }));
    std::string many;
    for (int i = 0; i < 2000; ++i) many += get("/a"); // one behind the other
    std::thread sender([&] { second.send(many); });
    ASSERT_TRUE(eventually([&] { return running.telemetry.cache.collapsed.value() == before + 1; }));
    for (int i = 0; i < 10; ++i) running.client().ask(get("/health/live")); // the core has read what it can
    go = true;
    EXPECT_EQ(first.read_message().body, "one");
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(second.read_message().body, "one") << i;
    sender.join();
}

TEST(Cache, WhoWaitsForWhatIsPrivateGoesHimself) {
    std::atomic<int> requests{0};
    std::atomic<bool> answer{false};
    Instance instance([&](Wire& wire) {
        while (!wire.read_message().head.empty()) {
            const int number = ++requests;
            while (!answer) std::this_thread::yield();
            wire.send(Instance::ok("own " + std::to_string(number), "Cache-Control: private, max-age=60\r\n"));
        }
    });
    Running running;
    running.publish({cached(instance.port())});
    const double before = running.telemetry.cache.collapsed.value();
    std::vector<Wire> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(running.client());
        clients.back().send(get("/a"));
    }
    ASSERT_TRUE(eventually([&] { return running.telemetry.cache.collapsed.value() == before + 7; }));
    ASSERT_TRUE(eventually([&] { return requests == 1; }));
    answer = true;
    std::set<std::string> bodies;
    for (Wire& client : clients) bodies.insert(client.read_message().body);
    EXPECT_EQ(bodies.size(), 8u) << "nobody has what was another's";
    EXPECT_EQ(running.gateway.cache().entries(), 0u);
}

TEST(Cache, WhoFetchesAndGoesAwayLeavesItToAnother) {
    std::atomic<int> requests{0};
    Instance instance([&](Wire& wire) {
        wire.read_message();
        if (++requests == 1) wire.read_to_end(); // until the gateway gives up
        else wire.send(Instance::ok("done", "Cache-Control: max-age=60\r\n"));
    });
    Running running;
    running.publish({cached(instance.port())});
    const double before = running.telemetry.cache.collapsed.value();
    auto first = running.client();
    first.send(get("/a"));
    ASSERT_TRUE(eventually([&] { return requests == 1; }));
    auto second = running.client();
    second.send(get("/a"));
    ASSERT_TRUE(eventually([&] { return running.telemetry.cache.collapsed.value() == before + 1; }));
    first.reset();
    EXPECT_EQ(second.read_message().body, "done");
}

TEST(Cache, ASlowClientKeepsNobodyWaiting) {
    const std::string body(900 * 1024, 'x');
    Instance instance(Instance::answering([&](const Wire::Message&) { return Instance::ok(body, "Cache-Control: max-age=60\r\n"); }));
    Running running;
    running.publish({cached(instance.port())});
    auto slow = running.client();
    const int small = 4096;
    ::setsockopt(slow.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    slow.send(get("/a")); // and reads nothing
    EXPECT_TRUE(running.client().ask(get("/a")).body == body);
    EXPECT_NE(slow.read_until("\r\n\r\n").find("200 OK"), std::string::npos);
    EXPECT_TRUE(slow.read_exactly(10'000) == body.substr(0, 10'000)) << "his own goes on meanwhile";
    EXPECT_EQ(instance.connections(), 1u);
}

TEST(Cache, WhatIsTooLongPassesByWhole) {
    std::string body(3 << 20, 'x');
    for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
    for (const bool sized : {true, false}) {
        Instance instance([&](Wire& wire) {
            while (!wire.read_message().head.empty()) {
                if (sized) {
                    wire.send(Instance::ok(body, "Cache-Control: max-age=60\r\n"));
                    continue;
                }
                wire.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n");
                char line[32];
                for (std::size_t at = 0; at < body.size(); at += 100'000) {
                    const std::string piece = body.substr(at, 100'000);
                    std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
                    wire.send(line + piece + "\r\n");
                }
                wire.send("0\r\n\r\n");
            }
        });
        Running running;
        running.publish({cached(instance.port())});
        auto client = running.client();
        for (int i = 0; i < 2; ++i) {
            client.send(get("/a"));
            Wire::Message answer;
            answer.head = client.read_until("\r\n\r\n");
            if (sized) {
                answer.body = client.read_exactly(body.size());
            } else {
                for (std::size_t size = 1; size != 0;) {
                    const std::string line = client.read_until("\r\n");
                    ASSERT_FALSE(line.empty());
                    size = std::stoul(line, nullptr, 16);
                    answer.body += client.read_exactly(size);
                    ASSERT_EQ(client.read_exactly(2), "\r\n");
                }
            }
            EXPECT_TRUE(answer.body == body) << sized << ' ' << answer.body.size();
        }
        EXPECT_EQ(running.gateway.cache().entries(), 0u);
    }
}

TEST(Cache, ChunkedAnswersAreKeptAndSentWithALength) {
    Instance instance([](Wire& wire) {
        while (!wire.read_message().head.empty())
            wire.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\nX-T: 1\r\n\r\n");
    });
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a", "TE: trailers\r\nConnection: TE\r\n")).body, "5\r\nabcde\r\n0\r\n\r\n");
    const auto second = client.ask(get("/a"));
    EXPECT_EQ(second.body, "abcde");
    EXPECT_EQ(second.field("Content-Length"), "5");
}

TEST(Cache, AnAnswerThatBreaksOffIsNotKept) {
    std::atomic<int> requests{0};
    Instance instance([&](Wire& wire) {
        wire.read_message();
        if (++requests == 1) wire.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf");
        else wire.send(Instance::ok("whole", "Cache-Control: max-age=60\r\n"));
    });
    Running running;
    running.publish({cached(instance.port())});
    auto first = running.client();
    first.send(get("/a"));
    EXPECT_NE(first.read_to_end().end, Wire::End::still_open);
    EXPECT_EQ(running.gateway.cache().entries(), 0u);
    EXPECT_EQ(running.client().ask(get("/a")).body, "whole");
}

TEST(Cache, StaleAnswersAreValidated) {
    std::atomic<int> validated{0};
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        if (request.field("If-None-Match") == "\"1\"" && ++validated != 0)
            return std::string("HTTP/1.1 304 Not Modified\r\nX-New: yes\r\nETag: \"1\"\r\nCache-Control: max-age=60\r\n\r\n");
        return Instance::ok("body", "ETag: \"1\"\r\nCache-Control: no-cache\r\n");
    }));
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a")).body, "body");
    const auto second = client.ask(get("/a"));
    EXPECT_EQ(second.status(), 200);
    EXPECT_EQ(second.body, "body");
    EXPECT_EQ(second.field("X-New"), "yes");
    EXPECT_TRUE(second.field("Cache-Status").value_or("").starts_with("gravity; fwd=stale; fwd-status=304"));
    EXPECT_TRUE(client.ask(get("/a")).field("Cache-Status").value_or("").starts_with("gravity; hit"));
    EXPECT_EQ(client.ask(get("/a", "If-None-Match: \"1\"\r\n"), true).status(), 304);
    EXPECT_EQ(validated, 1);
    EXPECT_EQ(instance.connections(), 1u);
}

TEST(Cache, AChangeMakesWhatIsKeptOutdated) {
    Counting counting("Cache-Control: max-age=60\r\nLocation: /a/other\r\n");
    Instance instance(counting.script());
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a/x")).body, "answer 1");
    EXPECT_EQ(client.ask(get("/a/other")).body, "answer 2");
    EXPECT_EQ(client.ask(get("/a/third")).body, "answer 3");
    EXPECT_EQ(client.ask("PUT /a/x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").status(), 200);
    EXPECT_EQ(client.ask(get("/a/x")).body, "answer 5");
    EXPECT_EQ(client.ask(get("/a/other")).body, "answer 6");
    EXPECT_EQ(client.ask(get("/a/third")).body, "answer 3");
}

TEST(Cache, ARefusedChangeChangesNothing) {
    std::atomic<int> gets{0};
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        if (!request.head.starts_with("GET")) return std::string("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        return Instance::ok("answer " + std::to_string(++gets), "Cache-Control: max-age=60\r\n");
    }));
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    client.ask(get("/a"));
    EXPECT_EQ(client.ask("DELETE /a HTTP/1.1\r\nHost: h\r\n\r\n").status(), 403);
    EXPECT_EQ(client.ask(get("/a")).body, "answer 1");
}

TEST(Cache, AFailureIsCoveredByWhatIsKept) {
    std::atomic<bool> fails{false};
    Instance instance(Instance::answering([&](const Wire::Message&) {
        if (fails) return std::string("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfail");
        return Instance::ok("good", "Cache-Control: max-age=0, stale-if-error=60\r\n");
    }));
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a")).body, "good");
    fails = true;
    const auto covered = client.ask(get("/a"));
    EXPECT_EQ(covered.status(), 200);
    EXPECT_EQ(covered.body, "good");
    EXPECT_TRUE(covered.field("Cache-Status").value_or("").find("fwd=stale") != std::string::npos);
    EXPECT_EQ(client.ask(get("/a/b")).status(), 503) << "of which nothing is kept";
}

TEST(Cache, NoConnectionIsCoveredToo) {
    Running running;
    auto client = running.client();
    {
        Instance instance(Instance::answering(
            [](const Wire::Message&) { return Instance::ok("good", "Cache-Control: max-age=0, stale-if-error=60\r\nConnection: close\r\n"); }));
        running.publish({cached(instance.port())});
        EXPECT_EQ(client.ask(get("/a")).body, "good");
        client.close();
    }
    auto later = running.client();
    EXPECT_EQ(later.ask(get("/a")).body, "good");
    EXPECT_EQ(later.ask(get("/a/b")).status(), 502);
}

TEST(Cache, AStaleAnswerIsUsedWhileItIsValidated) {
    std::atomic<int> requests{0};
    std::atomic<bool> answer{false};
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        const int number = ++requests;
        if (number > 1) {
            EXPECT_EQ(request.field("If-None-Match"), "\"1\"");
            while (!answer) std::this_thread::yield();
        }
        return Instance::ok("answer " + std::to_string(number), "ETag: \"" + std::to_string(number) + "\"\r\nCache-Control: max-age=" +
                                                                    (number == 1 ? "0" : "60") + ", stale-while-revalidate=60\r\n");
    }));
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a")).body, "answer 1");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask(get("/a")).body, "answer 1") << "while the service takes its time";
    ASSERT_TRUE(eventually([&] { return requests == 2; }));
    answer = true;
    EXPECT_TRUE(eventually([&] { return client.ask(get("/a")).body == "answer 2"; }));
    EXPECT_EQ(requests, 2);
}

TEST(Cache, OnlyIfCachedIsA504) {
    Counting counting("Cache-Control: max-age=60\r\n");
    Instance instance(counting.script());
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a", "Cache-Control: only-if-cached\r\n")).status(), 504);
    EXPECT_EQ(counting.count(), 0u);
    client.ask(get("/a"));
    EXPECT_EQ(client.ask(get("/a", "Cache-Control: only-if-cached\r\n")).body, "answer 1");
}

TEST(Cache, AnswersOfOneCallerAreNotAnothers) {
    Counting counting("Cache-Control: max-age=60\r\n");
    Instance instance(counting.script());
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a", "Authorization: Basic YTpi\r\n")).body, "answer 1");
    EXPECT_EQ(client.ask(get("/a", "Authorization: Basic YTpi\r\n")).body, "answer 2");
    EXPECT_EQ(client.ask(get("/a")).body, "answer 3");
    EXPECT_EQ(running.gateway.cache().entries(), 1u);
}

TEST(Cache, WithoutATokenNothingIsAnsweredFromIt) {
    const auth::Signer signer = auth::Signer::generate();
    auth::VerifierOptions options;
    options.issuer = "https://issuer.example";
    options.audiences = {"gravity"};
    const auto verifier = std::make_shared<auth::Verifier>(std::move(options));
    verifier->set_keys(std::make_shared<auth::KeySet>(std::vector{signer.public_key()}));
    Counting counting("Cache-Control: max-age=60, public\r\n");
    Instance instance(counting.script());
    Running running({}, {.requests_per_second = 0}, verifier);
    ServiceSpec spec = cached(instance.port());
    spec.access = Access::jwt;
    running.publish({spec});
    const auto as = [&](std::string_view subject) {
        auth::Claims claims;
        claims.issuer = "https://issuer.example";
        claims.audience = {"gravity"};
        claims.subject = subject;
        claims.expires_at = now().unix_seconds() + 600;
        return "Authorization: Bearer " + signer.token(claims) + "\r\n";
    };
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a", as("one"))).body, "answer 1");
    EXPECT_EQ(client.ask(get("/a", as("two"))).body, "answer 1") << "the service has said \"public\"";
    EXPECT_EQ(client.ask(get("/a")).status(), 401);
    EXPECT_EQ(client.ask(get("/a", "Authorization: Bearer x\r\n")).status(), 401);
}

TEST(Cache, HostsAndSchemesThatAProxyTellsAreApart) {
    Counting counting("Cache-Control: max-age=60\r\n");
    Instance instance(counting.script());
    Options options;
    options.trusted_proxies = {"127.0.0.0/8"};
    Running running(options);
    running.publish({cached(instance.port())});
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/a", "X-Forwarded-Host: one\r\nX-Forwarded-For: 1.1.1.1\r\n")).body, "answer 1");
    EXPECT_EQ(client.ask(get("/a", "X-Forwarded-Host: two\r\n")).body, "answer 2");
    EXPECT_EQ(client.ask(get("/a", "X-Forwarded-Host: one\r\nX-Forwarded-For: 2.2.2.2\r\n")).body, "answer 1");
    EXPECT_EQ(client.ask(get("/a", "Forwarded: host=three\r\n")).body, "answer 3");
    EXPECT_EQ(client.ask(get("/a", "Forwarded: host=four\r\n")).body, "answer 4") << "which is not looked into";
}

TEST(Cache, DocumentsSayItByAnAnnotation) {
    Counting counting("Cache-Control: max-age=60\r\nX-Inner: 1\r\n");
    Instance instance(counting.script());
    Running running;
    const auto route = [&](std::string_view value, std::string_view cache = "shared") {
        return documents(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, annotations: {gravity/cache: " + std::string(cache) +
            "}}\nspec:\n  rules:\n  - filters:\n    - type: RequestHeaderModifier\n      requestHeaderModifier: {set: [{name: X-Set, value: " +
            std::string(value) +
            "}]}\n    - type: ResponseHeaderModifier\n      responseHeaderModifier: {remove: [X-Inner]}\n    backendRefs: [{name: 127.0.0.1, port: " +
            std::to_string(instance.port()) + "}]\n");
    };
    running.publish({}, route("one"));
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/x")).body, "answer 1");
    const auto second = client.ask(get("/x"));
    EXPECT_EQ(second.body, "answer 1");
    EXPECT_FALSE(second.field("X-Inner").has_value()) << "its edits count for what is kept too";
    running.publish({}, route("two"));
    EXPECT_EQ(client.ask(get("/x")).body, "answer 2") << "of a changed document nothing old is used";
    EXPECT_FALSE(
        parse_documents("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, annotations: {gravity/cache: sometimes}}\n"));
}

TEST(Cache, AnswersThatSetACookieAreKeptOnlyWhereThatIsSaid) {
    Counting counting("Cache-Control: max-age=60\r\nSet-Cookie: session=1\r\n");
    Instance instance(counting.script());
    Running running;
    running.publish({cached(instance.port())});
    auto client = running.client();
    client.ask(get("/a"));
    EXPECT_EQ(client.ask(get("/a")).body, "answer 2");
    running.publish({cached(instance.port(), CacheUse::shared_with_cookies)});
    client.ask(get("/a"));
    EXPECT_EQ(client.ask(get("/a")).body, "answer 3");
}

} // namespace
} // namespace gravity::gateway::test
