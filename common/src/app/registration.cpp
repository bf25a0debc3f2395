#include "app/registration.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/http/client.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <set>

namespace gravity::app {
namespace {

using namespace std::chrono_literals;

constexpr auto renew_interval = 20s; // well within the lease
constexpr auto retry_interval = 1s;

// "/api/v1/products/{id}" -> "/api/v1/products": what the gateway forwards here.
std::set<std::string> prefixes_of(const Router& router) {
    std::set<std::string> prefixes;
    for (const auto& route : router.routes()) {
        if (!route.path.starts_with("/api/v1/")) continue;
        const auto end = route.path.find('/', std::string_view("/api/v1/").size());
        prefixes.insert(route.path.substr(0, end));
    }
    return prefixes;
}

template <class Items>
std::string joined(const Items& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ",") + item;
    return text;
}

} // namespace

RegistrationPlan registration_of(const Definition& definition, const PlatformSettings& settings, const Router& router, std::uint16_t port) {
    const std::string address = settings.advertise_address.value_or(settings.listen_address);
    const std::string scheme = settings.tls_certificate_file ? "https" : "http";
    const std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
    RegistrationPlan plan;
    plan.url = settings.discovery_url;
    if (settings.discovery_token) plan.token = settings.discovery_token->reveal();
    // The same place is the same instance: a restart replaces its predecessor instead of standing beside it.
    plan.id = definition.name + "-" + address + "-" + std::to_string(port);

    Json tags = Json::array({"gravity"});
    for (const auto& tag : definition.extra_tags) tags.push_back(tag);
    plan.document = Json::object({
        {"ID", plan.id},
        {"Name", definition.name},
        {"Address", address},
        {"Port", static_cast<int>(port)},
        {"Tags", std::move(tags)},
        {"Meta", Json::object({{"prefixes", joined(prefixes_of(router))},
                               {"roots", joined(definition.roots)},
                               {"auth", "jwt"},
                               {"timeout_ms", "15000"},
                               {"weight", "1"},
                               {"version", GRAVITY_VERSION},
                               {"zone", ""},
                               {"scheme", scheme}})},
        {"Check", Json::object({{"CheckID", plan.id + "-ready"},
                                {"Name", "ready"},
                                {"HTTP", scheme + "://" + host + ":" + std::to_string(port) + "/health/ready"},
                                {"Interval", "5s"},
                                {"Timeout", "2s"},
                                {"Status", "passing"}, // it registers only when it is ready
                                {"DeregisterCriticalServiceAfter", "1m"}})},
    });
    return plan;
}

struct Registration::State {
    State(boost::asio::io_context& context, RegistrationPlan p) : io(context), plan(std::move(p)), client(context, {}), settled(context) {}

    boost::asio::io_context& io;
    RegistrationPlan plan;
    http::Client client;
    boost::asio::steady_timer settled; // rings when no request is under way
    bool running = false;
    bool under_way = false;
    bool registered = false;
    bool tried = false;
    bool uncertain = false; // the request was sent and its answer is not known

    Task<int> put(std::string path, std::string body, std::chrono::milliseconds timeout) {
        http::ClientRequest request;
        request.method = http::Method::put;
        request.url = plan.url + path;
        request.headers.set("Content-Type", "application/json");
        if (!plan.token.empty()) request.headers.set("X-Consul-Token", plan.token);
        request.body = std::move(body);
        request.timeout = timeout;
        http::Response response = co_await client.send(std::move(request));
        co_return response.status;
    }

    Task<bool> register_once() {
        std::string failure;
        under_way = true;
        uncertain = false;
        try {
            const int status = co_await put("/v1/agent/service/register", plan.document.dump(), 5s);
            if (status != 200) failure = "discovery answered " + std::to_string(status);
        } catch (const http::ClientError& error) {
            failure = error.what();
            uncertain = error.sent();
        }
        under_way = false;
        settled.cancel();
        // Told once each way: the daemon may run for weeks without discovery.
        if (failure.empty() && !registered) log::info("registered", {{"id", plan.id}, {"discovery", plan.url}});
        if (!failure.empty() && registered) log::warn("registration lost", {{"reason", failure}});
        if (!failure.empty() && !registered && !tried) log::warn("not registered", {{"reason", failure}, {"discovery", plan.url}});
        tried = true;
        registered = failure.empty();
        co_return registered;
    }
};

Registration::Registration(boost::asio::io_context& io, RegistrationPlan plan) : state_(std::make_shared<State>(io, std::move(plan))) {}
Registration::~Registration() { state_->running = false; }

void Registration::start() {
    if (std::exchange(state_->running, true)) return;
    const auto state = state_;
    spawn(state_->io, "registration", [state]() -> Task<void> {
        while (state->running) {
            const bool done = co_await state->register_once();
            if (done)
                co_await sleep_for(renew_interval);
            else
                co_await sleep_for(retry_interval);
        }
    });
}

Task<void> Registration::stop() {
    const auto state = state_;
    if (!std::exchange(state->running, false)) co_return;
    while (state->under_way) { // a deregistration that overtook it would leave an instance that nobody is
        state->settled.expires_at(std::chrono::steady_clock::time_point::max());
        co_await state->settled.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    if (!state->registered && !state->uncertain) co_return;
    try {
        const int status = co_await state->put("/v1/agent/service/deregister/" + http::percent_encode(state->plan.id), "", 2s);
        if (status != 200 && status != 404) log::warn("deregistration refused", {{"status", status}});
    } catch (const http::ClientError& error) {
        log::warn("deregistration failed", {{"reason", error.what()}});
    }
}

} // namespace gravity::app
