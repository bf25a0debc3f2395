#pragma once

#include <gravity/async/coroutine.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace gravity::resilience {

namespace detail {

/// A moment that many coroutines wait for. I/O thread only.
class Landing {
public:
    Landing();
    ~Landing();
    /// Returns at once when open. False if it is not by then.
    Task<bool> wait(std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max());
    void open();

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Runs a coroutine beside the current one, on the same executor.
Task<void> launch(Task<void> work);

} // namespace detail

/// Several coroutines that want the same thing at the same time share one run of the work. It belongs to none of them:
/// one that is cancelled leaves the others waiting for the same run. Failures are shared too; nothing is kept
/// afterwards. I/O thread only.
template <class Key, class Value> class SingleFlight {
public:
    using Work = std::function<Task<Value>()>;

    /// A copy of what the run under way brings, or of a new one by `work`, which is kept until it ends (it may have
    /// captures). One that waits longer than `until` gets std::runtime_error, and the run goes on for the others.
    Task<Value> run(Key key, Work work, std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max()) {
        std::shared_ptr<Flight> flight;
        auto at = flights_->find(key);
        if (at != flights_->end()) {
            flight = at->second;
        } else {
            flight = std::make_shared<Flight>();
            flights_->emplace(key, flight);
            Task<void> lead = fly(flights_, key, flight, std::move(work));
            co_await detail::launch(std::move(lead));
        }
        const bool landed = co_await flight->landing.wait(until);
        if (!landed) throw std::runtime_error("the deadline passed first");
        if (flight->failure) std::rethrow_exception(flight->failure);
        co_return *flight->value;
    }

    /// Runs under way.
    std::size_t in_flight() const { return flights_->size(); }

private:
    struct Flight {
        detail::Landing landing;
        std::optional<Value> value;
        std::exception_ptr failure;
    };
    using Flights = std::map<Key, std::shared_ptr<Flight>>;

    static Task<void> fly(std::shared_ptr<Flights> flights, Key key, std::shared_ptr<Flight> flight, Work work) {
        try {
            Value value = co_await work();
            flight->value.emplace(std::move(value));
        } catch (...) {
            flight->failure = std::current_exception();
        }
        flights->erase(key);
        flight->landing.open();
    }

    std::shared_ptr<Flights> flights_ = std::make_shared<Flights>(); // outlives this object while a run is under way
};

} // namespace gravity::resilience
