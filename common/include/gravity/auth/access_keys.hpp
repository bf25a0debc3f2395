#pragma once

#include <gravity/async/task.hpp>
#include <gravity/auth/access_key.hpp>
#include <gravity/base/caller.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/http/message.hpp>
#include <gravity/http/route.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace gravity {

class Router;
namespace pg {
class Database;
}

namespace auth {

class MasterKeys;

/// An access key as a request brings it.
struct PresentedKey {
    std::string text;
    bool basic = false; // by the Basic scheme: what is answered names it too
};

/// The access key of a request, from the first of these that is there: Authorization (Bearer or Basic), X-API-Key, `?key=`. With Basic the
/// key is the password, or the user's name if the password is empty. Nothing if the request has none, or an Authorization field that holds
/// something else. Pure.
std::optional<PresentedKey> presented_key(const http::Request& request);

/// The access keys of a service: who a key stands for. Keys are remembered for some seconds, so a revocation reaches other replicas a little
/// later. I/O thread only, but for what says otherwise. Loop and database outlive it.
class AccessKeys {
public:
    struct Options {
        std::shared_ptr<const MasterKeys> sealing; // with it the secrets are kept, sealed, for `signing_key`
    };
    AccessKeys(boost::asio::io_context& io, pg::Database& database, Options options);
    ~AccessKeys();
    AccessKeys(const AccessKeys&) = delete;
    AccessKeys& operator=(const AccessKeys&) = delete;

    /// Throws Refusal: unauthenticated for a key that is unknown, wrong, revoked, expired or of a kind not accepted; rate_limited.
    Task<Caller> caller_of(PresentedKey key, AcceptKeys accept);

    /// For schemes that sign with the key (HMAC, SigV4): who it is and the 64 hexadecimal digits to check with, by the 20 digits of its id.
    struct SigningKey {
        Caller caller;
        Secret<> secret;
    };
    /// Nothing for a key that is unknown, revoked, expired, publishable, or not sealed.
    Task<std::optional<SigningKey>> signing_key(std::string key_id);

    /// Forgets what is remembered of a key: it was revoked here.
    void forget(const std::string& key_id);
    bool keeps_secrets() const; // any thread
    std::string seal(const AccessKey& key, std::string_view row_id) const; // any thread

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// /api/v1/<service>/access-keys: made (shown once), listed, read, revoked. Scopes `access-keys:read` and `:write`.
void access_key_routes(Router& router, std::string_view service);

} // namespace auth
} // namespace gravity
