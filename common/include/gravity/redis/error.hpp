#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gravity::redis {

/// Why a call did not bring a value.
enum class ErrorKind : std::uint8_t {
    timeout,         // the deadline passed first
    connection_lost, // written, then the connection broke before its reply came
    unavailable,     // no connection could be had, nothing was written
    overloaded,      // the bound on waiting calls or bytes is reached, nothing was written
    server,          // the server answered with an error, see Error::code()
    protocol,        // the reply is not what the protocol, or the caller, can accept
    usage,           // the call itself is wrong: keys of several slots, a command that a shared connection cannot carry
    cancelled,       // the waiting coroutine was cancelled
    closed,          // the client was closed
};

std::string_view to_string(ErrorKind kind);

/// Everything of this module that fails at run time. Settings that are wrong throw std::invalid_argument instead.
class Error : public std::runtime_error {
public:
    Error(ErrorKind kind, const std::string& message, bool maybe_executed = false)
        : std::runtime_error(message), kind_(kind), maybe_executed_(maybe_executed) {}

    ErrorKind kind() const noexcept { return kind_; }

    /// True when the command reached a socket and its outcome is unknown: it may have had its effect, once. False: it
    /// had none and may be sent again (with `server`, the reply itself says so; a script that fails half-way keeps what
    /// it had done).
    bool maybe_executed() const noexcept { return maybe_executed_; }

    /// First word of the server's error ("WRONGTYPE", "NOSCRIPT", "ERR"); empty for other kinds.
    std::string_view code() const noexcept;

private:
    ErrorKind kind_;
    bool maybe_executed_;
};

} // namespace gravity::redis
