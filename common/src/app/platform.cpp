#include "app/platform.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/log/log.hpp>

#include <map>
#include <stdexcept>

namespace gravity::app {
namespace {

std::shared_ptr<auth::MasterKeys> master_keys_of(const PlatformSettings& settings) {
    if (!settings.master_key) return nullptr;
    auto keys = auth::MasterKeys::parse(settings.master_key->reveal());
    if (!keys) throw std::invalid_argument("setting MASTER_KEY " + std::string(keys.why()));
    return std::make_shared<auth::MasterKeys>(*std::move(keys));
}

// Told once each way: a Redis that is away is tried again every second or two.
std::function<void(const redis::Event&)> told_once() {
    return [known = std::map<std::string, redis::Event::Kind>()](const redis::Event& event) mutable {
        const bool up = event.kind == redis::Event::Kind::connected;
        const auto [at, fresh] = known.try_emplace(event.endpoint, event.kind);
        const bool was_up = !fresh && at->second == redis::Event::Kind::connected;
        at->second = event.kind;
        if (up && !was_up) log::info("redis connected", {{"endpoint", event.endpoint}});
        if (!up && (was_up || fresh)) log::warn("redis is away", {{"endpoint", event.endpoint}, {"reason", event.reason}});
    };
}

std::shared_ptr<redis::Client> redis_of(boost::asio::io_context& io, const Definition& definition, const PlatformSettings& settings) {
    if (!definition.redis || !settings.redis_url) return nullptr;
    redis::Options options;
    options.client_name = "gravity-" + definition.name;
    options.on_event = told_once();
    try {
        return std::make_shared<redis::Client>(io, redis::Url::parse(settings.redis_url->reveal()), std::move(options));
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(std::string("setting REDIS_URL: ") + error.what());
    }
}

// A command that comes back: a connection alone may belong to a server that is stuck.
Task<std::optional<std::string>> probe_redis(std::shared_ptr<redis::Client> client) {
    std::optional<std::string> failure;
    try {
        co_await client->command(redis::Command("PING"), std::chrono::steady_clock::now() + std::chrono::seconds(2));
    } catch (const redis::Error& error) {
        failure = client->connected() ? std::string(error.what()) : client->last_error();
        if (failure->empty()) failure = error.what();
    }
    co_return failure;
}

std::shared_ptr<discovery::Resolver> resolver_of(boost::asio::io_context& io, const Definition& definition, const PlatformSettings& settings) {
    if (definition.resolver) return definition.resolver;
    switch (settings.discovery_mode) {
    case DiscoveryMode::consul:
        return discovery::consul_resolver(io, settings.discovery_url, settings.discovery_token ? settings.discovery_token->reveal() : "",
                                          "gravity-" + definition.name + "/" GRAVITY_VERSION);
    case DiscoveryMode::dns: return discovery::dns_resolver(io, settings.discovery_domain);
    case DiscoveryMode::off: break;
    }
    return discovery::fixed_resolver({}); // it stands alone
}

std::shared_ptr<auth::TokenSource> tokens_of(boost::asio::io_context& io, const PlatformSettings& settings) {
    if (!settings.auth_token_url) return nullptr;
    return std::make_shared<auth::TokenSource>(io, *settings.auth_token_url, *settings.auth_client_id, *settings.auth_client_secret);
}

} // namespace

void check_platform_settings(const Definition& definition, const PlatformSettings& settings) {
    master_keys_of(settings);
    if (definition.access_keys == KeySecrets::sealed && !settings.master_key) throw std::invalid_argument("setting MASTER_KEY is required");
    if (definition.redis == Need::required && !settings.redis_url) throw std::invalid_argument("setting REDIS_URL is required");
    if (definition.redis && settings.redis_url) {
        try {
            redis::Url::parse(settings.redis_url->reveal());
        } catch (const std::invalid_argument& error) {
            throw std::invalid_argument(std::string("setting REDIS_URL: ") + error.what());
        }
    }
    if (settings.auth_token_url && !(settings.auth_client_id && settings.auth_client_secret))
        throw std::invalid_argument("setting AUTH_TOKEN_URL needs AUTH_CLIENT_ID and AUTH_CLIENT_SECRET");
    if (!(settings.trace_sample_ratio >= 0 && settings.trace_sample_ratio <= 1)) throw std::invalid_argument("setting TRACE_SAMPLE_RATIO must be from 0 to 1");
}

Platform::Platform(boost::asio::io_context& io, const Definition& definition, const PlatformSettings& settings, Resources& resources, Health& health,
                   pg::Database* database) {
    check_platform_settings(definition, settings);
    master_keys_ = master_keys_of(settings);
    if (master_keys_) resources.put(master_keys_);
    if (definition.access_keys && database != nullptr) {
        auth::AccessKeys::Options options;
        if (definition.access_keys == KeySecrets::sealed) options.sealing = master_keys_;
        access_keys_ = std::make_shared<auth::AccessKeys>(io, *database, std::move(options));
        resources.put(access_keys_);
    }
    redis_ = redis_of(io, definition, settings);
    if (redis_) {
        resources.put(redis_);
        const auto client = redis_;
        health.add("redis", definition.redis == Need::required ? Health::Kind::required : Health::Kind::optional, [client] { return probe_redis(client); });
    }
    if (!definition.neighbours.empty() || !definition.jobs.empty()) { // a job may call whomever it finds registered
        neighbours_ = std::make_shared<discovery::Neighbours>(io, resolver_of(io, definition, settings), tokens_of(io, settings));
        resources.put(neighbours_);
        for (const discovery::Neighbour& one : definition.neighbours) {
            const auto kind = one.required ? Health::Kind::required : Health::Kind::optional;
            health.add(std::string(one.service), kind, [neighbours = neighbours_, one] { return neighbours->failure(one); });
        }
    }
}

} // namespace gravity::app
