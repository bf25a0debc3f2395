#pragma once

#include "redis/link.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/redis/command.hpp>

#include <vector>

namespace gravity::redis {

/// Connects, logs in, sends the commands, takes their replies and hangs up, within the connect time-out. For the rare
/// questions about where things are; throws Error{unavailable}.
Task<std::vector<Value>> ask_once(boost::asio::io_context& io, LinkSettings settings, Endpoint endpoint,
                                  std::vector<Command> commands);

/// One known server.
class FixedSource final : public EndpointSource {
public:
    explicit FixedSource(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
    Task<Endpoint> next() override { co_return endpoint_; }

private:
    Endpoint endpoint_;
};

} // namespace gravity::redis
