#pragma once

#include <gravity/redis/url.hpp>
#include <gravity/redis/value.hpp>

#include <deque>
#include <string>

namespace gravity::redis {

struct HandshakeSettings {
    Credentials credentials;
    std::string client_name;
    int db = 0;
    bool require_master = false; // Sentinel's word may be out of date: the server itself must say it is a master
    bool is_sentinel = false;    // a Sentinel has no databases
};

/// What a new connection says before it is used, all in one write: AUTH, CLIENT SETNAME, SELECT, ROLE, PING.
/// PING comes last because a server that is still loading answers it with LOADING: then the connection is not used yet.
class HandshakeMachine {
public:
    enum class Status : std::uint8_t {
        more,
        ready,
        failed
    };

    explicit HandshakeMachine(HandshakeSettings settings);

    const std::string& wire() const { return wire_; }
    Status reply(const Value& value);
    /// After `failed`: one clause without any password.
    const std::string& why() const { return why_; }

private:
    enum class Step : std::uint8_t {
        auth,
        set_name,
        select,
        role,
        ping
    };
    Status fail(std::string why);

    std::string wire_;
    std::string why_;
    std::deque<Step> steps_;
};

} // namespace gravity::redis
