#pragma once

#include <gravity/app/health.hpp>
#include <gravity/app/settings.hpp>
#include <gravity/discovery/neighbour.hpp>
#include <gravity/events/received.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/http/router.hpp>
#include <gravity/jobs/schedule.hpp>
#include <gravity/pg/migrations.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity {

namespace http {
class Exchange;
class Server;
} // namespace http
namespace pg {
class Database;
}
template <class Contract>
class Client; // discovery/client.hpp
namespace discovery {
class Neighbours;
class Resolver;
} // namespace discovery
namespace auth {
void access_key_routes(Router& router, std::string_view service);
}

/// Whether the secrets of access keys are kept, sealed under MASTER_KEY: for schemes that sign with them (HMAC, SigV4).
enum class KeySecrets : unsigned char {
    hashed,
    sealed
};

namespace app {

/// The running parts of a service, as its start-up hooks and tests see them. I/O thread, but for what says otherwise.
struct Runtime {
    boost::asio::io_context& io;
    const PlatformSettings& settings;
    Health& health;
    Resources& resources;
    pg::Database* database; // null without PostgreSQL
};

/// How much a service depends on something that may be away: not ready without it, or only with a warning.
enum class Need : unsigned char {
    required,
    optional
};

/// What a service is made of; filled by `Service`.
struct Definition {
    std::string name;
    std::uint16_t port = 0;
    bool uses_postgres = false;
    pg::Migrations migrations{};
    std::optional<Need> redis;                                    // absent: the service has none
    std::optional<KeySecrets> access_keys;                        // absent: the service has none
    std::vector<std::function<void(Router&)>> routes;
    std::vector<jobs::Function> jobs;
    std::vector<jobs::Schedule> schedules;
    std::vector<events::Handler> consumers;
    std::vector<SettingsSection> settings;                        // the service's own
    std::vector<std::shared_ptr<void>> owned;                     // keeps them alive
    std::vector<std::function<void(PlatformSettings&)>> before_start;
    std::vector<std::function<void(Runtime&)>> provision;         // once the store is up, before serving: makes resources
    std::vector<std::function<std::function<void()>(Runtime&)>> prepare; // behind that, off the I/O thread: what may take long
    std::vector<std::function<Task<void>(Runtime&)>> background;  // coroutines for the life of the process
    std::vector<std::function<Task<void>(Runtime&)>> drain;       // on SIGTERM, after deregistration, before connections close
    std::function<Task<void>(Runtime&, http::Exchange&)> fallback; // answers what no fixed path and no route does (foreign surfaces)
    std::vector<discovery::Neighbour> neighbours;                 // whom it calls
    std::shared_ptr<discovery::Resolver> resolver;                // who tells where they are; null: as DISCOVERY_MODE says
    bool registers = true;                                        // with discovery (the discovery daemon itself does not)
    std::vector<std::string> extra_tags;                          // of the registration
    std::vector<std::string> roots;                               // path prefixes of a standard that the gateway sends here as well
};

} // namespace app

/// A service, told in one sentence by its main.cpp:
///
///     return Service{"product-catalog", 8102}.postgres(product_catalog_migrations()).routes(routes).run(argc, argv);
///
/// Life: settings, log, listen (only /health answers), store (waits for it), migrate, provision, prepare, ready, register; on SIGTERM not
/// ready, deregister, drain, exit 0. A second signal ends at once.
class Service {
public:
    Service(std::string_view name, std::uint16_t port) {
        definition_.name = name;
        definition_.port = port;
    }

