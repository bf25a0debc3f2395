#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace gravity::events {

/// What an effect throws when it finds that the lease is another's: the event is that one's too.
struct LeaseLost : std::runtime_error {
    LeaseLost() : std::runtime_error("another replica consumes now") {}
};

/// What becomes of an event whose handling threw.
struct AfterFailure {
    enum class Next : std::uint8_t {
        again,
        dead_letters,
        not_ours // the lease is lost
    };
    Next next = Next::again;
    std::string why;
    bool counted = true; // an attempt of the event's own; not so if a store was away or overloaded
};

/// `failures`: attempts that failed before this one and counted. No clock, no I/O.
AfterFailure after_failure(const std::exception_ptr& thrown, int failures, int attempts);

} // namespace gravity::events
