#include "wait_hub.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <map>

namespace gravity::registry {
namespace {

struct Waiter {
    boost::asio::steady_timer timer;
    bool woken = false;
};

} // namespace

struct WaitHub::State {
    boost::asio::io_context& io;
    std::size_t max_waiters;
    std::multimap<std::string, Waiter*, std::less<>> waiters;
    std::map<std::size_t, std::size_t> kv_lengths; // lengths of the watched kv names -> how many watch such
    bool closed = false;

    // A waiter's place: left when its coroutine ends, however it ends.
    struct Place {
        std::shared_ptr<State> state;
        std::multimap<std::string, Waiter*, std::less<>>::iterator at;
        Place(std::shared_ptr<State> s, std::string watched, Waiter& waiter) : state(std::move(s)) {
            if (watched.starts_with(watch::kv_mark)) ++state->kv_lengths[watched.size()];
            at = state->waiters.emplace(std::move(watched), &waiter);
        }
        ~Place() {
            if (at->first.starts_with(watch::kv_mark)) {
                const auto length = state->kv_lengths.find(at->first.size());
                if (--length->second == 0) state->kv_lengths.erase(length);
            }
            state->waiters.erase(at);
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
    };

    void wake_exactly(std::string_view name) {
        const auto [first, last] = waiters.equal_range(name);
        for (auto waiter = first; waiter != last; ++waiter) wake_one(*waiter->second);
    }
    static void wake_one(Waiter& waiter) {
        waiter.woken = true;
        waiter.timer.cancel(); // resumes the coroutine later, so the map does not change while it is walked
    }
};

WaitHub::WaitHub(boost::asio::io_context& io, std::size_t max_waiters) : state_(new State{io, max_waiters, {}, {}, false}) {}
WaitHub::~WaitHub() = default;

Task<WaitHub::Wake> WaitHub::wait(std::string watched, Deadline deadline) {
    const std::shared_ptr<State> state = state_;
    if (state->closed) co_return Wake::closed;
    Waiter waiter{boost::asio::steady_timer(state->io, deadline)};
    const State::Place place(state, std::move(watched), waiter);
    const auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    co_await waiter.timer.async_wait(token);
    if (waiter.woken) co_return state->closed ? Wake::closed : Wake::changed;
    co_return Wake::timeout;
}

void WaitHub::wake(const std::set<std::string>& touched) {
    for (const std::string& name : touched) {
        if (!name.starts_with(watch::kv_mark)) {
            state_->wake_exactly(name);
            continue;
        }
        for (const auto& [length, count] : state_->kv_lengths)
            if (length <= name.size()) state_->wake_exactly(std::string_view(name).substr(0, length));
    }
}

void WaitHub::close() {
    state_->closed = true;
    for (auto& [name, waiter] : state_->waiters) State::wake_one(*waiter);
}

std::size_t WaitHub::waiting() const { return state_->waiters.size(); }
bool WaitHub::full() const { return state_->waiters.size() >= state_->max_waiters; }

} // namespace gravity::registry
