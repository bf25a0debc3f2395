#include <gravity/async/coroutine.hpp>
#include <gravity/async/signal.hpp>
#include <gravity/async/sleep.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace gravity {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Waits {
    boost::asio::io_context io;
    std::string told;
};

Task<void> wait_for(Waits& waits, Signal& signal, Clock::time_point end, std::string name) {
    co_await signal.wait_until(end);
    waits.told += name;
}

TEST(Signal, WakesAllWhoWait) {
    Waits waits;
    Signal signal;
    for (const std::string name : {"a", "b"}) spawn(waits.io, "test", [&waits, &signal, name] { return wait_for(waits, signal, Clock::now() + 1h, name); });
    waits.io.poll();
    EXPECT_EQ(waits.told, "");
    signal.notify();
    waits.io.poll();
    EXPECT_EQ(waits.told, "ab");
    EXPECT_TRUE(waits.io.stopped()); // nothing is left
}

TEST(Signal, WaitsNoLongerThanToItsTime) {
    Waits waits;
    Signal signal;
    spawn(waits.io, "test", [&] { return wait_for(waits, signal, Clock::now() + 1ms, "late"); });
    waits.io.run();
    EXPECT_EQ(waits.told, "late");
}

TEST(Signal, RemembersNothing) {
    Waits waits;
    Signal signal;
    signal.notify();
    spawn(waits.io, "test", [&] { return wait_for(waits, signal, Clock::now() + 1h, "x"); });
    waits.io.poll();
    EXPECT_EQ(waits.told, "");
}

TEST(Signal, MayGoBeforeWhoWaits) {
    Waits waits;
    auto signal = std::make_optional<Signal>();
    spawn(waits.io, "test", [&] { return wait_for(waits, *signal, Clock::now() + 1ms, "x"); });
    waits.io.poll();
    signal.reset();
    waits.io.run();
    EXPECT_EQ(waits.told, "x");
}

} // namespace
} // namespace gravity
