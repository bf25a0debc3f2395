#pragma once

#include "check_machine.hpp"

#include <gravity/async/task.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace boost::asio {
class io_context;
}

namespace gravity::registry {

/// Host and port of "host:port", "[v6]:port"; nothing if it is neither.
std::optional<std::pair<std::string, std::string>> split_address(std::string_view text);

/// Executes HTTP and TCP checks. I/O thread only.
class Prober {
public:
    explicit Prober(boost::asio::io_context& io);
    ~Prober();

    /// One look, ended by the definition's timeout. Does not throw for what the target does.
    Task<ProbeResult> probe(CheckDefinition definition);

private:
    struct Clients;
    std::unique_ptr<Clients> clients_;
};

} // namespace gravity::registry
