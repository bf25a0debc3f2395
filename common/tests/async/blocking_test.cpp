#include "async/blocking_jobs.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace gravity {
namespace {

using namespace std::chrono_literals;

Task<int> tripled(int number) {
    const int result = co_await blocking([](int value) { return 3 * value; }, number);
    co_return result;
}

TEST(Blocking, ComesBackWithTheResultOnTheLoopsThread) {
    boost::asio::io_context io;
    int result = 0;
    std::thread::id after;
    spawn(io, "test", [&]() -> Task<void> {
        result = co_await tripled(14);
        after = std::this_thread::get_id();
    });
    io.run();
    EXPECT_EQ(result, 42);
    EXPECT_EQ(after, std::this_thread::get_id());
}

TEST(Blocking, WhatTheWorkThrowsIsThrownToItsCaller) {
    boost::asio::io_context io;
    std::string said;
    spawn(io, "test", [&]() -> Task<void> {
        std::function<void()> work = [] { throw std::runtime_error("no"); };
        try {
            co_await run_blocking(std::move(work));
        } catch (const std::runtime_error& error) {
            said = error.what();
        }
    });
    io.run();
    EXPECT_EQ(said, "no");
}

// A process that is told to stop while work is under way: neither the loop nor what the work uses may go before its end.
TEST(Blocking, ALoopThatEndsWaitsForTheWorkThatWasBegunOnIt) {
    for (const bool by_destructor : {true, false}) {
        auto io = std::make_unique<boost::asio::io_context>();
        std::latch begun(1);
        std::atomic<bool> release = false, ended = false, came_back = false;
        spawn(*io, "test", [&]() -> Task<void> {
            std::function<void()> work = [&] {
                begun.count_down();
                while (!release) std::this_thread::yield();
                ended = true;
            };
            co_await run_blocking(std::move(work));
            came_back = true;
        });
        io->poll();
        begun.wait();
        io->stop();
        std::thread later([&] {
            std::this_thread::sleep_for(20ms);
            release = true;
        });
        if (by_destructor)
            io.reset();
        else
            finish_blocking(*io);
        EXPECT_TRUE(ended);
        EXPECT_FALSE(came_back);
        later.join();
    }
}

} // namespace
} // namespace gravity
