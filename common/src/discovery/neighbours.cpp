#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/discovery/neighbours.hpp>
#include <gravity/log/log.hpp>
#include <gravity/metrics/metrics.hpp>
#include <gravity/resilience/backoff.hpp>
#include <gravity/trace/span.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <map>
#include <random>

namespace gravity::discovery {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using resilience::Breaker;

constexpr auto default_deadline = 15s; // of a call made for no request

struct Target { // an instance, as long as calls to it are remembered
    Target(const resilience::BreakerSettings& settings, std::uint64_t seed) : breaker(settings, seed) {}
    Breaker breaker;
    int in_flight = 0;
    Steady::time_point used{};
};

struct Service {
    Service(const NeighbourOptions& options, Steady::time_point now) : limiter(options.limiter), budget(options.budget, now) {}
    resilience::Limiter limiter;
    resilience::RetryBudget budget;
    std::map<std::string, std::shared_ptr<Target>> targets; // by instance id and URL
};

bool is_failure(int status) { return status >= 500; }
// What another instance, or the same a little later, may well answer.
bool worth_retrying(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

struct Figures {
    metrics::CounterFamily& calls = metrics::counter("gravity_neighbour_calls_total", "Calls to other services by outcome", {"service", "outcome"});
    metrics::CounterFamily& retries = metrics::counter("gravity_neighbour_retries_total", "Attempts beyond the first", {"service"});
    metrics::CounterFamily& opened = metrics::counter("gravity_neighbour_breaker_opened_total", "How often a breaker has opened", {"service"});
    metrics::GaugeFamily& open = metrics::gauge("gravity_neighbour_breakers_open", "Instances that are not called at present", {"service"});
    metrics::HistogramFamily& seconds = metrics::histogram("gravity_neighbour_call_duration_seconds", "Time of a call with its retries", {"service"});
};
Figures& figures() {
    static Figures all;
    return all;
}

std::string describe(const http::ClientError& error, const Instance& instance) { return instance.url + ": " + error.what(); }

} // namespace

struct Neighbours::State {
    State(boost::asio::io_context& io, std::shared_ptr<Resolver> r, std::shared_ptr<auth::TokenSource> t, NeighbourOptions o)
        : client(io, {}), resolver(std::move(r)), tokens(std::move(t)), options(o) {}

    http::Client client;
    std::shared_ptr<Resolver> resolver;
    std::shared_ptr<auth::TokenSource> tokens;
    NeighbourOptions options;
    std::mt19937_64 random{std::random_device{}()};
    std::map<std::string, Service, std::less<>> services;

    Service& service(std::string_view name, Steady::time_point now) {
        auto at = services.find(name);
        if (at == services.end()) at = services.try_emplace(std::string(name), options, now).first;
        return at->second;
    }

    std::shared_ptr<Target> target(Service& of, const Instance& instance, Steady::time_point now) {
        auto& entry = of.targets[instance.id + ' ' + instance.url];
        if (!entry) {
            std::erase_if(of.targets, [now](const auto& old) { return old.second && old.second->in_flight == 0 && now - old.second->used > 10min; });
            auto& made = of.targets[instance.id + ' ' + instance.url];
            made = std::make_shared<Target>(options.breaker, random());
            made->used = now;
            return made;
        }
        entry->used = now;
        return entry;
    }

