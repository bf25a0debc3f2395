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

/// Whether programs may be run as checks.
enum class Scripts : unsigned char {
    none,
    configured, // those that stand in this daemon's configuration
    all
};
BOOST_DESCRIBE_ENUM(Scripts, none, configured, all)

/// Executes the checks that look at something: all types but TTL and alias. I/O thread only.
class Prober {
public:
    Prober(boost::asio::io_context& io, Scripts scripts);
    ~Prober();

    /// One look, ended by the definition's timeout. Does not throw for what the target does.
    Task<ProbeResult> probe(CheckDefinition definition);

private:
    struct Clients;
    std::unique_ptr<Clients> clients_;
    Scripts scripts_;
};

} // namespace gravity::registry
