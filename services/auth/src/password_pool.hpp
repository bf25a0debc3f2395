#pragma once

#include "config.hpp"
#include "password_hash.hpp"

#include <gravity/async/bounded_pool.hpp>

#include <chrono>

/// Where passwords are hashed: threads that take little from others, and a queue with an end.
namespace gravity::issuer {

class PasswordPool {
public:
    explicit PasswordPool(const Settings& settings);

    /// hash_password and verify_password, awaited. Throw Refusal: too much waits (503), or too late (504).
    Task<std::string> hash(std::chrono::steady_clock::time_point deadline, Secret<> password);
    Task<PasswordVerdict> verify(std::chrono::steady_clock::time_point deadline, std::string hash, Secret<> password);

private:
    BoundedPool pool_;
};

} // namespace gravity::issuer