    struct Choice {
        const Instance* instance = nullptr;
        std::shared_ptr<Target> target;
        Breaker::Permit permit;
    };
    // Power of two choices among those whose breaker lets a call through and that were not tried yet; if all were, among all.
    std::optional<Choice> choose(Service& of, const std::vector<Instance>& all, const std::vector<std::string>& tried, Steady::time_point now) {
        for (const bool again : {false, true}) {
            std::vector<const Instance*> fit;
            for (const Instance& one : all)
                if (again || std::find(tried.begin(), tried.end(), one.id + one.url) == tried.end())
                    if (target(of, one, now)->breaker.retry_after(now) == resilience::Span::zero()) fit.push_back(&one);
            while (!fit.empty()) {
                std::size_t pick = draw(fit);
                if (fit.size() > 1) {
                    std::size_t other = draw(fit);
                    while (other == pick) other = (other + 1) % fit.size();
                    const auto load = [&](std::size_t i) { return static_cast<double>(target(of, *fit[i], now)->in_flight + 1) / fit[i]->weight; };
                    if (load(other) < load(pick)) pick = other;
                }
                auto chosen = target(of, *fit[pick], now);
                if (const auto permit = chosen->breaker.allow(now)) return Choice{fit[pick], std::move(chosen), *permit};
                fit.erase(fit.begin() + static_cast<std::ptrdiff_t>(pick)); // half open, and its one probe is under way
            }
        }
        return std::nullopt;
    }
    std::size_t draw(const std::vector<const Instance*>& fit) { return std::uniform_int_distribution<std::size_t>(0, fit.size() - 1)(random); }

    void count_open(std::string_view name, Service& of, Steady::time_point now) {
        const auto open =
            std::count_if(of.targets.begin(), of.targets.end(), [now](const auto& t) { return t.second->breaker.state(now) != Breaker::State::closed; });
        figures().open.with({name}).set(static_cast<double>(open));
    }

