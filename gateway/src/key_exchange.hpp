#pragma once

#include "api_keys.hpp"

#include <gravity/async/task.hpp>
#include <gravity/auth/verifier.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/http/client.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gravity::gateway {

/// What the token endpoint's answer says of the key: 200 that it is good, `invalid_request` (RFC 8693 section 2.2.2) or `invalid_grant` that it is not;
/// anything else is about this gateway, or about the endpoint itself. Pure.
KeyOutcome outcome_of(int status, std::string_view body);

/// Exchanges API keys at an OAuth 2.0 token endpoint (RFC 8693). I/O thread.
class KeyExchange : public std::enable_shared_from_this<KeyExchange> {
public:
    static constexpr std::string_view key_type = "urn:gravity:params:oauth:token-type:api-key";

    /// What comes of it must be a token that `verifier` takes; `on_unknown_key` has the keys fetched that it takes them by.
    KeyExchange(std::shared_ptr<http::Client> client, std::string url, std::string client_id, Secret<> client_secret, std::shared_ptr<auth::Verifier> verifier,
                std::function<void()> on_unknown_key);

    /// Tells `keys` what became of it, whatever that is.
    static Task<void> run(std::shared_ptr<KeyExchange> self, ApiKeys& keys, KeyQuestion question);

private:
    http::ClientRequest request_for(const KeyQuestion& question) const;
    KeyGrantPtr granted(const std::string& body, std::string& failure);

    std::shared_ptr<http::Client> client_;
    std::string url_, authorization_;
    std::shared_ptr<auth::Verifier> verifier_;
    std::function<void()> on_unknown_key_;
};

} // namespace gravity::gateway
