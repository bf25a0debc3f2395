#pragma once

#include <gravity/app/service.hpp>
#include <gravity/auth/access_keys.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/discovery/neighbours.hpp>
#include <gravity/redis/client.hpp>

#include <memory>

namespace gravity::app {

/// Throws std::invalid_argument with one line for a setting whose text cannot be right: asked before anything starts.
void check_platform_settings(const Definition& definition, const PlatformSettings& settings);

/// What the platform's settings bring into being beside database and server, as resources that handlers get by type. I/O thread only.
class Platform {
public:
    /// Throws std::invalid_argument as check_platform_settings does.
    Platform(boost::asio::io_context& io, const Definition& definition, const PlatformSettings& settings, Resources& resources, Health& health,
             pg::Database* database);

    auth::AccessKeys* access_keys() const { return access_keys_.get(); }
    redis::Client* redis() const { return redis_.get(); }

private:
    std::shared_ptr<auth::MasterKeys> master_keys_;
    std::shared_ptr<auth::AccessKeys> access_keys_;
    std::shared_ptr<redis::Client> redis_;
    std::shared_ptr<discovery::Neighbours> neighbours_;
};

} // namespace gravity::app
