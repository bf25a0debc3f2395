#pragma once

#include "config.hpp"
#include "password_hash.hpp"

#include <gravity/async/bounded_pool.hpp>
#include <gravity/base/problem.hpp>

#include <atomic>
#include <chrono>
#include <memory>

/// Where passwords are hashed: threads that take little from others, and a queue with an end.
namespace gravity::issuer {

class PasswordPool {
public:
    /// A sign-in that is under way, until this is gone.
    class Turn {
    public:
        /// It is one beyond what others get, for whoever turns out to sign in where they are trusted.
        bool reserved() const { return reserved_; }

    private:
        friend class PasswordPool;
        Turn(std::atomic<int>& under_way, bool reserved) : under_way_(&under_way), reserved_(reserved) {}
        struct Leave {
            void operator()(std::atomic<int>* under_way) const { --*under_way; }
        };
        std::unique_ptr<std::atomic<int>, Leave> under_way_;
        bool reserved_;
    };

    explicit PasswordPool(const Settings& settings);

    /// Taken before anything is looked for or counted: no more sign-ins are under way than have a place in the queue, and those beyond cost nothing but their
    /// refusal. Some turns more are there for who shows a cookie of a trusted browser that was made here. Throws Refusal (503).
    Turn turn(bool shows_trust);
    /// What is said to those beyond.
    static Refusal no_turn();

    /// hash_password (which takes a turn) and, for who has one, verify_password, awaited. Throw Refusal: too much waits (503), or too late (504).
    Task<std::string> hash(std::chrono::steady_clock::time_point deadline, Secret<> password);
    Task<PasswordVerdict> verify(std::chrono::steady_clock::time_point deadline, std::string hash, Secret<> password);

private:
    const int turns_;
    std::atomic<int> under_way_{0};
    BoundedPool pool_;
};

} // namespace gravity::issuer
