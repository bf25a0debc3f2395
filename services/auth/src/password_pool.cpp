#include "password_pool.hpp"

#include <gravity/base/testpoint.hpp>

namespace gravity::issuer {
namespace {

std::string hashed(Secret<> password) {
    GRAVITY_TESTPOINT("auth.before_hash");
    return hash_password(std::move(password));
}

PasswordVerdict verified(std::string hash, Secret<> password) {
    GRAVITY_TESTPOINT("auth.before_hash");
    return verify_password(std::move(hash), std::move(password));
}

} // namespace

// Stands back behind the I/O thread, which checks tokens.
PasswordPool::PasswordPool(const Settings& settings)
    : pool_({.threads = settings.password_threads, .waiting = static_cast<std::size_t>(int{settings.password_queue}), .niceness = 10}) {}

Task<std::string> PasswordPool::hash(std::chrono::steady_clock::time_point deadline, Secret<> password) {
    return pool_.run(deadline, hashed, std::move(password));
}

Task<PasswordVerdict> PasswordPool::verify(std::chrono::steady_clock::time_point deadline, std::string hash, Secret<> password) {
    return pool_.run(deadline, verified, std::move(hash), std::move(password));
}

} // namespace gravity::issuer
