#include "password_pool.hpp"

#include <gravity/base/problem.hpp>
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

constexpr int reserved_turns = 8;

} // namespace

// Stands back behind the I/O thread, which checks tokens.
PasswordPool::PasswordPool(const Settings& settings)
    : turns_(settings.password_threads + settings.password_queue),
      pool_({.threads = settings.password_threads, .waiting = static_cast<std::size_t>(settings.password_queue + reserved_turns), .niceness = 10}) {}

PasswordPool::Turn PasswordPool::turn(bool shows_trust) {
    const int under_way = ++under_way_;
    Turn turn(under_way_, under_way > turns_);
    if (under_way > turns_ + (shows_trust ? reserved_turns : 0)) throw no_turn();
    return turn;
}

Refusal PasswordPool::no_turn() { return Refusal(problems::overloaded).with_header("Retry-After", "1"); }

Task<std::string> PasswordPool::hash(std::chrono::steady_clock::time_point deadline, Secret<> password) {
    const Turn mine = turn(false);
    std::string hash = co_await pool_.run(deadline, hashed, std::move(password));
    co_return hash;
}

Task<PasswordVerdict> PasswordPool::verify(std::chrono::steady_clock::time_point deadline, std::string hash, Secret<> password) {
    return pool_.run(deadline, verified, std::move(hash), std::move(password));
}

} // namespace gravity::issuer
