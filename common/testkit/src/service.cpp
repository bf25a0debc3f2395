#include "patience.hpp"

#include <gravity/app/app.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/jobs/runner.hpp>
#include <gravity/log/init.hpp>
#include <gravity/testkit/service.hpp>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

namespace gravity::testkit {
namespace {

// One file per process: the service reads its keys the way it does in production, by URL.
std::string write_jwks(const std::string& jwks) {
    const auto path = std::filesystem::temp_directory_path() / ("gravity-test-jwks-" + Uuid::v4().to_string() + ".json");
    std::ofstream(path) << jwks;
    return path;
}

std::string scopes_of(const Router& router) {
    std::set<std::string> scopes;
    for (const auto& route : router.routes())
        if (!route.scope.empty()) scopes.insert(route.scope);
    std::string joined;
    for (const auto& scope : scopes) joined += (joined.empty() ? "" : " ") + scope;
    return joined;
}

} // namespace

struct RunningService::State {
    auth::Signer signer = auth::Signer::generate();
    std::string jwks_file = write_jwks(signer.jwks());
    std::unique_ptr<TestDatabase> database;
    std::unique_ptr<app::App> app;
    std::thread thread;
    std::atomic<int> exit_code = -1; // until the thread has ended
    ProjectId project = ProjectId::fresh();
    std::set<std::int64_t> taken; // positions in the outbox

    ~State() { std::filesystem::remove(jwks_file); }
};

RunningService::RunningService(Service service, app::Texts texts) : state_(std::make_unique<State>()) {
    app::Definition& definition = service.definition();
    if (definition.uses_postgres) {
        state_->database = std::make_unique<TestDatabase>(definition.migrations);
        texts.try_emplace("DATABASE_URL", state_->database->url());
        texts.try_emplace("MIGRATION_DATABASE_URL", state_->database->owner_url());
    }
    texts.try_emplace("AUTH_JWKS_URL", "file://" + state_->jwks_file);
    texts.try_emplace("AUTH_ISSUER", "test");
    texts.try_emplace("PORT", "0");
    texts.try_emplace("DEREGISTER_DELAY_SECONDS", "0");
    texts.try_emplace("SHUTDOWN_GRACE_SECONDS", "5");
    app::PlatformSettings settings;
    std::vector<app::SettingsSection> sections{{"", meta::mutable_ref(settings)}};
    sections.insert(sections.end(), definition.settings.begin(), definition.settings.end());
    app::load_settings(sections, {}, {}, texts);
    app::require_settings(sections);

    log::init({.service = definition.name, .level = log::Level::warn, .sink = {}});
    state_->app = std::make_unique<app::App>(definition, settings);
    state_->app->start();
    state_->thread = std::thread([state = state_.get()] { state->exit_code = state->app->run(); });
    const auto deadline = std::chrono::steady_clock::now() + patience(std::chrono::seconds(30));
    while (!state_->app->ready()) {
        if (std::chrono::steady_clock::now() > deadline || state_->exit_code != -1) {
            const std::string why = state_->app->reason();
            stop();
            throw std::runtime_error("the service did not become ready: " + why);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2)); // polled: `ready` has no waiter but /health
    }
}

RunningService::~RunningService() { stop(); }

std::uint16_t RunningService::port() const { return state_->app->port(); }
TestDatabase& RunningService::database() { return *state_->database; }
const Router& RunningService::router() const { return state_->app->router(); }
std::string RunningService::all_scopes() const { return scopes_of(router()); }
ProjectId RunningService::project() const { return state_->project; }
std::string RunningService::jwks() const { return state_->signer.jwks(); }

Client RunningService::caller(ProjectId project, std::string_view scopes, std::string_view subject) const {
    const auto seconds = now().unix_seconds();
    Json claims = Json::object({{"iss", "test"},
                                {"aud", "gravity"},
                                {"sub", subject},
                                {"project", project.to_string()},
                                {"scope", scopes},
                                {"iat", seconds},
                                {"exp", seconds + 3600},
                                {"jti", Uuid::v4().to_string()}});
    return {port(), token(claims.dump())};
}

std::string RunningService::token(const std::string& payload_json) const { return state_->signer.token(payload_json, "at+jwt"); }

std::vector<EmittedEvent> RunningService::take_events() {
    pqxx::connection connection(state_->database->admin_url());
    pqxx::nontransaction direct(connection);
    std::vector<EmittedEvent> events;
    // Left where they are, for the relay may be at work; what commits late has a lower position, so each is remembered by its own.
    for (const auto& row : direct.exec("select type, subject, data, position from gravity.outbox order by position"))
        if (state_->taken.insert(row[3].as<std::int64_t>()).second) events.push_back({row[0].c_str(), row[1].c_str(), Json::parse(row[2].c_str()).or_throw()});
    return events;
}

void RunningService::run_jobs_until_idle() {
    pqxx::connection connection(state_->database->admin_url());
    pqxx::nontransaction direct(connection);
    const auto deadline = std::chrono::steady_clock::now() + patience(std::chrono::seconds(30));
    while (true) {
        state_->app->jobs()->wake(); // a test may have moved the clock
        const auto rows =
            direct.exec("select kind from gravity.job where state = 'running' or (state = 'waiting' and due_at <= '" + now().to_string() + "') limit 1");
        if (rows.empty()) return;
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error(std::string("the jobs did not end: ") + rows[0][0].c_str());
        std::this_thread::sleep_for(std::chrono::milliseconds(2)); // polled, as readiness is
    }
}

int RunningService::stop() {
    if (state_->thread.joinable()) {
        state_->app->stop();
        state_->thread.join();
    }
    return state_->exit_code;
}

Callers::Callers(const RunningService& service) {
    const std::string all = service.all_scopes();
    std::string read_only;
    std::size_t begin = 0;
    while (begin < all.size()) {
        const auto end = std::min(all.find(' ', begin), all.size());
        const auto scope = all.substr(begin, end - begin);
        if (scope.ends_with(":read")) read_only += (read_only.empty() ? "" : " ") + scope;
        begin = end + 1;
    }
    owner = service.caller(service.project(), all);
    stranger = service.caller(ProjectId::fresh(), all);
    reader = service.caller(service.project(), read_only);
    anonymous = Client(service.port(), "");
}

} // namespace gravity::testkit
