#include "http/scripted_server.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/fetcher.hpp>

#include <map>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;

namespace {

/// Names as the test has them; counts how often each is asked for.
struct Names {
    std::map<std::string, std::vector<std::vector<std::string>>> answers; // one a look-up, the last one again and again
    std::map<std::string, std::size_t> asked;

    Task<std::vector<std::string>> look_up(std::string host) {
        const auto& known = answers[host];
        const std::size_t turn = asked[host]++;
        std::vector<std::string> found;
        if (!known.empty()) found = known[std::min(turn, known.size() - 1)];
        co_return found;
    }
};

struct Fetching : ::testing::Test {
    Running running;
    Names names;
    FetcherOptions options;
    std::unique_ptr<Fetcher> fetcher;
    std::uint16_t port = 0;
    std::atomic<int> served{0};

    void SetUp() override {
        options.resolver = [this](std::string host, std::chrono::milliseconds) { return names.look_up(std::move(host)); };
        port = running.serve([this](Exchange& exchange) -> Task<void> {
            ++served;
            Response answer = text(exchange.request().headers.joined("Host") + exchange.request().path);
            const std::string query = exchange.request().query;
            if (!query.empty()) {
                answer.status = 302;
                answer.headers.add("Location", query);
            }
            co_await exchange.respond(std::move(answer));
        });
    }
    void TearDown() override {
        running.on_io([&] { fetcher.reset(); });
    }
    Response send(const std::string& url, unsigned redirects = 0) {
        if (!fetcher) fetcher = std::make_unique<Fetcher>(running.io(), options);
        ClientRequest request;
        request.url = url;
        request.max_redirects = redirects;
        request.timeout = 5s;
        return running.await(fetcher->send(request));
    }
    std::string at(const std::string& host, const std::string& rest) { return "http://" + host + ":" + std::to_string(port) + rest; }
    ClientFailure failure(const std::string& url, unsigned redirects = 0) {
        try {
            send(url, redirects);
        } catch (const ClientError& error) {
            return error.failure();
        }
        ADD_FAILURE() << url << " was answered";
        return ClientFailure::invalid_request;
    }
};

} // namespace

TEST_F(Fetching, RefusesAddressesOfOurOwn) {
    options.resolver = nullptr; // the real one: literals, and what the system makes of odd spellings
    for (const char* host : {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "localhost", "2130706433", "0x7f.1", "127.1", "169.254.169.254",
                             "[fd00:ec2::254]"})
        EXPECT_EQ(failure(at(host, "/")), ClientFailure::refused) << host;
    EXPECT_EQ(served, 0);
}

TEST_F(Fetching, RefusesNamesThatLeadInside) {
    names.answers["inside.example"] = {{"10.0.0.1"}};
    names.answers["mixed.example"] = {{"93.184.216.34", "127.0.0.1"}};
    EXPECT_EQ(failure("http://inside.example/"), ClientFailure::refused);
    EXPECT_EQ(failure("http://mixed.example/"), ClientFailure::refused);
    EXPECT_EQ(failure("http://unknown.example/"), ClientFailure::resolve);
    EXPECT_EQ(failure("gopher://inside.example/"), ClientFailure::invalid_request);
}

TEST_F(Fetching, TheAllowedMayBeReachedAndIsPinned) {
    options.allow = {"127.0.0.1"};
    // A second look-up would lead elsewhere: there is none.
    names.answers["hook.example"] = {{"127.0.0.1"}, {"127.0.0.2"}};
    EXPECT_EQ(send(at("hook.example", "/x")).body, "hook.example:" + std::to_string(port) + "/x");
    EXPECT_EQ(names.asked["hook.example"], 1u);
    // The kept connection is no way around a later answer.
    EXPECT_EQ(failure(at("hook.example", "/x")), ClientFailure::refused);
    EXPECT_EQ(served, 1);
}

TEST_F(Fetching, EachRedirectIsJudged) {
    options.allow = {"127.0.0.1"};
    names.answers["a.example"] = {{"127.0.0.1"}};
    names.answers["b.example"] = {{"127.0.0.2"}};
    EXPECT_EQ(send(at("a.example", "/?/end"), 1).body, "a.example:" + std::to_string(port) + "/end");
    EXPECT_EQ(send(at("a.example", "/?/end")).status, 302); // not asked to follow
    EXPECT_EQ(failure(at("a.example", "/?" + at("b.example", "/")), 3), ClientFailure::refused);
    EXPECT_EQ(failure(at("a.example", "/?http://169.254.169.254/latest/meta-data"), 3), ClientFailure::refused);
    EXPECT_EQ(failure(at("a.example", "/?file:///etc/passwd"), 3), ClientFailure::refused);
}

TEST_F(Fetching, RedirectsAreBounded) {
    options.allow = {"127.0.0.1"};
    names.answers["a.example"] = {{"127.0.0.1"}};
    EXPECT_EQ(failure(at("a.example", "/?" + at("a.example", "/?/?/?/?/?/?/x")), 1), ClientFailure::protocol);
    ScriptedServer loop({[&](ScriptedServer::Peer& peer) {
        while (!peer.read_request().empty()) peer.send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /again\r\n\r\n");
    }});
    EXPECT_EQ(failure("http://a.example:" + std::to_string(loop.port()) + "/", 100), ClientFailure::protocol);
    EXPECT_EQ(names.asked["a.example"], 2u + 6u); // five hops, however many were wanted
    running.on_io([&] { fetcher.reset(); });
}
