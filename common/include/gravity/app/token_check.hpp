#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/caller.hpp>
#include <gravity/http/message.hpp>

#include <functional>
#include <optional>
#include <string>

namespace gravity::app {

/// Who sent a token of the platform, for surfaces where it comes in another place than `Authorization`. A resource of every service that has
/// AUTH_JWKS_URL. I/O thread only.
struct TokenCheck {
    /// Throws Refusal, as for a route that needs a token.
    std::function<Task<Caller>(std::string token)> caller_of;
};

/// Who sent a request, where a service knows tokens of its own: a resource that it may put. Asked before the platform's own check, for every route; what it
/// knows nothing of is left to that. I/O thread only.
struct OwnTokens {
    std::function<Task<std::optional<Caller>>(const http::Request& request)> caller_of;
};

} // namespace gravity::app
