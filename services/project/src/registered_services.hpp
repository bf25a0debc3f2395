#pragma once

#include "config.hpp"

#include <gravity/app/service.hpp>
#include <gravity/async/task.hpp>
#include <gravity/http/client.hpp>

#include <set>
#include <string>
#include <string_view>

namespace gravity::project {

/// The names of the services of an answer to GET /v1/catalog/services of the Consul HTTP API that carry the tag `gravity`. Throws std::invalid_argument for
/// another document. Pure.
std::set<std::string> parse_catalog(std::string_view document);

/// Which services there are to be asked: those that are registered in discovery, and those that PROJECT_DELETION_SERVICES names. I/O thread only.
class RegisteredServices {
public:
    RegisteredServices(boost::asio::io_context& io, const app::PlatformSettings& platform, const Settings& settings);

    /// All but this one. Throws std::runtime_error where discovery cannot be asked: of an old answer one could be missing.
    Task<std::vector<std::string>> names();

private:
    std::string url_; // empty: there is no discovery that lists services
    std::string token_;
    std::set<std::string> named_;
    http::Client client_;
};

} // namespace gravity::project
