#pragma once

#include "clients_model.hpp"
#include "oauth.hpp"

#include <gravity/auth/keys.hpp>
#include <gravity/base/secret.hpp>

/// How a client proves who it is (RFC 6749 section 2.3, RFC 7523): pure. What is not right throws oauth::Refused.
namespace gravity::issuer {

struct ClientProof {
    enum class Kind {
        secret,   // client_secret_basic or client_secret_post
        assertion, // private_key_jwt
        none // a public client only says who it is
    };
    Kind kind{};
    ClientId client;
    Secret<> text; // the secret, or the assertion
    /// Of Basic, as it was sent, where that is another: many clients do not encode it, and "+" or "%" then mean themselves.
    Secret<> as_sent{};
};

/// What a request brings; an assertion says who it is of and is not believed yet.
ClientProof client_proof(const http::Headers& headers, const oauth::Form& form);

/// Whether the secret is one of those whose hashes these are; in constant time for each.
bool secret_matches(const Secret<>& secret, const std::vector<std::string>& hexadecimal_hashes);

struct Assertion {
    std::string jti;
    std::int64_t expires_at = 0; // Unix seconds
};
/// RFC 7523 section 3: signed by a key of the client, from and about it, for one of `audiences`, and not for longer than an hour.
Assertion check_assertion(std::string_view jwt, ClientId client, const auth::KeySet& keys, const std::vector<std::string>& audiences, std::int64_t now);

} // namespace gravity::issuer
