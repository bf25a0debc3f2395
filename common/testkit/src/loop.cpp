#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>

namespace gravity::testkit {

struct Loop::State {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
    std::thread thread;
};

Loop::Loop() : state_(std::make_unique<State>()) {}
Loop::~Loop() { stop(); }

boost::asio::io_context& Loop::io() { return state_->io; }

void Loop::start() {
    state_->thread = std::thread([state = state_.get()] { state->io.run(); });
}

void Loop::stop() {
    state_->io.stop();
    if (state_->thread.joinable()) state_->thread.join();
}

void until(const std::function<bool()>& condition) { eventually("what the test waits for", condition, std::chrono::seconds(30)); }

} // namespace gravity::testkit
