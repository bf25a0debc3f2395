#include "api_input.hpp"
#include "config.hpp"
#include "consul_program.hpp"
#include "daemon.hpp"
#include "routes.hpp"
#include "shared_engine.hpp"

#include <gravity/app/service.hpp>
#include <gravity/app/stopping.hpp>
#include <gravity/app/token_check.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace gravity::registry {
namespace {

std::string host_name() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
    return name;
}

// What others reach this node by; a wildcard is no address.
std::string own_address(const app::PlatformSettings& settings) {
    const std::string address = settings.advertise_address.value_or(settings.listen_address);
    return address == "0.0.0.0" || address == "::" || address.starts_with("unix://") ? "127.0.0.1" : address;
}

Texts checked_meta(Texts meta) {
    try {
        api::check_meta(meta, "Node");
    } catch (const api::ApiError& error) {
        throw std::runtime_error(std::string("metadata of this node: ") + error.what());
    }
    return meta;
}

// "rack:7,zone:a"
Texts meta_from(std::string_view text) {
    Texts meta;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find(','));
        const auto colon = pair.find(':');
        if (colon == std::string_view::npos) throw std::runtime_error("DISCOVERY_NODE_META: \"" + std::string(pair) + "\" is not key:value");
        meta[std::string(pair.substr(0, colon))] = pair.substr(colon + 1);
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
    }
    return checked_meta(std::move(meta));
}

// What stands in a configuration of Consul's and has no setting.
void apply(consul::Configured& configured, api::Agent& agent, api::Control& control) {
    if (!configured.translation.remarks.empty()) {
        std::string keys;
        for (const std::string& key : configured.translation.remarks) keys += (keys.empty() ? "" : ", ") + key;
        log::info("keys of the configuration that have no effect here", {{"keys", keys}});
    }
    if (!configured.translation.node_meta.empty()) agent.node_meta = checked_meta(configured.translation.node_meta);
    agent.server_port = configured.translation.server_port;
    control.reload = [&configured, node = agent.node, scripts = agent.scripts] { return configured.reload(node, scripts); };
    if (const auto& path = configured.translation.pid_file) {
        std::ofstream file(*path);
        file << ::getpid() << '\n';
        if (!file.flush()) throw std::runtime_error("pid_file: cannot write " + *path);
    }
}

/// SIGHUP reads the configuration anew, as it does with Consul.
class Hangup {
public:
    Hangup(boost::asio::io_context& io, std::weak_ptr<Daemon> daemon) : signals_(io, SIGHUP), daemon_(std::move(daemon)) { wait(); }

private:
    void wait() {
        signals_.async_wait([this](const boost::system::error_code& error, int) {
            const auto daemon = daemon_.lock();
            if (error || !daemon) return;
            try {
                daemon->engine().post(daemon->agent().control->reload());
                log::info("the configuration was read anew");
            } catch (const std::runtime_error& fault) {
                log::error("the configuration stays as it was", {{"reason", fault.what()}});
            }
            wait();
        });
    }
    boost::asio::signal_set signals_;
    std::weak_ptr<Daemon> daemon_;
};

Task<std::optional<std::string>> store_health(std::weak_ptr<Daemon> daemon) {
    const auto alive = daemon.lock();
    co_return alive ? alive->store_failure() : std::optional<std::string>("stopped");
}

// What the example of a Kubernetes secret holds, which everybody knows.
constexpr std::string_view management_placeholder = "DISCOVERY-ACL-INITIAL-MANAGEMENT";

AclOptions acl_from(const Settings& settings, const Resources& resources) {
    AclOptions acl;
    const auto text = [](const std::optional<Secret<>>& secret) { return secret ? secret->reveal() : std::string(); };
    acl.enabled = settings.acl_enabled;
    acl.default_allow = settings.acl_default_policy == DefaultPolicy::allow;
    acl.key_list_policy = settings.acl_key_list_policy;
    acl.initial_management = text(settings.acl_initial_management);
    if (acl.initial_management == management_placeholder) throw std::runtime_error("DISCOVERY_ACL_INITIAL_MANAGEMENT is the placeholder of the example");
    acl.tokens.default_token = text(settings.acl_default_token);
    acl.tokens.dns = text(settings.acl_dns_token);
    if (const auto* keys = resources.find<auth::MasterKeys>()) acl.keys = std::make_shared<const auth::MasterKeys>(*keys);
    return acl;
}

Task<std::optional<Caller>> caller_of(app::TokenCheck& check, std::string token) {
    std::optional<Caller> caller;
    int status = 0;
    std::string reason;
    try {
        caller = co_await check.caller_of(std::move(token));
    } catch (const Refusal& refusal) {
        status = refusal.problem().status;
        reason = refusal.what();
    }
    if (status >= 500) throw api::ApiError(status, reason); // the keys are not there: not the token's fault
    co_return caller;
}

std::int64_t unix_us() { return now().unix_us(); }

etcd::Credentials credentials_from(const Settings& settings) {
    const auto text = [](const auto& path) { return path ? path->str() : std::string(); };
    if (settings.store_certificate_file.has_value() != settings.store_key_file.has_value())
        throw std::runtime_error("DISCOVERY_STORE_CERTIFICATE_FILE and DISCOVERY_STORE_KEY_FILE belong together");
    if (settings.store_user.has_value() != settings.store_password.has_value())
        throw std::runtime_error("DISCOVERY_STORE_USER and DISCOVERY_STORE_PASSWORD belong together");
    etcd::Credentials credentials;
    credentials.tls.ca_file = text(settings.store_ca_file);
    credentials.tls.certificate_chain_file = text(settings.store_certificate_file);
    credentials.tls.private_key_file = text(settings.store_key_file);
    credentials.user = text(settings.store_user);
    if (settings.store_password) credentials.password = *settings.store_password;
    return credentials;
}

