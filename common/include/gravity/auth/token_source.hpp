#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/secret.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace gravity::auth {

/// A token of an OAuth 2.0 token endpoint's answer (RFC 6749 section 5.1).
struct IssuedToken {
    Secret<> token;
    std::chrono::seconds lives{0};
};
/// Nothing for what is no bearer token's answer. A lifetime that is not told counts as a minute. Pure.
std::optional<IssuedToken> parse_token_answer(std::string_view document);

/// The tokens of this service itself: the client credentials grant (RFC 6749 section 4.4), kept while they are good and fetched anew ahead of
/// their end, once for all who ask. I/O thread only.
class TokenSource {
public:
    TokenSource(boost::asio::io_context& io, std::string url, std::string client_id, Secret<> client_secret);
    ~TokenSource();
    TokenSource(const TokenSource&) = delete;
    TokenSource& operator=(const TokenSource&) = delete;

    /// A token with these scopes (space separated; empty: what the client has). Throws std::runtime_error if there is none to be had by `until`.
    Task<std::string> token(std::string scope, std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max());
    /// The receiver did not take it: the next call fetches another.
    void forget(const std::string& scope);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity::auth
