#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/token_source.hpp>
#include <gravity/base/encoding.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gravity::auth {
namespace {

using http::test::Running;

TEST(TokenAnswer, IsABearerTokenOrNothing) {
    const auto token = parse_token_answer(R"({"access_token":"abc","token_type":"Bearer","expires_in":300,"scope":"a b","more":{}})");
    ASSERT_TRUE(token);
    EXPECT_EQ(token->token.reveal(), "abc");
    EXPECT_EQ(token->lives, std::chrono::seconds(300));
    EXPECT_EQ(parse_token_answer(R"({"access_token":"abc","token_type":"bearer"})")->lives, std::chrono::seconds(60));
    EXPECT_EQ(parse_token_answer(R"({"access_token":"abc","token_type":"bearer","expires_in":99999999})")->lives, std::chrono::seconds(86'400));
    for (const auto text :
         {"", "[]", "{}", R"({"access_token":"abc"})", R"({"access_token":"","token_type":"bearer"})", R"({"access_token":1,"token_type":"bearer"})",
          R"({"access_token":"abc","token_type":"mac"})", R"({"access_token":"abc","token_type":"bearer","expires_in":0})",
          R"({"access_token":"abc","token_type":"bearer","expires_in":-1})"})
        EXPECT_FALSE(parse_token_answer(text)) << text;
}

/// An issuer that numbers its tokens.
struct Issuer {
    std::atomic<int> asked{0}, lives{300}, status{200};
    std::atomic<bool> held{false};
    std::string authorization, body;
    Running running;
    std::uint16_t port = running.serve([this](http::Exchange& exchange) { return answer(exchange); });
    std::unique_ptr<TokenSource> source =
        std::make_unique<TokenSource>(running.io(), "http://127.0.0.1:" + std::to_string(port) + "/token", "my service", Secret<>("p&ss"));
    ~Issuer() {
        running.on_io([this] { source.reset(); });
    }

    Task<void> answer(http::Exchange& exchange) {
        co_await exchange.read_body(10'000);
        boost::asio::steady_timer timer(running.io());
        while (held) {
            timer.expires_after(std::chrono::milliseconds(1));
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        authorization = exchange.request().headers.get("Authorization").value_or("");
        body = exchange.request().body;
        http::Response answer;
        answer.status = status;
        answer.body = R"({"access_token":"t)" + std::to_string(++asked) + R"(","token_type":"Bearer","expires_in":)" + std::to_string(lives) + "}";
        co_await exchange.respond(std::move(answer));
    }
    std::string get(const std::string& scope = "") { return running.await(source->token(scope)); }
};

TEST(TokenSource, AsksOnceAndKeepsWhatItGot) {
    Issuer issuer;
    EXPECT_EQ(issuer.get("stock:read"), "t1");
    EXPECT_EQ(issuer.get("stock:read"), "t1");
    EXPECT_EQ(issuer.asked, 1);
    EXPECT_EQ(issuer.authorization, "Basic " + base64_encode("my%20service:p%26ss"));
    EXPECT_EQ(issuer.body, "grant_type=client_credentials&scope=stock%3Aread");
    EXPECT_EQ(issuer.get(), "t2") << "another scope is another token";
    EXPECT_EQ(issuer.body, "grant_type=client_credentials");
}

TEST(TokenSource, ManyWhoAskAtOnceShareOneRequest) {
    Issuer issuer;
    std::vector<std::future<std::string>> all;
    for (int i = 0; i < 20; ++i) all.push_back(boost::asio::co_spawn(issuer.running.io(), issuer.source->token(""), boost::asio::use_future));
    for (auto& one : all) EXPECT_EQ(one.get(), "t1");
    EXPECT_EQ(issuer.asked, 1);
}

TEST(TokenSource, ATokenThatWasRefusedIsFetchedAnew) {
    Issuer issuer;
    EXPECT_EQ(issuer.get(), "t1");
    issuer.running.on_io([&] { issuer.source->forget(""); });
    EXPECT_EQ(issuer.get(), "t2");
}

TEST(TokenSource, AnIssuerThatFailsIsNoTokenButKeepsNothingThatIsGood) {
    Issuer issuer;
    issuer.status = 500;
    EXPECT_THROW(issuer.get(), std::runtime_error);
    issuer.status = 200;
    issuer.lives = 2; // renewed early: the first fifth of the end
    EXPECT_EQ(issuer.get(), "t2");
}

TEST(TokenSource, WhoCannotWaitGoesAndTheOthersGetTheirToken) {
    Issuer issuer;
    issuer.held = true;
    auto patient = boost::asio::co_spawn(issuer.running.io(), issuer.source->token(""), boost::asio::use_future);
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    EXPECT_THROW(issuer.running.await(issuer.source->token("", soon)), std::runtime_error); // while the issuer has not answered
    issuer.held = false;
    EXPECT_EQ(patient.get(), "t1");
    EXPECT_EQ(issuer.asked, 1);
}

} // namespace
} // namespace gravity::auth
