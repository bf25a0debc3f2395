#include <gravity/async/coroutine.hpp>
#include <gravity/auth/jwks_source.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/capture.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace gravity::auth {
namespace {

constexpr std::int64_t now_s = 1'800'000'000;

struct Source : testing::Test {
    log::Capture log;
    boost::asio::io_context io{1};
    Signer first = Signer::generate(Algorithm::es256, "first");
    Signer second = Signer::generate(Algorithm::es256, "second");
    std::shared_ptr<Verifier> verifier = std::make_shared<Verifier>(options());
    std::string document = first.jwks(); // what the issuer answers; empty: it fails
    int fetches = 0;
    bool hold = false; // the issuer takes its time
    boost::asio::steady_timer held{io, std::chrono::steady_clock::time_point::max()};

    static VerifierOptions options() {
        VerifierOptions o;
        o.issuer = "i";
        o.audiences = {"a"};
        return o;
    }

    Task<std::string> answer() {
        ++fetches;
        if (hold) {
            boost::system::error_code ignored;
            auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
            co_await held.async_wait(token);
        }
        if (document.empty()) throw std::runtime_error("connection refused");
        co_return document;
    }
    JwksFetch fetch() {
        return [this](std::string url) {
            EXPECT_EQ(url, "https://issuer.test/jwks");
            return answer();
        };
    }
    void spawn(JwksSource& source) { boost::asio::co_spawn(io, source.run(), boost::asio::detached); }

    static Task<void> ask(JwksSource& source, std::vector<bool>& answers) {
        const bool answered = co_await source.refresh_for_unknown_key();
        answers.push_back(answered);
    }
    void spawn_ask(JwksSource& source, std::vector<bool>& answers) {
        boost::asio::co_spawn(io, ask(source, answers), boost::asio::detached);
    }

    template <class Condition> bool run_until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        io.restart();
        while (!condition() && std::chrono::steady_clock::now() < deadline && io.run_one_until(deadline) > 0) {}
        return condition();
    }
    bool verifies(const Signer& signer) {
        Claims claims;
        claims.issuer = "i";
        claims.audience = {"a"};
        claims.subject = "s";
        claims.expires_at = now_s + 100;
        return static_cast<bool>(verifier->verify(signer.token(claims), now_s));
    }
};

TEST_F(Source, LoadsAtTheStart) {
    JwksSource source(io, "https://issuer.test/jwks", verifier, fetch());
    EXPECT_FALSE(source.status().loaded);
    spawn(source);
    ASSERT_TRUE(run_until([&] { return source.status().loaded; }));
    EXPECT_TRUE(verifies(first));
    EXPECT_EQ(source.status().keys, 1u);
    EXPECT_EQ(source.status().last_error, "");
    EXPECT_TRUE(log.contains("keys were loaded"));
    source.stop();
    io.run();
}

TEST_F(Source, RetriesUntilTheIssuerIsThere) {
    clock::Fake clock(Timestamp::from_unix_seconds(now_s));
    document.clear();
    JwksSource source(io, "https://issuer.test/jwks", verifier, fetch());
    spawn(source);
    ASSERT_TRUE(run_until([&] { return fetches == 1; }));
    EXPECT_EQ(source.status().last_error, "connection refused");
    EXPECT_TRUE(log.contains("connection refused"));
    document = first.jwks();
    clock.advance(Duration::seconds(1));
    std::vector<bool> answers;
    spawn_ask(source, answers); // wakes the loop, whose pause is over by the process's clock
    ASSERT_TRUE(run_until([&] { return source.status().loaded; }));
    EXPECT_EQ(source.status().last_error, "");
    source.stop();
    io.run();
}