    Service& postgres(pg::Migrations migrations) {
        definition_.uses_postgres = true;
        definition_.migrations = migrations;
        return *this;
    }
    Service& routes(void (*table)(Router&)) {
        definition_.routes.emplace_back(table);
        return *this;
    }
    /// Where a standard's clients expect this service at the gateway's own root: `.roots({"/oauth2"})`. Requests below come unchanged, their credentials
    /// unseen. No two services may claim one prefix: the manifest names them as `prefixes`, and `./gravity generate --check` looks.
    Service& roots(std::vector<std::string> prefixes) {
        definition_.roots = std::move(prefixes);
        return *this;
    }
    /// Redis by REDIS_URL: handlers get it by `ctx.get<redis::Client>()`. With Need::optional and no URL there is none (`ctx.find`).
    Service& redis(app::Need need = app::Need::required) {
        definition_.redis = need;
        return *this;
    }
    /// Another service that this one calls: handlers do it by `ctx.get<Client<Contract>>()`. Optional unless its contract says `required`.
    template <class Contract>
    Service& calls() {
        definition_.neighbours.push_back(Contract::neighbour);
        definition_.provision.insert(definition_.provision.begin(), [](app::Runtime& runtime) {
            runtime.resources.put(std::make_shared<Client<Contract>>(runtime.resources.get<discovery::Neighbours>()));
        });
        return *this;
    }
    /// Who tells where neighbours are, instead of DISCOVERY_MODE: tests.
    Service& resolver(std::shared_ptr<discovery::Resolver> resolver) {
        definition_.resolver = std::move(resolver);
        return *this;
    }
    /// Clients that cannot send a JWT come with access keys, made at /api/v1/<name>/access-keys: to the routes that say `.keys`. Needs PostgreSQL.
    Service& access_keys(KeySecrets secrets = KeySecrets::hashed) {
        definition_.access_keys = secrets;
        definition_.routes.emplace_back([name = definition_.name](Router& router) { auth::access_key_routes(router, name); });
        return *this;
    }
    /// Does the jobs of the kind that the function's input names (jobs/job.hpp).
    template <class P>
    Service& job(void (*work)(Tx&, const P&, JobRun&)) {
        definition_.jobs.push_back(jobs::function(work));
        return *this;
    }
    template <class P>
    Service& job(Task<void> (*work)(JobCtx&, P)) {
        definition_.jobs.push_back(jobs::function(work));
        return *this;
    }
    /// Leaves such a job at the times of a cron expression: `.schedule("0 3 * * *", RenewFeeds{}, {.zone = "Europe/Berlin", .each_project = true})`.
    template <class P>
    Service& schedule(jobs::Cron cron, const P& input, jobs::ScheduleOptions options = {}) {
        definition_.schedules.push_back(jobs::schedule(std::move(cron), input, std::move(options)));
        return *this;
    }
    /// Handles the events of the type that the handler's struct names (events/received.hpp).
    template <class E>
    Service& consume(void (*work)(Tx&, const Received<E>&)) {
        definition_.consumers.push_back(events::handler(work));
        return *this;
    }
    /// The service's own settings, named `<prefix><FIELD>` outside; handlers get them by `ctx.get<S>()`.
    template <class S>
    Service& settings(std::string_view prefix) {
        return settings(prefix, std::make_shared<S>());
    }
    template <class S>
    Service& settings(std::string_view prefix, std::shared_ptr<S> values) {
        definition_.settings.push_back({std::string(prefix), meta::mutable_ref(*values)});
        definition_.owned.push_back(values);
        definition_.provision.insert(definition_.provision.begin(), [values](app::Runtime& runtime) { runtime.resources.put(values); });
        return *this;
    }
    /// May adjust the platform's settings once all are loaded, before anything is started.
    Service& before_start(std::function<void(app::PlatformSettings&)> adjust) {
        definition_.before_start.push_back(std::move(adjust));
        return *this;
    }
    /// What is refused with `store_unavailable` is waited for and run again from its beginning; whatever else it throws ends the process with one line.
    Service& provision(std::function<void(app::Runtime&)> make) {
        definition_.provision.push_back(std::move(make));
        return *this;
    }
    /// Behind what is provisioned and before serving, on another thread, while liveness is answered: what may take long. It changes nothing of the runtime;
    /// what it returns, if anything, is run on the I/O thread and may. Refusals are as with `provision`. It looks at app::Stopping: the end waits for it.
    Service& prepare(std::function<std::function<void()>(app::Runtime&)> work) {
        definition_.prepare.push_back(std::move(work));
        return *this;
    }
    Service& background(std::function<Task<void>(app::Runtime&)> coroutine) {
        definition_.background.push_back(std::move(coroutine));
        return *this;
    }
    Service& on_drain(std::function<Task<void>(app::Runtime&)> coroutine) {
        definition_.drain.push_back(std::move(coroutine));
        return *this;
    }
    Service& fallback(std::function<Task<void>(app::Runtime&, http::Exchange&)> handler) {
        definition_.fallback = std::move(handler);
        return *this;
    }
    Service& unregistered() {
        definition_.registers = false;
        return *this;
    }

    /// The whole of main(): flags, settings, life, exit code (0 fine, 1 failed, 2 wrong settings or usage).
    int run(int argc, char** argv);

    app::Definition& definition() { return definition_; }

private:
    app::Definition definition_;
};

} // namespace gravity
