#include "app/authentication.hpp"
#include "app/background.hpp"
#include "app/footprint.hpp"
#include "app/http_endpoints.hpp"
#include "app/internal_routes.hpp"
#include "app/platform.hpp"
#include "app/process_figures.hpp"
#include "app/registration.hpp"
#include "app/route_limits.hpp"
#include "app/systemd.hpp"
#include "app/telemetry.hpp"
#include "async/blocking_jobs.hpp"

#include <gravity/app/app.hpp>
#include <gravity/app/stopping.hpp>
#include <gravity/app/token_check.hpp>
#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/http/dispatcher.hpp>
#include <gravity/http/problem.hpp>
#include <gravity/http/server.hpp>
#include <gravity/log/log.hpp>
#include <gravity/openapi/document.hpp>
#include <gravity/pg/database.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace gravity::app {
namespace {

using namespace std::chrono_literals;

constexpr auto probe_interval = 5s;
// While it is not ready twice as long each time: what is missing at a start is soon there.
constexpr std::chrono::milliseconds first_probe_not_ready = 10ms, probe_interval_not_ready = 500ms;

pg::Options pg_options(const PlatformSettings& settings, const std::string& name) {
    pg::Options options;
    options.url = settings.database_url->reveal();
    options.pool_min = settings.pg_pool_min;
    options.pool_max = std::max<int>(settings.pg_pool_max, settings.pg_pool_min);
    options.queue_max = settings.pg_queue_max;
    options.prepare = settings.pg_prepare;
    options.application_name = "gravity-" + name;
    return options;
}

// The role of a URL, which the migrator grants rights to.
std::string role_of(const std::string& url) {
    const auto begin = url.find("://");
    if (begin == std::string::npos) return {};
    const auto user = url.substr(begin + 3, url.find_first_of(":@/", begin + 3) - begin - 3);
    return url.find('@') == std::string::npos ? std::string() : http::percent_decode(user).value_or(user);
}

} // namespace

struct App::Impl {
    Definition definition;
    PlatformSettings settings;
    boost::asio::io_context io{1};
    Router router;
    Health health;
    Description description;
    Resources resources;
    std::unique_ptr<pg::Database> database;
    std::unique_ptr<Platform> platform;
    std::unique_ptr<Telemetry> telemetry;
    Systemd systemd;
    RouteLimits limits;
    std::unique_ptr<Background> background; // with a database
    std::unique_ptr<Authentication> authentication;
    std::unique_ptr<Registration> registration;
    std::unique_ptr<http::Dispatcher> dispatcher;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<Runtime> runtime;
    std::atomic<bool> provisioned{false};
    std::atomic<bool> stopping{false};
    bool preparing = false; // I/O thread
    int exit_code = 0;
    mutable std::mutex reason_mutex;
    std::string reason = "starting"; // copy for other threads

    Impl(Definition d, PlatformSettings s) : definition(std::move(d)), settings(std::move(s)) {
        for (const auto& adjust : definition.before_start) adjust(settings);
        for (const auto& add : definition.routes) add(router);
        add_internal_routes(router, definition);
        router.finish();
        const bool has_database = definition.uses_postgres && settings.database_url.has_value();
        if (has_database) {
            pg::Options options = pg_options(settings, definition.name);
            options.on_written = [this](pg::Written written) {
                background->written(written);
            };
            database = std::make_unique<pg::Database>(std::move(options), io);
            background = std::make_unique<Background>(io, definition, settings, resources);
            background->attach(*database);
            resources.put(std::make_shared<ServiceName>(ServiceName{definition.name}));
        }
        resources.put(std::make_shared<Stopping>(Stopping{[this] { return stopping.load(); }}));
        runtime.reset(new Runtime{io, settings, health, resources, database.get()});
    }

