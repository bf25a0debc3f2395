#pragma once

#include <gravity/app/settings.hpp>
#include <gravity/async/task.hpp>
#include <gravity/auth/access_keys.hpp>
#include <gravity/base/caller.hpp>
#include <gravity/http/message.hpp>

#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}

namespace gravity::auth {
struct Claims;
}

namespace gravity::app {

/// From a request's credentials to its caller: a bearer token, or one bound by DPoP with its proof, by the keys that AUTH_JWKS_URL names; an access key, where
/// the route takes them. I/O thread only.
class Authentication {
public:
    /// `keys` may be null. Throws std::invalid_argument for settings that cannot be right.
    Authentication(boost::asio::io_context& io, const PlatformSettings& settings, auth::AccessKeys* keys);
    ~Authentication();

    /// Nothing without credentials. Throws Refusal: unauthenticated for a token that is no good, store_unavailable-like 503 while
    /// no keys could be loaded yet.
    Task<std::optional<Caller>> caller_of(const http::Request& request, AcceptKeys accept);
    /// Of a bearer token, however it came. One that is bound to a key is refused: no proof comes with it.
    Task<Caller> caller_of_token(std::string token);
    void start();
    /// Whether there are keys to verify tokens with.
    bool takes_tokens() const { return state_ != nullptr; }
    /// Why tokens cannot be verified at present, for /health/ready; nothing if they can, or if no keys are configured.
    std::optional<std::string> problem() const;

private:
    Task<std::shared_ptr<const auth::Claims>> verified(std::string token);
    struct State;
    auth::AccessKeys* keys_;
    std::shared_ptr<State> state_;
};

} // namespace gravity::app
