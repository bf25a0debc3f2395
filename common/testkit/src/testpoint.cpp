#include "base/testpoint.hpp"

#include <gravity/testkit/testpoint.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace gravity::testkit {

struct Testpoint::State {
    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    std::size_t reached = 0;
    std::size_t waiting = 0;
    std::size_t failures = 0; // left
    std::exception_ptr failure;
    bool paused = false;

    void come_by() {
        std::unique_lock lock(mutex);
        ++reached;
        ++waiting;
        changed.notify_all();
        changed.wait(lock, [this] { return !paused; });
        --waiting;
        if (failures == 0) return;
        --failures;
        const std::exception_ptr with = failure;
        lock.unlock();
        std::rethrow_exception(with);
    }

    template <class Condition>
    void wait(const std::string& what, Condition condition) const {
        std::unique_lock lock(mutex);
        if (!changed.wait_for(lock, std::chrono::seconds(10), condition)) throw std::runtime_error("nobody came by the testpoint " + what);
    }
};

bool Testpoint::compiled_in() {
#ifdef GRAVITY_TESTPOINTS
    return true;
#else
    return false;
#endif
}

Testpoint::Testpoint(std::string name) : name_(std::move(name)), state_(std::make_shared<State>()) {
#ifdef GRAVITY_TESTPOINTS
    testpoint::arm(name_, [state = state_] { state->come_by(); });
#else
    throw std::logic_error("this build has no testpoints");
#endif
}

Testpoint::~Testpoint() {
#ifdef GRAVITY_TESTPOINTS
    testpoint::arm(name_, nullptr);
#endif
    release();
}

Testpoint& Testpoint::pause() {
    const std::lock_guard lock(state_->mutex);
    state_->paused = true;
    return *this;
}

void Testpoint::release() {
    const std::lock_guard lock(state_->mutex);
    state_->paused = false;
    state_->changed.notify_all();
}

Testpoint& Testpoint::fail(std::exception_ptr with, std::size_t times) {
    const std::lock_guard lock(state_->mutex);
    state_->failure = std::move(with);
    state_->failures = times;
    return *this;
}

std::size_t Testpoint::reached() const {
    const std::lock_guard lock(state_->mutex);
    return state_->reached;
}

std::size_t Testpoint::waiting() const {
    const std::lock_guard lock(state_->mutex);
    return state_->waiting;
}

void Testpoint::wait_until_paused(std::size_t count) const {
    state_->wait(name_, [this, count] { return state_->paused && state_->waiting >= count; });
}

void Testpoint::wait_until_reached(std::size_t count) const {
    state_->wait(name_, [this, count] { return state_->reached >= count; });
}

} // namespace gravity::testkit
