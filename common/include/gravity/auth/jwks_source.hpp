#pragma once

#include <gravity/async/task.hpp>
#include <gravity/auth/verifier.hpp>
#include <gravity/base/time.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace gravity::auth {

/// Fetches a document, bounded in time and to KeySet::max_document_bytes; throws std::exception with the reason. Only
/// 200 is a success.
using JwksFetch = std::function<Task<std::string>(std::string url)>;

/// Keeps a verifier's keys fresh from a JWKS URL, by JwksRefresh: every 10 minutes, earlier for an unknown key (at most
/// once a minute), keeping the old keys for a day while the issuer cannot be reached. A set without a usable key counts
/// as a failure. I/O thread only.
class JwksSource {
public:
    /// `file://<absolute path>` is read here; `http://` and `https://` go through `fetch`. Throws std::invalid_argument
    /// for another URL, or for one of these without `fetch`.
    JwksSource(boost::asio::io_context& io, std::string url, std::shared_ptr<Verifier> verifier, JwksFetch fetch = {});
    ~JwksSource();
    JwksSource(const JwksSource&) = delete;
    JwksSource& operator=(const JwksSource&) = delete;

    /// Fetches and waits until stop(). To be spawned once; the source must outlive it.
    Task<void> run();
    void stop();

    /// For a token that was refused with `unknown_key`: returns when a fetch has ended, true if it succeeded, so that
    /// the token is worth verifying once more. False at once if the last such fetch was less than a minute ago, or if
    /// run() is not running. All who wait share one fetch.
    Task<bool> refresh_for_unknown_key();

    /// For /health/ready.
    struct Status {
        bool loaded = false; // the verifier has keys
        std::size_t keys = 0;
        Duration age;           // since the last success; unset: never
        std::string last_error; // of the last fetch; empty if it succeeded
    };
    Status status() const;

private:
    struct State;
    struct Running;
    std::unique_ptr<State> state_;
};

} // namespace gravity::auth
