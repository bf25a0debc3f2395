#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/caller.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/http/client.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

/// What discovery's checks say of instances (Consul's HTTP API).
namespace gravity::config {

/// The greater the worse.
enum class CheckState {
    passing,
    warning,
    critical
};
/// By the id of the instance: the worst of its checks and of its node's.
using CheckStates = std::map<std::string, CheckState, std::less<>>;

/// Of an answer to GET /v1/health/service/<name>. An instance whose registration names another project in its meta `project` is passed over. Throws
/// std::invalid_argument for another document. Pure.
CheckStates check_states(std::string_view document, const ProjectId& project);

/// I/O thread only.
class DiscoveryHealth {
public:
    /// `url` of discovery; empty: there is none.
    DiscoveryHealth(boost::asio::io_context& io, std::string url, const std::optional<Secret<>>& token);

    bool there() const { return !url_.empty(); }
    /// Of the instances of these services, as far as discovery can be asked within some seconds.
    Task<CheckStates> of(std::vector<std::string> services, ProjectId project);

private:
    Task<CheckStates> of_service(std::string service, ProjectId project, std::chrono::milliseconds patience);

    std::string url_, token_;
    http::Client client_;
};

} // namespace gravity::config
