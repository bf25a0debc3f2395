#include "base/testpoint.hpp"

#ifdef GRAVITY_TESTPOINTS
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

namespace gravity::testpoint {
namespace {

struct Registry {
    std::shared_mutex mutex;
    std::map<std::string, std::shared_ptr<std::function<void()>>, std::less<>> actions;
};

Registry& registry() {
    static Registry* const one = new Registry; // never destroyed: threads may come by until the very end
    return *one;
}

// For a daemon under test from outside: GRAVITY_TESTPOINT_KILL=pg.before_commit ends it there as `kill -9` does.
const char* const kill_at = std::getenv("GRAVITY_TESTPOINT_KILL");

} // namespace

std::atomic<bool> armed{kill_at != nullptr};

void reach(std::string_view name) {
    if (kill_at != nullptr && name == kill_at) std::raise(SIGKILL);
    std::shared_ptr<std::function<void()>> action;
    {
        const std::shared_lock lock(registry().mutex);
        const auto found = registry().actions.find(name);
        if (found == registry().actions.end()) return;
        action = found->second;
    }
    (*action)(); // without the lock: it may wait
}

void arm(const std::string& name, std::function<void()> action) {
    const std::unique_lock lock(registry().mutex);
    if (action)
        registry().actions[name] = std::make_shared<std::function<void()>>(std::move(action));
    else
        registry().actions.erase(name);
    armed = kill_at != nullptr || !registry().actions.empty();
}

} // namespace gravity::testpoint
#endif
