#pragma once

#include "api_keys.hpp"
#include "client_certificate.hpp"
#include "head.hpp"
#include "revocations.hpp"
#include "shared_limits.hpp"
#include "snapshot.hpp"

#include <gravity/auth/verifier.hpp>
#include <gravity/base/problem.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::gateway {

struct GateOptions {
    std::uint32_t requests_per_second = 200; // sustained, for each caller; 0: no limit
    std::uint32_t burst = 1000;              // at once
};

/// What became of a request that may pass.
struct Admission {
    const Route* route = nullptr;
    std::string_view upstream_path; // into the path, or into `rewritten`
    std::string rewritten;          // its capacity is reused
    std::uint64_t caller = 0;       // stands for who asks; of a route that keeps callers where they are
    bool preflight = false;         // of CORS, to be answered here
    KeyGrantPtr key;                // what the API key that was shown came to; null: none was
    bool awaits_key = false;        // it is to be exchanged, and all to be asked again: nothing but `route` is decided yet
    std::string awaits_permit;      // of a limit that gateways share: who is to be asked about, and then all again; empty: nobody
    std::optional<resilience::RateDecision> permit; // what came of it: for the next time that is asked
    bool without_permit = false;    // nobody could be asked: this gateway's own limit counts
    std::string extra_lines;        // RateLimit fields for the answer, as complete lines; its capacity is reused
};

/// Who has sent the request, as far as the connection tells.
struct Peer {
    Peer(const boost::asio::ip::address& from, const ClientCertificate* shown = nullptr) : address(from), certificate(shown) {}
    const boost::asio::ip::address& address;
    const ClientCertificate* certificate; // null: none
};

/// Whether a decision counts.
enum class Count : std::uint8_t {
    yes,
    no, // it is only asked what would be: nothing is taken from a limit
};

/// Decides whether and where to a request may go: route, token or API key, limit, in this order, so that what nobody serves costs no signature check. Does
/// no I/O. Any thread.
class Gate {
public:
    /// `verifier` null: routes that need a token answer 401. `on_unknown_key` is called for a token whose key is not known, to have the keys fetched
    /// again; on the calling thread, and often. `keys` null: API keys mean nothing here. `shared` null: the
    /// limit is this gateway's own. Else they outlive this.
    Gate(GateOptions options, std::shared_ptr<auth::Verifier> verifier, std::function<void()> on_unknown_key = {}, ApiKeys* keys = nullptr,
         SharedLimits* shared = nullptr);
    ~Gate();

    /// Why not, or nothing. `path` in normal form; `bytes` is the head.
    std::optional<Refusal> admit(const Snapshot& snapshot, std::string_view bytes, const RequestHead& head, std::string_view path,
                                 const Peer& peer, std::chrono::steady_clock::time_point now, Admission& out,
                                 Count count = Count::yes);
    Revocations& revocations() { return revocations_; }
    ApiKeys* keys() { return keys_; }
    SharedLimits* shared_limits() { return shared_; }

private:
    std::optional<Refusal> authenticate(std::string_view bytes, const RequestHead& head, const Peer& peer, std::shared_ptr<const auth::Claims>& claims);
    std::optional<Refusal> authenticate_key(std::string_view bytes, const RequestHead& head, const Peer& peer, std::chrono::steady_clock::time_point now,
                                            Admission& out);
    std::optional<Refusal> limit(const auth::Claims* claims, const boost::asio::ip::address& peer, std::chrono::steady_clock::time_point now, Count count,
                                 std::string& lines);
    std::optional<Refusal> limit_admitted(const auth::Claims* claims, const boost::asio::ip::address& peer, std::chrono::steady_clock::time_point now,
                                          Count count, Admission& out);
    std::optional<Refusal> decided(const resilience::RateDecision& decision, std::string& lines) const;

    GateOptions options_;
    std::shared_ptr<auth::Verifier> verifier_;
    std::function<void()> on_unknown_key_;
    ApiKeys* keys_;
    SharedLimits* shared_;
    Revocations revocations_;
    struct Limiter;
    std::unique_ptr<Limiter> limiter_;
};

/// The token of "Bearer <token>" (RFC 6750 section 2.1), or of "DPoP <token>" (RFC 9449 section 7.1); empty for another scheme.
std::string_view bearer_token(std::string_view authorization);
std::string_view dpop_token(std::string_view authorization);

} // namespace gravity::gateway
