#include "app/telemetry.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/http/client.hpp>
#include <gravity/log/log.hpp>
#include <gravity/trace/exporter.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

namespace gravity::app {
namespace {

using namespace std::chrono_literals;

// "http://127.0.0.1:4318" -> ".../v1/traces"; a path of one's own is taken as it is (OTLP specification, "Endpoint URLs").
std::string traces_url(std::string endpoint) {
    while (endpoint.ends_with('/')) endpoint.pop_back();
    return endpoint.ends_with("/v1/traces") ? endpoint : endpoint + "/v1/traces";
}

} // namespace

struct Telemetry::State {
    State(boost::asio::io_context& context, std::string to) : io(context), url(std::move(to)), client(context, {}), patience(context) {}

    boost::asio::io_context& io;
    std::string url;
    http::Client client;
    std::shared_ptr<trace::Buffer> buffer = std::make_shared<trace::Buffer>();
    std::optional<trace::Exporter> exporter;
    boost::asio::steady_timer patience; // of drain; cancelled when nothing is left
    bool reached = true; // told once each way
    bool drained = false;

    Task<void> post(std::string body, std::function<void(bool)> done) {
        std::string failure;
        try {
            http::ClientRequest request;
            request.method = http::Method::post;
            request.url = url;
            request.headers.set("Content-Type", "application/json");
            request.body = std::move(body);
            request.timeout = 10s;
            const http::Response response = co_await client.send(std::move(request));
            if (response.status / 100 != 2) failure = "answered " + std::to_string(response.status);
        } catch (const http::ClientError& error) {
            failure = error.what();
        }
        if (!failure.empty() && reached) log::warn("spans cannot be exported", {{"url", url}, {"reason", failure}});
        if (failure.empty() && !reached) log::info("spans are exported again", {{"url", url}});
        reached = failure.empty();
        done(reached);
    }
};

Telemetry::Telemetry(boost::asio::io_context& io, const PlatformSettings& settings, const std::string& service) {
    if (!settings.otlp_endpoint) return;
    state_ = std::make_shared<State>(io, traces_url(*settings.otlp_endpoint));
    State* const state = state_.get();
    const std::weak_ptr<State> weak = state_;
    trace::Send send = [weak](std::string body, std::function<void(bool)> done) {
        const auto alive = weak.lock();
        if (!alive) return;
        spawn(alive->io, "spans", [alive, body = std::move(body), done = std::move(done)] { return alive->post(body, done); });
    };
    state->exporter.emplace(io, state->buffer, trace::Resource{service, GRAVITY_VERSION, Uuid::v4().to_string()}, std::move(send));
}

Telemetry::~Telemetry() {
    if (!state_) return;
    if (trace::buffer() == state_->buffer) trace::set_buffer(nullptr);
    state_->exporter.reset();
}

void Telemetry::start() {
    if (!state_) return;
    trace::set_buffer(state_->buffer);
    state_->exporter->start();
}

Task<void> Telemetry::drain() {
    const auto state = state_;
    if (!state) co_return;
    const std::weak_ptr<State> weak = state;
    state->patience.expires_after(2s);
    state->exporter->drain([weak] {
        const auto alive = weak.lock();
        if (!alive) return;
        alive->drained = true;
        alive->patience.cancel();
    });
    if (!state->drained) co_await state->patience.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

} // namespace gravity::app
