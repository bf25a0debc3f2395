#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/caller.hpp>

#include <functional>
#include <string>

namespace gravity::app {

/// Who sent a token of the platform, for surfaces where it comes in another place than `Authorization`. A resource of every service that has
/// AUTH_JWKS_URL. I/O thread only.
struct TokenCheck {
    /// Throws Refusal, as for a route that needs a token.
    std::function<Task<Caller>(std::string token)> caller_of;
};

} // namespace gravity::app
