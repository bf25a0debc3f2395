#pragma once

#include <gravity/app/service.hpp>
#include <gravity/testkit/client.hpp>
#include <gravity/testkit/free_port.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gravity::testkit {

/// A service as a process of its own, for what one process cannot show: kill -9, signals, exit codes, what it prints. It is this very test program,
/// started again: the service must be registered by GRAVITY_TEST_DAEMON in one of its files.
class Daemon {
public:
    struct Start {
        app::Texts environment{};        // beside PATH and the like; PORT is set to a free one unless given
        std::vector<std::string> flags{}; // its command line
    };
    Daemon(const std::string& name, Start start);
    ~Daemon(); // kill -9, if it still runs
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    std::uint16_t port() const { return port_; }
    Client anybody() const { return {port_, ""}; }

    void wait_until_listening() const; // std::runtime_error with its output if not within 30 s
    void wait_until_ready() const;
    void signal(int number) const;
    /// Waits for its end: the exit code, or minus the signal that ended it.
    int wait();
    bool running();
    /// What it has written to both outputs so far.
    std::string output() const;

private:
    int pid_ = -1;
    int ended_ = 0;
    std::uint16_t port_ = 0;
    std::string output_file_;
};

namespace detail {
bool register_daemon(std::string name, std::function<Service()> make);
} // namespace detail

} // namespace gravity::testkit

/// At namespace scope: GRAVITY_TEST_DAEMON(notes, notes_service())
#define GRAVITY_TEST_DAEMON(name, ...) \
    [[maybe_unused]] const bool gravity_test_daemon_##name = ::gravity::testkit::detail::register_daemon(#name, [] { return __VA_ARGS__; });
