#include "app/platform.hpp"

#include <stdexcept>

namespace gravity::app {
namespace {

std::shared_ptr<auth::MasterKeys> master_keys_of(const PlatformSettings& settings) {
    if (!settings.master_key) return nullptr;
    auto keys = auth::MasterKeys::parse(settings.master_key->reveal());
    if (!keys) throw std::invalid_argument("setting MASTER_KEY " + std::string(keys.why()));
    return std::make_shared<auth::MasterKeys>(*std::move(keys));
}

} // namespace

void check_platform_settings(const Definition& definition, const PlatformSettings& settings) {
    master_keys_of(settings);
    if (definition.access_keys == KeySecrets::sealed && !settings.master_key) throw std::invalid_argument("setting MASTER_KEY is required");
}

Platform::Platform(boost::asio::io_context&, const Definition& definition, const PlatformSettings& settings, Resources& resources, pg::Database* database) {
    check_platform_settings(definition, settings);
    master_keys_ = master_keys_of(settings);
    if (master_keys_) resources.put(master_keys_);
    if (definition.access_keys && database != nullptr) {
        auth::AccessKeys::Options options;
        if (definition.access_keys == KeySecrets::sealed) options.sealing = master_keys_;
        access_keys_ = std::make_shared<auth::AccessKeys>(*database, std::move(options));
        resources.put(access_keys_);
    }
}

} // namespace gravity::app