TEST_F(Source, AllWhoMissAKeyShareOneFetch) {
    JwksSource source(io, "https://issuer.test/jwks", verifier, fetch());
    spawn(source);
    ASSERT_TRUE(run_until([&] { return source.status().loaded; }));
    document = second.jwks();
    hold = true;
    std::vector<bool> answers;
    for (int i = 0; i < 5; ++i) spawn_ask(source, answers);
    ASSERT_TRUE(run_until([&] { return fetches == 2; }));
    for (int i = 0; i < 5; ++i) spawn_ask(source, answers);
    EXPECT_TRUE(answers.empty());
    hold = false;
    ASSERT_TRUE(run_until([&] {
        held.cancel();
        return answers.size() == 10;
    }));
    EXPECT_EQ(answers, std::vector<bool>(10, true));
    EXPECT_EQ(fetches, 2);
    EXPECT_TRUE(verifies(second));
    EXPECT_FALSE(verifies(first));

    spawn_ask(source, answers);
    ASSERT_TRUE(run_until([&] { return answers.size() == 11; }));
    EXPECT_FALSE(answers.back()) << "within a minute of the last";
    EXPECT_EQ(fetches, 2);
    source.stop();
    io.run();
}

TEST_F(Source, KeepsTheOldKeysThroughFailuresAndBadDocuments) {
    clock::Fake clock(Timestamp::from_unix_seconds(now_s));
    JwksSource source(io, "https://issuer.test/jwks", verifier, fetch());
    spawn(source);
    ASSERT_TRUE(run_until([&] { return source.status().loaded; }));
    std::vector<bool> answers;
    for (const char* bad : {"", "<html>", "{}", R"({"keys":[]})", R"({"keys":[{"kty":"oct","kid":"x","k":"AA"}]})"}) {
        document = bad;
        clock.advance(Duration::minutes(2));
        const auto before = answers.size();
        spawn_ask(source, answers);
        ASSERT_TRUE(run_until([&] { return answers.size() > before; })) << bad;
        EXPECT_FALSE(answers.back()) << bad;
        EXPECT_NE(source.status().last_error, "") << bad;
        EXPECT_TRUE(verifies(first)) << bad;
    }
    EXPECT_EQ(source.status().age, Duration::minutes(10));
    clock.advance(Duration::hours(24));
    spawn_ask(source, answers);
    ASSERT_TRUE(run_until([&] { return !source.status().loaded; })) << "but not for ever";
    EXPECT_FALSE(verifies(first));
    EXPECT_TRUE(log.contains("too old to be trusted"));
    source.stop();
    io.run();
}

TEST_F(Source, StoppingReleasesWhoWaits) {
    JwksSource source(io, "https://issuer.test/jwks", verifier, fetch());
    std::vector<bool> answers;
    spawn_ask(source, answers);
    ASSERT_TRUE(run_until([&] { return answers.size() == 1; }));
    EXPECT_FALSE(answers.back()) << "not running yet";
    hold = true;
    spawn(source);
    ASSERT_TRUE(run_until([&] { return fetches == 1; }));
    spawn_ask(source, answers);
    source.stop();
    hold = false;
    ASSERT_TRUE(run_until([&] {
        held.cancel();
        return answers.size() == 2;
    }));
    spawn_ask(source, answers);
    ASSERT_TRUE(run_until([&] { return answers.size() == 3; }));
    EXPECT_FALSE(answers.back());
}

TEST_F(Source, ReadsAFile) {
    const auto path = std::filesystem::temp_directory_path() / ("gravity-jwks-" + hex_encode(random_bytes(8)));
    std::ofstream(path) << first.jwks();
    JwksSource source(io, "file://" + path.string(), verifier);
    spawn(source);
    ASSERT_TRUE(run_until([&] { return source.status().loaded; }));
    EXPECT_TRUE(verifies(first));
    std::vector<bool> answers;
    std::filesystem::remove(path);
    spawn_ask(source, answers);
    ASSERT_TRUE(run_until([&] { return answers.size() == 1; }));
    EXPECT_FALSE(answers[0]);
    EXPECT_EQ(source.status().last_error, "the file cannot be opened");
    source.stop();
    io.run();
}

TEST_F(Source, RefusesOtherUrls) {
    for (const char* url : {"", "issuer.test/jwks", "file://relative", "ftp://issuer.test/jwks", "data:,{}"}) {
        EXPECT_THROW(JwksSource(io, url, verifier, fetch()), std::invalid_argument) << url;
    }
    EXPECT_THROW(JwksSource(io, "https://issuer.test/jwks", verifier), std::invalid_argument);
}

} // namespace
} // namespace gravity::auth