    Task<std::string> credentials(const Neighbour& to, const Outgoing& call, Steady::time_point deadline) {
        if (!call.user_token.empty() || !tokens) co_return call.user_token;
        const std::string token = co_await tokens->token(std::string(to.scope), deadline);
        co_return "Bearer " + token;
    }
};

namespace {

/// One call on its way: gives back what it holds however it ends.
class InFlight {
public:
    explicit InFlight(std::shared_ptr<Target> target) : target_(std::move(target)) { ++target_->in_flight; }
    ~InFlight() { --target_->in_flight; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

private:
    std::shared_ptr<Target> target_;
};

} // namespace

Neighbours::Neighbours(boost::asio::io_context& io, std::shared_ptr<Resolver> resolver, std::shared_ptr<auth::TokenSource> tokens, NeighbourOptions options)
    : state_(std::make_shared<State>(io, std::move(resolver), std::move(tokens), options)) {}
Neighbours::~Neighbours() = default;

Task<Incoming> Neighbours::send(Neighbour to, Outgoing call) {
    const auto state = state_;
    const auto began = Steady::now();
    const auto deadline = call.deadline == Steady::time_point{} ? began + default_deadline : call.deadline;
    const std::string name(to.service);
    Service& service = state->service(to.service, began);
    Incoming result;
    const auto parent = trace::parse_traceparent(call.traceparent);
    std::optional<trace::Span> span;
    if (parent) span.emplace(std::string(http::to_string(call.method)), trace::Kind::client, *parent);

    const auto instances = co_await state->resolver->find(name, to.port, std::min(deadline, began + 2s));
    auto place = service.limiter.try_acquire();
    if (instances->empty()) {
        const std::string why = state->resolver->last_error(name);
        result.absence = why.empty() ? name + " has no instance" : "nobody knows where " + name + " is: " + why;
    } else if (!place) {
        result.absence = "too many calls to " + name + " are under way";
    }
    std::string token;
    if (result.absence.empty()) {
        try {
            token = co_await state->credentials(to, call, deadline);
        } catch (const std::exception& error) {
            result.absence = std::string("no token for ") + name + ": " + error.what();
        }
    }

    service.budget.on_request(began);
    std::vector<std::string> tried;
    for (unsigned attempt = 0; result.absence.empty(); ++attempt) {
        const auto now = Steady::now();
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now);
        if (left <= 0ms) {
            result.absence = "the deadline passed before " + name + " answered";
            break;
        }
        auto choice = state->choose(service, *instances, tried, now);
        if (!choice) {
            result.absence = "every instance of " + name + " fails";
            break;
        }
        tried.push_back(choice->instance->id + choice->instance->url);
        const InFlight in_flight(choice->target);

        http::ClientRequest request;
        request.method = call.method;
        request.url = choice->instance->url + call.target;
        request.addresses = choice->instance->addresses;
        request.body = call.body;
        request.timeout = std::min(left, call.attempt_timeout);
        if (!call.content_type.empty()) request.headers.set("Content-Type", call.content_type);
        request.headers.set("Accept", "application/json");
        request.headers.set("X-Request-Timeout-Ms", std::to_string(request.timeout.count()));
        if (!token.empty()) request.headers.set("Authorization", token);
        if (!call.idempotency_key.empty()) request.headers.set("Idempotency-Key", call.idempotency_key);
        if (span) request.headers.set("traceparent", trace::format_traceparent(span->context()));

        std::optional<http::Response> response;
        std::string failure;
        bool sent = true, timed_out = false;
        try {
            response = co_await state->client.send(std::move(request));
        } catch (const http::ClientError& error) {
            failure = describe(error, *choice->instance);
            sent = error.sent();
            timed_out = error.failure() == http::ClientFailure::timeout;
        }
        const auto later = Steady::now();
        const auto before = choice->target->breaker.times_opened();
        choice->target->breaker.record(choice->permit, response && !is_failure(response->status), later);
        if (choice->target->breaker.times_opened() != before) {
            figures().opened.with({name}).add();
            log::warn("calls to an instance are stopped for a while", {{"wanted", name}, {"instance", choice->instance->url}});
        }
        state->count_open(name, service, later);
        result.maybe_executed = result.maybe_executed || (!response && sent);

        if (response && response->status == 401 && call.user_token.empty() && state->tokens) state->tokens->forget(std::string(to.scope));
        std::chrono::nanoseconds asked{0};
        if (response) {
            if (const auto field = response->headers.get("Retry-After"))
                if (const auto pause = resilience::parse_retry_after(*field, gravity::now())) asked = *pause;
        }
        const bool fails = !response || worth_retrying(response->status);
        const bool may = fails && (call.idempotent || (!response && !sent)) && attempt + 1 < state->options.max_attempts;
        const auto pause = std::max<std::chrono::nanoseconds>(
            resilience::full_jitter(state->options.backoff_base, state->options.backoff_cap, attempt, state->random), asked);
        if (!may || later + pause >= deadline || !service.budget.try_retry(later)) {
            place->finish(later - began, timed_out || (response && response->status == 503));
            if (response) {
                result.response = std::move(response);
                break;
            }
            result.absence = failure;
            break;
        }
        figures().retries.with({name}).add();
        co_await sleep_for(pause);
    }

    const std::string outcome = result.response ? std::to_string(result.response->status / 100) + "xx" : "absent";
    figures().calls.with({name, outcome}).add();
    figures().seconds.with({name}).observe(std::chrono::duration<double>(Steady::now() - began).count());
    if (span) {
        span->set("peer.service", name);
        span->set("url.path", std::string_view(call.target).substr(0, call.target.find('?')));
        if (result.response) span->set("http.response.status_code", result.response->status);
        if (!result.absence.empty()) span->fail(result.absence);
    }
    co_return result;
}

Task<std::optional<std::string>> Neighbours::failure(Neighbour of) {
    const auto state = state_;
    const std::string name(of.service);
    const auto now = Steady::now();
    const auto instances = co_await state->resolver->find(name, of.port, now + 1s);
    std::optional<std::string> why;
    if (instances->empty()) {
        why = state->resolver->last_error(name);
        if (why->empty()) why = "no instance";
        co_return why;
    }
    Service& service = state->service(of.service, now);
    const bool some = std::any_of(instances->begin(), instances->end(), [&](const Instance& one) {
        return state->target(service, one, now)->breaker.retry_after(now) == resilience::Span::zero();
    });
    if (!some) why = "every instance fails";
    co_return why;
}

} // namespace gravity::discovery
