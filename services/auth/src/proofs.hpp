#pragma once

#include "client_login.hpp"
#include "config.hpp"

#include <gravity/auth/claims.hpp>
#include <gravity/auth/dpop.hpp>
#include <gravity/auth/sealed.hpp>

#include <memory>
#include <optional>
#include <string>

/// Proofs of possession (RFC 9449): which key a token is bound to (section 5), and that who comes with it has the key (section 7).
namespace gravity::issuer {

/// Nonces of the server (RFC 9449 section 8) that nobody has to remember: a moment, authenticated by a key that all replicas have. Any thread.
class Nonces {
public:
    static constexpr std::int64_t good_seconds = 300;

    explicit Nonces(const auth::MasterKeys& keys) : authenticator_(keys.authenticator("dpop-nonce")) {}
    std::string fresh(std::int64_t now) const;
    bool good(std::string_view nonce, std::int64_t now) const;

private:
    auth::Authenticator authenticator_;
};

/// I/O thread only.
class Proofs {
public:
    Proofs(const auth::MasterKeys& keys, const Settings& settings);

    /// The proof of a request to an endpoint, by its path behind this service's address; nothing if it has none. Throws oauth::Refused for one that is no good,
    /// or that lacks the nonce it has to have.
    std::optional<auth::Proof> read(const http::Request& request, std::string_view path = "/oauth2/token") const;
    /// The thumbprint of the key that the client's token is to be bound to, empty for none; the proof is good for no other request after that. Throws
    /// oauth::Refused for one that was used before, and where there is none and the client has to have one.
    Task<std::string> use(Ctx& ctx, const KnownClient& known, std::optional<auth::Proof> proof) const;
    /// The proof is good for no other request after that. Throws oauth::Refused for one that was used before.
    Task<void> use_once(Ctx& ctx, pg::Scope scope, auth::Proof proof) const;
    /// At a resource of this service that clients reach by this path behind its address: the request has one proof, for it and for the token, by the key that
    /// the token is bound to, which was not used before. Throws oauth::Refused.
    Task<void> admit(Ctx& ctx, std::string path, std::string token, std::shared_ptr<const auth::Claims> claims) const;
    /// For the next proof, where proofs need a nonce.
    std::optional<std::string> next_nonce() const;

private:
    Nonces nonces_;
    std::string address_;
    bool nonce_needed_;
};

} // namespace gravity::issuer
