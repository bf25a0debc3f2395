#pragma once

#include "rate_guard.hpp"
#include "response_cache.hpp"

#include <gravity/net/tls.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gravity::gateway {

/// How the data path behaves; fixed for the life of the process.
struct Options {
    std::string address = "127.0.0.1"; // textual IP
    std::uint16_t port = 0;            // 0: any free one
    std::uint16_t tls_port = 0;        // 0: any free one; only with certificates
    unsigned threads = 1;              // cores; each has its own connections, pool and listening socket (SO_REUSEPORT)

    bool http2 = true;                 // for clients that speak it

    std::uint64_t body_limit = 1ull << 30;   // bytes of a request body, where the route has no limit of its own; 0: none
    std::size_t max_connections = 50'000;    // a core; for one more the oldest that only waits is closed; if none does, it waits in the kernel's queue
    std::size_t pool_per_endpoint = 64;      // idle connections kept to an instance, a core
    unsigned max_attempts = 3;               // instances tried for one request

    using Milliseconds = std::chrono::milliseconds;
    Milliseconds head_timeout{10'000};       // a whole request head, however its bytes drip
    Milliseconds idle_timeout{75'000};       // between requests
    Milliseconds connect_timeout{2'000};     // to an instance
    Milliseconds upstream_silence{300'000};  // in the middle of a response body; an event stream may be silent for ever
    Milliseconds tunnel_idle{300'000};       // a WebSocket on which nothing, not even a ping, has passed
    Milliseconds linger{2'000};              // after the last answer, so that it is not lost to a reset (RFC 9112 section 9.6)
    Milliseconds park_after{2'000};          // an idle connection gives its buffer back
    Milliseconds key_patience{6'000};        // for an API key's exchange
    Milliseconds permit_patience{1'000};     // for a limit that gateways share
    Milliseconds mirror_timeout{30'000};     // for a copy of a request, with its answer
    Milliseconds outlier_interval{10'000};   // instances are compared with each other so often
    Milliseconds tick{250};                  // how often time-outs are looked at

    LeastRate least_rate;
    CacheLimits cache;
    net::TlsTrust upstream_tls; // towards instances that want TLS

    std::vector<std::string> trusted_proxies; // networks ("10.0.0.0/8") whose X-Forwarded-* and Forwarded are believed
    enum class Log : std::uint8_t {
        all,
        errors,
        off
    } access_log = Log::errors;
};

} // namespace gravity::gateway
