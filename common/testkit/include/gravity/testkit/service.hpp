#pragma once

#include <gravity/app/service.hpp>
#include <gravity/testkit/client.hpp>
#include <gravity/testkit/postgres.hpp>

#include <memory>
#include <string>
#include <vector>

namespace gravity::testkit {

/// An event as it lies in the outbox.
struct EmittedEvent {
    std::string type;
    std::string subject;
    Json data;
};

/// A service in this process, on a free port, with a database of its own and ready-made callers.
class RunningService {
public:
    /// Starts and waits until it is ready; std::runtime_error with the reason if it does not become so within 30 s.
    /// `settings` by their outside names: {{"CATALOG_LANGS", "en,de"}}.
    explicit RunningService(Service service, app::Texts settings = {});
    ~RunningService();
    RunningService(const RunningService&) = delete;
    RunningService& operator=(const RunningService&) = delete;

    std::uint16_t port() const;
    TestDatabase& database();
    const Router& router() const;

    /// Somebody of a project with these scopes (space separated).
    Client caller(ProjectId project, std::string_view scopes, std::string_view subject = "tester") const;
    /// Every scope the service's routes ask for.
    std::string all_scopes() const;
    /// A token with claims of the test's choosing.
    std::string token(const std::string& payload_json) const;
    std::string jwks() const;

    ProjectId project() const; // of `owner`
    /// What has been announced and not been taken yet, in order.
    std::vector<EmittedEvent> take_events();

    /// Waits until no job is due or running; those that failed and are to be tried again later are not due. std::runtime_error after 30 s.
    void run_jobs_until_idle();

    /// Ends it as SIGTERM does and waits; the exit code.
    int stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The usual four callers over a running service, for fixtures: `class CatalogApi : public testing::Test, protected testkit::Callers`.
struct Callers {
    explicit Callers(const RunningService& service);
    Client owner;     // may do everything in one project
    Client stranger;  // may do everything in another project
    Client reader;    // of the owner's project, `:read` only
    Client anonymous; // no token
};

} // namespace gravity::testkit
