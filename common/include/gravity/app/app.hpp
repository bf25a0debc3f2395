#pragma once

#include <gravity/app/service.hpp>

#include <memory>
#include <string>

namespace gravity::jobs {
class Runner;
}

namespace gravity::app {

/// A service in this process: what `Service::run` runs, and what tests start on a free port. Settings must have been loaded into
/// `settings` and the definition's own sections. One thread drives it by `run()`; the functions that say so may be called from others.
class App {
public:
    App(Definition definition, PlatformSettings settings);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// Binds the port and starts everything else in the background. Throws std::runtime_error with one clear line (port taken, bad key file).
    void start();
    /// Runs until stopped. The exit code.
    int run();
    /// Begins the orderly end, as SIGTERM does. Any thread.
    void stop();

    std::uint16_t port() const;  // after start
    bool ready() const;          // any thread
    std::string reason() const;  // why not; any thread
    /// True once provisioning failed for good (a wrong migration); `run` then returns 1.
    const Router& router() const;
    pg::Database* database();
    jobs::Runner* jobs(); // null without a database

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The OpenAPI document of a definition; needs no store.
std::string openapi_of(const Definition& definition);

} // namespace gravity::app