std::unique_ptr<Engine> make_engine(boost::asio::io_context& io, const Settings& settings, const std::string& node, const app::Stopping& stopping) {
    if (settings.store_url) {
        SharedOptions options;
        options.members = etcd::members_in(settings.store_url->str());
        options.prefix = settings.store_prefix.str();
        options.operations = static_cast<std::size_t>(static_cast<int>(settings.store_operations));
        options.node = node;
        options.stopping = stopping.asked;
        options.credentials = credentials_from(settings);
        return std::make_unique<SharedEngine>(io, std::move(options), unix_us);
    }
    const std::string folder = settings.data_dir.str();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw std::runtime_error("cannot make DISCOVERY_DATA_DIR " + folder + ": " + error.message());
    return std::make_unique<LocalEngine>(io, open_rocks_store(folder), unix_us);
}

void provision(app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    DaemonOptions options;
    options.agent.node = settings.node_name ? settings.node_name->str() : host_name();
    options.agent.address = own_address(runtime.settings);
    options.agent.datacenter = settings.datacenter.str();
    options.agent.version = settings.consul_version.str();
    options.agent.port = runtime.settings.port;
    options.agent.host = host_name();
    if (settings.node_id) options.agent.node_id = settings.node_id->to_string();
    if (settings.node_meta) options.agent.node_meta = meta_from(settings.node_meta->str());
    options.agent.scripts = settings.script_checks;
    const auto control = std::make_shared<api::Control>();
    control->leave = [] { ::kill(::getpid(), SIGTERM); };
    auto* const configured = runtime.resources.find<consul::Configured>();
    if (configured != nullptr) apply(*configured, options.agent, *control);
    options.agent.control = control;
    options.max_waiters = static_cast<std::size_t>(static_cast<int>(settings.max_waiters));
    if (const int dns_port = settings.dns_port; dns_port != 0)
        options.dns = dns::ServerOptions{settings.dns_address ? settings.dns_address->str() : runtime.settings.listen_address,
                                         static_cast<std::uint16_t>(dns_port), static_cast<std::uint32_t>(static_cast<int>(settings.dns_answers_per_second)),
                                         settings.dns_recursors ? dns::recursors_in(settings.dns_recursors->str()) : std::vector<dns::Recursor>()};
    options.zone.domain = settings.dns_domain.str();
    options.zone.only_passing = settings.dns_only_passing;
    options.zone.ttl = static_cast<std::uint32_t>(static_cast<int>(settings.dns_ttl_seconds));
    options.acl = acl_from(settings, runtime.resources);
    if (auto* check = runtime.resources.find<app::TokenCheck>())
        options.caller_of = [check](std::string token) { return caller_of(*check, std::move(token)); };
    std::unique_ptr<Engine> engine = make_engine(runtime.io, settings, options.agent.node, runtime.resources.get<app::Stopping>());
    auto daemon = std::make_shared<Daemon>(runtime.io, std::move(engine), std::move(options));
    runtime.resources.put(daemon);
    app::OwnTokens tokens{[&daemon = *daemon](const http::Request& request) { return daemon.caller_of(request); }};
    runtime.resources.put(std::make_shared<app::OwnTokens>(std::move(tokens)));
    if (configured != nullptr) {
        const api::Agent& agent = daemon->agent();
        daemon->engine().post(consul::registrations(configured->configuration, agent.node, agent.scripts));
        runtime.resources.put(std::make_shared<Hangup>(runtime.io, daemon));
    }
    const std::weak_ptr<Daemon> weak = daemon;
    runtime.health.add("store", app::Health::Kind::required, [weak] { return store_health(weak); });
}

Task<void> handle(app::Runtime& runtime, http::Exchange& exchange) {
    if (!exchange.request().path.starts_with("/v1/")) throw Refusal(problems::not_found);
    co_await runtime.resources.get<Daemon>().handle(exchange);
}

Task<void> keep_time(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().keep_time(); }

Task<void> keep_engine(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().engine().keep(); }

Task<void> drain(app::Runtime& runtime) {
    Daemon& daemon = runtime.resources.get<Daemon>();
    daemon.drain();
    co_await daemon.resign();
}

} // namespace
} // namespace gravity::registry

int main(int argc, char** argv) {
    using namespace gravity::registry;
    consul::Invocation invocation = consul::invoke(argc, argv, Settings().consul_version.str());
    if (invocation.exit_code) return *invocation.exit_code;
    std::vector<char*> words;
    for (std::string& word : invocation.arguments) words.push_back(word.data());
    words.push_back(nullptr);
    const auto keep = [configured = invocation.configured](gravity::app::Runtime& runtime) {
        if (configured) runtime.resources.put(configured);
    };
    const int code = gravity::Service{"discovery", 8500}
                         .settings<Settings>("DISCOVERY_")
                         .provision(keep)
                         .provision(provision)
                         .background(keep_engine)
                         .background(keep_time)
                         .routes(routes)
                         .fallback(handle)
                         .on_drain(drain)
                         .unregistered()
                         .run(static_cast<int>(words.size()) - 1, words.data());
    if (invocation.configured && invocation.configured->translation.pid_file) std::remove(invocation.configured->translation.pid_file->c_str());
    return code;
}
