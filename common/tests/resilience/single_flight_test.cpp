#include <gravity/async/coroutine.hpp>
#include <gravity/resilience/single_flight.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace gravity::resilience {
namespace {

using namespace std::chrono_literals;

struct Result {
    std::string value;
    std::exception_ptr failure;
    bool done = false;
};

class SingleFlightTest : public ::testing::Test {
protected:
    using Flights = SingleFlight<std::string, std::string>;

    std::shared_ptr<Result> ask(std::string key, boost::asio::cancellation_slot slot = {}) {
        auto result = std::make_shared<Result>();
        auto handler = [result](std::exception_ptr failure, std::string value) {
            result->failure = failure;
            result->value = std::move(value);
            result->done = true;
        };
        boost::asio::co_spawn(io, flights->run(std::move(key), [this] { return work(this); }),
                              boost::asio::bind_cancellation_slot(slot, handler));
        return result;
    }
    static Task<std::string> work(SingleFlightTest* test) {
        const int run = ++test->runs;
        co_await test->gate.wait();
        if (test->fail) throw std::runtime_error("no");
        co_return "run " + std::to_string(run);
    }
    /// Everything that can happen without the gate.
    void settle() {
        io.restart();
        io.poll();
    }
    void until_done(const Result& result) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!result.done) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline);
            io.restart();
            io.run_one_for(5ms);
        }
    }

    boost::asio::io_context io{1};
    detail::Landing gate;
    std::unique_ptr<Flights> flights = std::make_unique<Flights>();
    int runs = 0;
    bool fail = false;
};

TEST_F(SingleFlightTest, CallersOfOneKeyShareOneRun) {
    std::vector<std::shared_ptr<Result>> results;
    for (int i = 0; i < 100; ++i) results.push_back(ask("k"));
    auto other = ask("other");
    settle();
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(flights->in_flight(), 2u);
    EXPECT_FALSE(results[0]->done);
    gate.open();
    for (auto& result : results) {
        until_done(*result);
        EXPECT_EQ(result->value, "run 1");
    }
    until_done(*other);
    EXPECT_EQ(other->value, "run 2");
    EXPECT_EQ(flights->in_flight(), 0u);
    auto later = ask("k"); // nothing is kept
    until_done(*later);
    EXPECT_EQ(later->value, "run 3");
}

TEST_F(SingleFlightTest, FailureIsSharedAndForgotten) {
    fail = true;
    auto a = ask("k");
    auto b = ask("k");
    settle();
    gate.open();
    until_done(*a);
    until_done(*b);
    EXPECT_THROW(std::rethrow_exception(a->failure), std::runtime_error);
    EXPECT_THROW(std::rethrow_exception(b->failure), std::runtime_error);
    EXPECT_EQ(runs, 1);
    fail = false;
    auto c = ask("k");
    until_done(*c);
    EXPECT_EQ(c->value, "run 2");
}

TEST_F(SingleFlightTest, FirstCallerMayGoWithoutTheOthersLosing) {
    boost::asio::cancellation_signal signal;
    auto first = ask("k", signal.slot());
    auto second = ask("k");
    settle();
    signal.emit(boost::asio::cancellation_type::all);
    until_done(*first);
    EXPECT_TRUE(first->failure);
    EXPECT_FALSE(second->done);
    gate.open();
    until_done(*second);
    EXPECT_EQ(second->value, "run 1");
    EXPECT_EQ(runs, 1);
}

TEST_F(SingleFlightTest, ObjectMayGoWhileARunIsUnderWay) {
    auto result = ask("k");
    settle();
    flights.reset();
    gate.open();
    until_done(*result);
    EXPECT_EQ(result->value, "run 1");
}

TEST_F(SingleFlightTest, LoopMayGoWhileARunIsUnderWay) {
    auto result = ask("k");
    settle();
    EXPECT_EQ(runs, 1);
    EXPECT_FALSE(result->done); // the sanitizers watch what the loop's end leaves behind
}

} // namespace
} // namespace gravity::resilience
