#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/discovery/resolver.hpp>
#include <gravity/http/client.hpp>
#include <gravity/log/log.hpp>
#include <gravity/resilience/backoff.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>

namespace gravity::discovery {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto query_wait = 60s;      // how long the agent holds an unchanged answer
constexpr auto dns_interval = 5s;

/// One service as it is known; those who ask first wait on `arrival`.
struct Watched {
    explicit Watched(asio::io_context& io) : arrival(io, Steady::time_point::max()) {}
    Instances instances = std::make_shared<const std::vector<Instance>>();
    std::string error;
    bool asked = false; // at least one answer or failure
    asio::steady_timer arrival;

    void arrived(std::vector<Instance> found) {
        if (found != *instances) instances = std::make_shared<const std::vector<Instance>>(std::move(found));
        error.clear();
        settle();
    }
    void failed(std::string why) {
        error = std::move(why);
        settle();
    }
    void settle() {
        asked = true;
        arrival.cancel();
    }
};

/// What both share: a map of watched services, each with a coroutine that keeps it up to date as long as the resolver lives.
class Watcher : public Resolver, public std::enable_shared_from_this<Watcher> {
public:
    Watcher(asio::io_context& io, http::ClientOptions options) : io_(io), client_(std::make_shared<http::Client>(io, std::move(options))) {}

    Task<Instances> find(std::string service, std::uint16_t port, Steady::time_point deadline) override {
        auto& watched = services_[service];
        if (!watched) {
            watched = std::make_shared<Watched>(io_);
            start(service, port, watched);
        }
        const auto entry = watched;
        if (!entry->asked) { // once: afterwards there is always something to say
            asio::steady_timer limit(io_, deadline);
            std::weak_ptr<Watched> weak = entry;
            limit.async_wait([weak](const boost::system::error_code& error) {
                if (const auto alive = weak.lock(); alive && !error) alive->settle();
            });
            auto waiting = entry->arrival.async_wait(asio::as_tuple(asio::deferred));
            co_await std::move(waiting);
        }
        co_return entry->instances;
    }
    std::string last_error(const std::string& service) const override {
        const auto at = services_.find(service);
        return at == services_.end() ? "" : at->second->error;
    }

protected:
    virtual void start(std::string service, std::uint16_t port, std::shared_ptr<Watched> watched) = 0;

    asio::io_context& io_;
    std::shared_ptr<http::Client> client_;
    std::map<std::string, std::shared_ptr<Watched>> services_;
};

class ConsulResolver final : public Watcher {
public:
    ConsulResolver(asio::io_context& io, std::string url, std::string token, std::string user_agent)
        : Watcher(io, named(std::move(user_agent))), url_(std::move(url)), token_(std::move(token)) {}

private:
    static http::ClientOptions named(std::string user_agent) {
        http::ClientOptions options;
        options.user_agent = std::move(user_agent);
        return options;
    }
    void start(std::string service, std::uint16_t, std::shared_ptr<Watched> watched) override {
        // The coroutine holds the client and what it fills, not the resolver: that one may go while a query is held.
        spawn(io_, "discovery watch", [url = url_, token = token_, client = client_, service = std::move(service), weak = std::weak_ptr<Watched>(watched)] {
            return watch(url, token, client, service, weak);
        });
    }

    static Task<void> watch(std::string url, std::string token, std::shared_ptr<http::Client> client, std::string service, std::weak_ptr<Watched> weak) {
        std::mt19937_64 random{std::random_device{}()};
        std::string index = "0";
        std::uint32_t failures = 0;
        while (!weak.expired()) {
            http::ClientRequest request;
            request.url = url + "/v1/health/service/" + http::percent_encode(service) + "?passing=1&index=" + index +
                          "&wait=" + std::to_string(query_wait.count()) + "s";
            if (!token.empty()) request.headers.set("X-Consul-Token", token);
            request.timeout = query_wait + 10s; // the agent adds up to a sixteenth
            std::string failure;
            std::vector<Instance> found;
            try {
                const http::Response answer = co_await client->send(std::move(request));
                if (answer.status != 200) throw std::invalid_argument("discovery answered " + std::to_string(answer.status));
                found = parse_health(answer.body);
                const std::string next(answer.headers.get("X-Consul-Index").value_or("0"));
                index = next.size() < index.size() || (next.size() == index.size() && next < index) ? "0" : next; // it went back: begin anew
            } catch (const std::exception& error) {
                failure = error.what();
            }
            const auto watched = weak.lock();
            if (!watched) co_return;
            if (failure.empty()) {
                watched->arrived(std::move(found));
                failures = 0;
            } else {
                if (watched->error != failure) log::warn("a service cannot be looked up", {{"wanted", service}, {"reason", failure}});
                watched->failed(failure);
                index = "0";
                const auto pause = resilience::full_jitter(200ms, 10s, failures++, random);
                co_await sleep_for(pause);
            }
        }
    }

    std::string url_, token_;
};

class DnsResolver final : public Watcher {
public:
    DnsResolver(asio::io_context& io, std::string domain) : Watcher(io, {}), domain_(std::move(domain)) {}

private:
    void start(std::string service, std::uint16_t port, std::shared_ptr<Watched> watched) override {
        spawn(io_, "discovery watch",
              [host = service + domain_, port, client = client_, weak = std::weak_ptr<Watched>(watched)] { return watch(host, port, client, weak); });
    }

    static Task<void> watch(std::string host, std::uint16_t port, std::shared_ptr<http::Client> client, std::weak_ptr<Watched> weak) {
        while (!weak.expired()) {
            std::string failure;
            std::vector<Instance> found;
            try {
                const auto addresses = co_await client->resolve(host, 2s);
                for (const auto& address : addresses) found.push_back({host + "/" + address, "http://" + host + ":" + std::to_string(port), {address}, 1});
            } catch (const http::ClientError& error) {
                failure = error.what();
            }
            const auto watched = weak.lock();
            if (!watched) co_return;
            std::sort(found.begin(), found.end(), [](const Instance& a, const Instance& b) { return a.id < b.id; }); // resolvers turn the list
            if (failure.empty())
                watched->arrived(std::move(found));
            else
                watched->failed(failure);
            co_await sleep_for(dns_interval);
        }
    }

    std::string domain_;
};

class FixedResolver final : public Resolver {
public:
    explicit FixedResolver(std::function<std::vector<Instance>(const std::string&)> known) : known_(std::move(known)) {}
    Task<Instances> find(std::string service, std::uint16_t, Steady::time_point) override {
        Instances found = std::make_shared<const std::vector<Instance>>(known_ ? known_(service) : std::vector<Instance>{});
        co_return found;
    }
    std::string last_error(const std::string&) const override { return {}; }

private:
    std::function<std::vector<Instance>(const std::string&)> known_;
};

} // namespace

std::shared_ptr<Resolver> consul_resolver(asio::io_context& io, std::string url, std::string token, std::string user_agent) {
    return std::make_shared<ConsulResolver>(io, std::move(url), std::move(token), std::move(user_agent));
}
std::shared_ptr<Resolver> dns_resolver(asio::io_context& io, std::string domain) { return std::make_shared<DnsResolver>(io, std::move(domain)); }
std::shared_ptr<Resolver> fixed_resolver(std::function<std::vector<Instance>(const std::string&)> known) {
    return std::make_shared<FixedResolver>(std::move(known));
}

} // namespace gravity::discovery
