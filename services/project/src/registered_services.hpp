#pragma once

#include "config.hpp"

#include <gravity/app/service.hpp>
#include <gravity/discovery/catalog.hpp>

#include <set>
#include <string>
#include <vector>

namespace gravity::project {

/// Which services there are to be asked: those that are registered in discovery under the tag `gravity`, and those that PROJECT_DELETION_SERVICES names.
/// I/O thread only.
class RegisteredServices {
public:
    RegisteredServices(boost::asio::io_context& io, const app::PlatformSettings& platform, const Settings& settings);

    /// All but this one. Throws std::runtime_error where discovery cannot be asked: of an old answer one could be missing.
    Task<std::vector<std::string>> names();

private:
    std::set<std::string> named_;
    discovery::Catalog catalog_;
};

} // namespace gravity::project