    void start() {
        if (definition.uses_postgres && !settings.database_url) throw std::runtime_error("setting DATABASE_URL is required");
        platform = std::make_unique<Platform>(io, definition, settings, resources, health, database.get());
        telemetry = std::make_unique<Telemetry>(io, settings, definition.name);
        telemetry->start();
        authentication = std::make_unique<Authentication>(io, settings, platform->access_keys());
        authentication->start();
        if (authentication->takes_tokens()) {
            auto check = std::make_shared<TokenCheck>();
            check->caller_of = [this](std::string token) { return authentication->caller_of_token(std::move(token)); };
            resources.put(std::move(check));
        }

        http::DispatcherOptions options;
        options.database = database.get();
        options.resources = &resources;
        options.authenticate = [this](const http::Request& request, const http::Route& route) { return caller_of(request, route.options.keys); };
        options.rate = [this](const http::Request& request, const http::Route& route, const Caller* caller) { return limits.take(request, route, caller); };
        options.observe = observer(settings.access_log);
        if (settings.otlp_endpoint) options.sample_ratio = settings.trace_sample_ratio;
        add_fixed_paths(options, definition, settings, health, description, [this] { collect_figures(database.get(), platform->redis(), server.get()); });
        options.gate = [this](const http::Request&) {
            if (!provisioned) throw Refusal(problems::store_unavailable, "starting").with_header("Retry-After", "1");
        };
        if (definition.fallback) options.fallback = [this](http::Exchange& exchange) { return definition.fallback(*runtime, exchange); };
        dispatcher = std::make_unique<http::Dispatcher>(router, std::move(options));

        http::ServerOptions listen;
        listen.address = settings.listen_address;
        listen.port = static_cast<std::uint16_t>(static_cast<int>(settings.port));
        if (settings.tls_certificate_file && settings.tls_private_key_file)
            listen.tls = net::TlsFiles{*settings.tls_certificate_file, *settings.tls_private_key_file};
        listen.on_error = [](const http::Request& request, const std::exception_ptr& failure) {
            std::string why = "the handler did not answer";
            try {
                if (failure) std::rethrow_exception(failure);
            } catch (const std::exception& error) {
                why = error.what();
            }
            log::error("request failed", {{"path", request.path}, {"error", why}});
        };
        http::Dispatcher* pipeline = dispatcher.get();
        server = std::make_unique<http::Server>(io, std::move(listen), [pipeline](http::Exchange& exchange) { return (*pipeline)(exchange); });
        try {
            server->start();
        } catch (const boost::system::system_error& error) {
            throw std::runtime_error("cannot listen on " + settings.listen_address + ":" + std::to_string(static_cast<int>(settings.port)) + ": " +
                                     error.code().message());
        }
        if (definition.registers && settings.discovery_mode == DiscoveryMode::consul)
            registration = std::make_unique<Registration>(io, registration_of(definition, settings, router, server->port()));
        spawn(io, "provision", [this] { return provision(); });
        if (systemd.watchdog()) spawn(io, "watchdog", [this] { return feed_watchdog(); });
    }

    Task<std::optional<Caller>> caller_of(const http::Request& request, AcceptKeys keys) {
        if (const auto* own = resources.find<OwnTokens>()) {
            std::optional<Caller> known = co_await own->caller_of(request);
            if (known) co_return known;
        }
        std::optional<Caller> caller = co_await authentication->caller_of(request, keys);
        co_return caller;
    }

    // From the I/O thread: a loop that hangs feeds no watchdog.
    Task<void> feed_watchdog() {
        const auto interval = std::max<std::chrono::microseconds>(*systemd.watchdog() / 2, 1ms);
        while (true) {
            systemd.tell("WATCHDOG=1");
            co_await sleep_for(interval);
        }
    }

    // Each step waits for what it needs; what can only be mended by a person ends the process with one line.
    Task<void> provision() {
        if (database) {
            const std::string url = settings.migration_database_url ? settings.migration_database_url->reveal() : settings.database_url->reveal();
            const std::string role = settings.migration_database_url ? role_of(settings.database_url->reveal()) : std::string();
            std::string waiting_for;
            while (!stopping) {
                std::string failure;
                bool fatal = false;
                std::function<void()> step = [&] { prepare_store(url, role, failure, fatal); };
                co_await run_blocking(std::move(step));
                if (failure.empty()) break;
                if (fatal) co_return give_up(failure);
                tell_of_waiting(failure, waiting_for);
                co_await sleep_for(500ms);
            }
            health.add("postgresql", Health::Kind::required, [this] { return probe_database(); });
        }
        health.add("jwks", Health::Kind::required, [this] { return probe_keys(); });
        if (stopping) co_return;
        for (const auto& make : definition.provision) {
            std::function<void()> step = [&] { make(*runtime); };
            const bool made = co_await complete(std::move(step), false);
            if (!made) co_return;
        }
        const bool prepared = co_await prepare();
        if (!prepared) co_return;
        provisioned = true;
        block("");
        for (const auto& coroutine : definition.background) {
            const auto& start = coroutine;
            spawn(io, "background", [this, start] { return start(*runtime); });
        }
        if (background) background->start(health);
        spawn(io, "probes", [this] { return probe_loop(); });
    }

