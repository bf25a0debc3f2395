#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace gravity::redis {

using TimePoint = std::chrono::steady_clock::time_point;

/// PEM files; empty means not used.
struct TlsOptions {
    std::string ca_file;          // whom to trust; empty: the system's authorities
    std::string certificate_file; // ours, where the server asks for one
    std::string key_file;
    std::string server_name; // name to verify and to send; empty: the host connected to
    bool verify = true;
};

/// Told on the I/O thread, for logs and metrics. Must not throw and must not destroy the client.
struct Event {
    enum class Kind : std::uint8_t {
        connected,
        disconnected,
        connect_failed
    };
    Kind kind;
    std::string endpoint;
    std::string reason; // empty when connected
};

struct Options {
    std::chrono::milliseconds timeout{1000};         // of a command that is given no deadline
    std::chrono::milliseconds connect_timeout{2000}; // socket, TLS and log-in together
    std::chrono::milliseconds backoff_base{20};      // reconnecting: full jitter below base * 2^n ...
    std::chrono::milliseconds backoff_cap{2000};     // ... and below this
    std::chrono::milliseconds ping_interval{15000};  // an idle connection is asked whether it lives
    std::chrono::milliseconds stall_timeout{10000};  // no byte for so long while replies are due: connection dropped
    std::size_t max_pending = 20000;           // calls waiting or in flight on a connection; further ones: `overloaded`
    std::size_t max_pending_bytes = 64U << 20; // bytes of commands not yet written
    std::size_t max_reply_bytes = 64U << 20;   // a longer reply breaks the connection
    std::size_t max_reply_elements = 1U << 20; // of all arrays in one reply
    std::string client_name = "gravity";       // CLIENT SETNAME: no spaces or controls
    TlsOptions tls;
    std::function<void(const Event&)> on_event;
};

/// Counters since the start, summed over the connections of a client.
struct Stats {
    std::uint64_t commands = 0; // completed with a reply
    std::uint64_t failed = 0;   // completed without one
    std::uint64_t late = 0;     // replies that came after their call had given up, discarded
    std::uint64_t connects = 0;
    std::size_t pending = 0;   // now waiting or in flight
    std::size_t in_flight = 0; // of these, handed to a socket
    std::size_t connected = 0; // connections now usable
};

} // namespace gravity::redis
