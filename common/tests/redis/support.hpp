#pragma once

#include <gravity/async/task.hpp>
#include <gravity/redis/client.hpp>
#include <gravity/testkit/free_port.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <signal.h>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <vector>

/// Real servers, thrown away after the test, and a loop to run coroutines on. For the tests of this module.
namespace gravity::redis::test {

using namespace std::chrono_literals;
using testkit::free_port;
using Clock = std::chrono::steady_clock;

inline TimePoint in(std::chrono::milliseconds span) { return Clock::now() + span; }

/// An operation that runs beside the test.
template <class T> struct Pending {
    using Stored = std::conditional_t<std::is_void_v<T>, char, T>;
    std::optional<Stored> value;
    std::exception_ptr failure;
    bool done = false;
};

/// The I/O thread of a test, which is the test's own.
class Loop {
public:
    boost::asio::io_context io{1};

    template <class T> std::shared_ptr<Pending<T>> start(Task<T> task, boost::asio::cancellation_slot slot = {}) {
        auto pending = std::make_shared<Pending<T>>();
        if constexpr (std::is_void_v<T>) {
            auto handler = [pending](std::exception_ptr failure) {
                pending->failure = failure;
                pending->done = true;
            };
            boost::asio::co_spawn(io, std::move(task), boost::asio::bind_cancellation_slot(slot, handler));
        } else {
            auto handler = [pending](std::exception_ptr failure, T value) {
                pending->failure = failure;
                if (!failure) pending->value.emplace(std::move(value));
                pending->done = true;
            };
            boost::asio::co_spawn(io, std::move(task), boost::asio::bind_cancellation_slot(slot, handler));
        }
        return pending;
    }

    /// Runs the loop until the condition holds; a test that waits for longer than `limit` has failed.
    void until(const std::function<bool()>& condition, std::chrono::milliseconds limit = 60s) {
        const auto deadline = in(limit);
        while (!condition()) {
            if (Clock::now() >= deadline) throw std::runtime_error("the condition did not come true in time");
            io.restart();
            io.run_one_for(5ms);
        }
    }

    template <class T> T wait(const std::shared_ptr<Pending<T>>& pending, std::chrono::milliseconds limit = 60s) {
        until([&] { return pending->done; }, limit);
        if (pending->failure) std::rethrow_exception(pending->failure);
        if constexpr (!std::is_void_v<T>) return std::move(*pending->value);
    }
    template <class T> T wait(Task<T> task, std::chrono::milliseconds limit = 60s) {
        return wait(start(std::move(task)), limit);
    }

    /// The error a task ends with; a test failure if it ends well.
    template <class T> Error error_of(const std::shared_ptr<Pending<T>>& pending) {
        try {
            (void)wait(pending);
        } catch (const Error& error) {
            return error;
        }
        ADD_FAILURE() << "no error was thrown";
        return Error(ErrorKind::closed, "none");
    }
    template <class T> Error error_of(Task<T> task) { return error_of(start(std::move(task))); }
};

/// A folder that goes with the test.
class TempDir {
public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "gravity-redis-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    ~TempDir() {
        std::error_code ignored; // left-overs in the temporary folder harm nobody
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A process of redis-server with a configuration and its data in a folder of its own. Ends with the object.
class Process {
public:
    Process(const std::vector<std::string>& lines, std::vector<std::string> arguments)
        : arguments_(std::move(arguments)) {
        std::ofstream config(dir_.path() / "redis.conf");
        config << "dir " << dir_.path().string() << "\nlogfile " << (dir_.path() / "log").string() << "\n";
        for (const auto& line : lines) config << line << "\n";
        config.close();
    }
    ~Process() { kill(); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void start() {
        const std::string config = (dir_.path() / "redis.conf").string();
        std::vector<const char*> argv{"redis-server", config.c_str()};
        for (const auto& argument : arguments_) argv.push_back(argument.c_str());
        argv.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ == 0) {
            ::execvp("redis-server", const_cast<char* const*>(argv.data()));
            ::_exit(127);
        }
    }
    /// kill -9, and waits until it is gone.
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    void stop() { ::kill(pid_, SIGSTOP); }
    void resume() { ::kill(pid_, SIGCONT); }
    std::string file(const char* name) const { return (dir_.path() / name).string(); }

private:
    TempDir dir_;
    std::vector<std::string> arguments_;
    pid_t pid_ = -1;
};

/// A server on a Unix socket, or on a loopback port. `lines`: configuration beside the standard one.
class Server : public Process {
public:
    explicit Server(std::vector<std::string> lines = {}, int port = 0)
        : Process(with_standard(std::move(lines), port), {}), port_(port) {
        start();
    }

    std::string socket() const { return file("s"); }
    std::string url() const { return port_ == 0 ? "unix://" + socket() : "redis://127.0.0.1:" + std::to_string(port_); }
    int port() const { return port_; }

private:
    static std::vector<std::string> with_standard(std::vector<std::string> lines, int port) {
        // First, so that a test's own lines win.
        const std::vector<std::string> standard{"port " + std::to_string(port),
                                                port == 0 ? "unixsocket s" : "bind 127.0.0.1", "save \"\"",
                                                "enable-debug-command yes"};
        lines.insert(lines.begin(), standard.begin(), standard.end());
        return lines;
    }
    int port_;
};

class SentinelServer : public Process {
public:
    SentinelServer(int port, std::vector<std::string> lines)
        : Process(with_port(std::move(lines), port), {"--sentinel"}) {
        start();
    }

private:
    static std::vector<std::string> with_port(std::vector<std::string> lines, int port) {
        lines.insert(lines.begin(), {"port " + std::to_string(port), "bind 127.0.0.1"});
        return lines;
    }
};

/// Options for tests: long deadlines (a loaded machine is no failure), short pauses.
inline Options options() {
    Options out;
    out.timeout = 10s;
    out.connect_timeout = 10s;
    out.backoff_base = 1ms;
    out.backoff_cap = 50ms;
    return out;
}

} // namespace gravity::redis::test