    // False: the process ends.
    Task<bool> prepare() {
        if (!definition.prepare.empty()) {
            preparing = true;
            spawn(io, "preparing", [this] { return extend_start(); });
        }
        for (const auto& work : definition.prepare) {
            std::function<void()> then;
            std::function<void()> step = [&] { then = work(*runtime); };
            const bool done = co_await complete(std::move(step), true);
            if (!done) co_return false;
            if (then) then();
        }
        preparing = false;
        co_return !stopping;
    }

    // It may take longer than a start usually does.
    Task<void> extend_start() {
        while (preparing && !stopping) {
            systemd.tell("STATUS=preparing\nEXTEND_TIMEOUT_USEC=30000000");
            co_await sleep_for(10s);
        }
    }

    // A step of the start, run again whenever the store was away. False: it is not done, and the process ends.
    Task<bool> complete(std::function<void()> step, bool blocks) {
        std::string waiting_for;
        for (std::chrono::milliseconds pause = 500ms; !stopping; pause = std::min<std::chrono::milliseconds>(2 * pause, 8s)) {
            bool fatal = false;
            std::optional<std::string> failure;
            std::function<void()> once = [&] { failure = failure_of(step, fatal); };
            if (blocks)
                co_await run_blocking(std::move(once));
            else
                once();
            if (stopping) co_return false; // it was told to end while it waited: that is no failure
            if (!failure) co_return true;
            if (fatal) {
                give_up(*failure);
                co_return false;
            }
            while (failure && !stopping) {
                tell_of_waiting(*failure, waiting_for);
                co_await sleep_for(pause);
                std::function<void()> look = [&] { failure = database ? database->probe() : std::nullopt; };
                co_await run_blocking(std::move(look));
            }
        }
        co_return false;
    }

    // The store may have gone away since it was prepared.
    static std::optional<std::string> failure_of(const std::function<void()>& make, bool& fatal) {
        try {
            make();
            return std::nullopt;
        } catch (const Refusal& refusal) {
            fatal = refusal.problem().slug != problems::store_unavailable.slug;
            return refusal.what();
        } catch (const std::exception& error) {
            fatal = true;
            return error.what();
        }
    }

    void tell_of_waiting(const std::string& failure, std::string& told) {
        if (failure != told) log::warn("waiting for the store", {{"reason", failure}});
        told = failure;
        block("postgresql: " + failure);
        systemd.tell("STATUS=waiting for the store\nEXTEND_TIMEOUT_USEC=30000000"); // it may take longer than a start usually does
    }

    void prepare_store(const std::string& url, const std::string& role, std::string& failure, bool& fatal) {
        try {
            if (const auto unreachable = database->probe()) {
                failure = *unreachable;
                return;
            }
            fatal = true;
            if (const auto unsafe = database->unsafe_role()) {
                failure = *unsafe;
                return;
            }
            pg::migrate(url, definition.migrations, role);
            database->load_cursor_key();
        } catch (const std::exception& error) {
            failure = error.what();
            if (database->probe()) fatal = false; // it went away meanwhile
        }
    }

    Task<std::optional<std::string>> probe_database() {
        static const Sql<std::int64_t()> ping{"gravity.ping", "select 1"};
        pg::Run run;
        run.scope = pg::Scope::system("health probe");
        run.read_only = true;
        run.deadline = std::chrono::steady_clock::now() + 2s;
        std::function<void(Tx&)> work = [](Tx& tx) { tx.one(ping); };
        std::optional<std::string> failure;
        try {
            co_await database->run(std::move(run), std::move(work));
        } catch (const Refusal& refusal) {
            // A pool with no room is busy, not broken: leaving the rotation would only push the load to the others.
            if (refusal.problem().slug != problems::overloaded.slug) failure = refusal.what();
        }
        co_return failure;
    }

