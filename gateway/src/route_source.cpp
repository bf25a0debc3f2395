#include "route_source.hpp"

#include "catalog.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/io_context.hpp>

#include <charconv>
#include <stdexcept>

namespace gravity::gateway {
namespace {

using namespace std::chrono_literals;

http::ClientOptions client_options() {
    http::ClientOptions options;
    options.max_connections_per_host = 512; // a blocking query a service
    options.max_idle_per_host = 64;
    options.user_agent = "gravity-gateway"; // discovery shows who calls whom
    return options;
}

} // namespace

std::uint64_t next_index(std::uint64_t last, std::uint64_t answered) { return answered < last ? 0 : answered; }

RouteSource::RouteSource(boost::asio::io_context& io, std::string url, std::string token, Publish publish)
    : io_(io), url_(std::move(url)), token_(std::move(token)), publish_(std::move(publish)), client_(io, client_options()) {}

void RouteSource::start() {
    const auto self = shared_from_this();
    spawn(io_, "routes", [self] { return follow_list(self); });
}

std::optional<std::string> RouteSource::problem() const {
    if (!failure_.empty()) return failure_;
    if (!loaded_) return "the services have not been read yet";
    return std::nullopt;
}

/// An answer is at most a minute away (Consul adds a sixteenth to the wait), so that a connection that died unnoticed costs no longer.
Task<RouteSource::Answer> RouteSource::ask(std::string target, std::uint64_t index) {
    http::ClientRequest request;
    request.url = url_ + target + (target.find('?') == std::string::npos ? "?" : "&") + "index=" + std::to_string(index) + "&wait=50s";
    if (!token_.empty()) request.headers.set("X-Consul-Token", token_);
    request.timeout = 60s;
    http::Response response = co_await client_.send(std::move(request));
    if (response.status != 200) throw std::runtime_error("discovery answered " + std::to_string(response.status));
    Answer answer;
    const std::string_view text = response.headers.get("X-Consul-Index").value_or("");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), answer.index);
    if (error != std::errc() || end != text.data() + text.size() || answer.index == 0) throw std::runtime_error("discovery answered without an index");
    answer.body = std::move(response.body);
    co_return answer;
}

Task<void> RouteSource::follow_list(std::shared_ptr<RouteSource> self) {
    std::uint64_t index = 0;
    while (!self->stopped_) {
        bool ok = false;
        try {
            std::string target = "/v1/catalog/services";
            const Answer answer = co_await self->ask(std::move(target), index);
            const auto names = parse_service_names(answer.body);
            if (!names) throw std::runtime_error("discovery's list of services " + names.why());
            for (const std::string& name : *names) {
                if (!self->followed_.insert(name).second) continue;
                if (!self->loaded_) ++self->expected_;
                spawn(self->io_, "routes", [self, name] { return follow_service(self, name); });
            }
            index = next_index(index, answer.index);
            self->failure_.clear();
            if (self->expected_ == 0 && !self->loaded_) {
                self->loaded_ = true;
                self->publish();
            }
            ok = true;
        } catch (const std::exception& error) {
            self->failed(error.what());
        }
        if (!ok) co_await sleep_for(1s);
    }
}

/// A service stays followed when its last instance has gone: it comes back by the same query.
Task<void> RouteSource::follow_service(std::shared_ptr<RouteSource> self, std::string name) {
    std::uint64_t index = 0;
    bool waited_for = !self->loaded_;
    while (!self->stopped_) {
        bool ok = false;
        try {
            std::string target = "/v1/health/service/" + name + "?passing=1";
            const Answer answer = co_await self->ask(std::move(target), index);
            auto spec = parse_health(name, answer.body);
            if (!spec) throw std::runtime_error("discovery's answer for " + name + " " + spec.why());
            index = next_index(index, answer.index);
            if (std::exchange(waited_for, false) && self->expected_ > 0 && --self->expected_ == 0) self->loaded_ = true;
            self->changed(*std::move(spec));
            ok = true;
        } catch (const std::exception& error) {
            self->failed(error.what());
        }
        if (!ok) co_await sleep_for(1s);
    }
}

void RouteSource::changed(ServiceSpec spec) {
    const auto known = services_.find(spec.name);
    if (known != services_.end() && spec.instances.empty()) {
        // Without an instance nobody says what the prefixes are: they stay, so that a request is told 503 and not 404.
        ServiceSpec emptied = known->second;
        emptied.instances.clear();
        spec = std::move(emptied);
    }
    const bool same = known != services_.end() && known->second == spec;
    services_[spec.name] = std::move(spec);
    if (!loaded_ || (same && published_)) return;
    publish();
}

void RouteSource::publish() {
    published_ = true;
    std::vector<ServiceSpec> all;
    for (const auto& [name, spec] : services_) all.push_back(spec);
    publish_(all);
}

void RouteSource::failed(const std::string& what) {
    if (failure_ != what) log::warn("discovery cannot be read; the routes stay as they are", {{"reason", what}});
    failure_ = what;
}

} // namespace gravity::gateway