    Task<std::optional<std::string>> probe_keys() { co_return authentication->problem(); }

    Task<void> probe_loop() {
        bool was_ready = false, announced = false;
        Rest rest;
        auto until_next = first_probe_not_ready;
        while (!stopping) {
            co_await health.run_probes();
            block(health.reason(), false);
            if (health.ready() != was_ready) {
                was_ready = health.ready();
                if (was_ready)
                    log::info("ready", {{"port", static_cast<int>(server->port())}});
                else
                    log::warn("not ready", {{"reason", health.reason()}});
                announced = false;
            }
            // What the manager did not take is told again: it may be waiting for it.
            if (was_ready && !announced) announced = systemd.tell("READY=1\nSTATUS=ready");
            if (!was_ready) systemd.tell("STATUS=not ready: " + health.reason() + "\nEXTEND_TIMEOUT_USEC=30000000");
            if (was_ready && registration) registration->start();
            if (was_ready && rest.due(std::chrono::steady_clock::now(), processor_time())) {
                std::string().swap(description.text); // an assignment would keep its room
                give_back_what_is_unused();
            }
            if (was_ready) {
                until_next = first_probe_not_ready;
                co_await sleep_for(probe_interval);
            } else {
                co_await sleep_for(until_next);
                until_next = std::min(2 * until_next, probe_interval_not_ready);
            }
        }
    }

    void block(const std::string& why, bool set = true) {
        if (set) health.set_blocked(why);
        const std::lock_guard lock(reason_mutex);
        reason = set && why.empty() ? health.reason() : why;
    }

    void give_up(const std::string& why) {
        log::critical("cannot start", {{"reason", why}});
        exit_code = 1;
        io.stop();
    }

    Task<void> shut_down() {
        log::info("stopping");
        systemd.tell("STOPPING=1\nSTATUS=draining");
        block("draining");
        if (registration) {
            co_await registration->stop();
            const auto settle = std::chrono::seconds(static_cast<int>(settings.deregister_delay_seconds));
            co_await sleep_for(settle);
        }
        if (provisioned) // else there is nothing to be drained
            for (const auto& coroutine : definition.drain) co_await coroutine(*runtime);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(static_cast<int>(settings.shutdown_grace_seconds));
        if (background) co_await background->drain(deadline);
        co_await server->drain(deadline);
        if (background) co_await background->publish_rest(std::chrono::steady_clock::now() + 2s);
        co_await telemetry->drain();
        log::info("stopped");
        io.stop();
    }
};

App::App(Definition definition, PlatformSettings settings) : impl_(std::make_unique<Impl>(std::move(definition), std::move(settings))) {}

App::~App() {
    finish_blocking(impl_->io); // the store may be in preparation
    impl_->database.reset(); // its workers may complete coroutines of this context
    impl_->server.reset();
}

void App::start() { impl_->start(); }

int App::run() {
    impl_->io.run();
    return impl_->exit_code;
}

void App::stop() {
    if (impl_->stopping.exchange(true)) return;
    Impl* impl = impl_.get();
    boost::asio::post(impl_->io, [impl] { spawn(impl->io, "shutdown", [impl] { return impl->shut_down(); }); });
}

std::uint16_t App::port() const { return impl_->server->port(); }
bool App::ready() const { return reason().empty(); }
std::string App::reason() const {
    const std::lock_guard lock(impl_->reason_mutex);
    return impl_->reason;
}
const Router& App::router() const { return impl_->router; }
pg::Database* App::database() { return impl_->database.get(); }
jobs::Runner* App::jobs() { return impl_->background ? &impl_->background->runner() : nullptr; }

std::string openapi_of(const Definition& definition) {
    Router router;
    for (const auto& add : definition.routes) add(router);
    add_internal_routes(router, definition);
    router.finish();
    Json document = openapi::document(router, {.title = definition.name, .version = GRAVITY_VERSION});
    // What the gateway sends here besides; `./gravity generate --check` holds it against the manifest.
    if (!definition.roots.empty()) document["x-gravity-roots"] = Json(Json::Array(definition.roots.begin(), definition.roots.end()));
    return document.dump();
}

} // namespace gravity::app
