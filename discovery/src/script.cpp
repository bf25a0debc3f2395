#include "script.hpp"

#include "go_duration.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <spawn.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

extern char** environ;

namespace gravity::registry {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

struct Started {
    pid_t pid = -1;
    int process = -1; // a descriptor of it, readable when it has ended
    int output = -1;  // the reading end of its pipe
};

// Why it could not be started; empty if it was.
std::string start(const std::vector<std::string>& arguments, Started& started) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return std::strerror(errno);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&how);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1); // sockets of ours are none of its business
    sigset_t none, usual;
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&usual, signal);
    ::posix_spawnattr_setsigmask(&how, &none);
    ::posix_spawnattr_setsigdefault(&how, &usual);
    ::posix_spawnattr_setpgroup(&how, 0);
    ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    const int failed = ::posix_spawnp(&started.pid, words[0], &files, &how, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&how);
    ::close(ends[1]);
    started.output = ends[0];
    if (failed == 0) started.process = static_cast<int>(::syscall(SYS_pidfd_open, started.pid, 0)); // glibc 2.36 has no C linkage for it
    if (failed == 0 && started.process >= 0) return {};
    const int error = failed != 0 ? failed : errno;
    ::close(ends[0]);
    if (failed == 0) { // out of descriptors: it cannot be waited for without blocking
        ::kill(-started.pid, SIGKILL);
        ::waitpid(started.pid, nullptr, 0);
    }
    return std::strerror(error);
}

// The end of what was printed.
struct Output {
    std::size_t limit;
    std::size_t total = 0;
    std::string kept{};

    void add(std::string_view piece) {
        total += piece.size();
        kept += piece;
        if (kept.size() > 2 * limit) kept.erase(0, kept.size() - limit);
    }
    // Within the limit, the remark that something is missing included.
    std::string text() {
        std::string remark;
        if (total > limit) remark = "Captured the last of " + std::to_string(total) + " bytes\n...\n";
        if (remark.size() >= limit) remark.clear();
        if (kept.size() + remark.size() > limit) kept.erase(0, kept.size() + remark.size() - limit);
        std::erase(kept, '\0'); // the one character a record cannot hold
        return remark + kept;
    }
};

// Shared with the handler of its timer, which may outlive the coroutine.
struct Run {
    Run(asio::io_context& io, const Started& started, std::size_t limit)
        : pid(started.pid), process(io, started.process), pipe(io, started.output), timer(io), output{limit} {}
    ~Run() {
        if (!reaped) { // the daemon ends before the script: it must not stay behind
            ::kill(-pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
    }
    // The whole group; and whoever has left it and still holds the pipe is no longer listened to.
    void cut() {
        ::kill(-pid, SIGKILL);
        boost::system::error_code ignored; // it may be closed
        pipe.close(ignored);
    }

    pid_t pid;
    stream_descriptor process, pipe;
    asio::steady_timer timer;
    Output output;
    char buffer[4096];
    bool late = false, reaped = false;
};

} // namespace

Task<ProbeResult> run_script(asio::io_context& io, CheckDefinition definition) {
    Started started;
    const std::string failure = start(definition.args, started);
    if (!failure.empty()) co_return ProbeResult{Status::critical, "cannot run " + definition.args[0] + ": " + failure};
    const auto run = std::make_shared<Run>(io, started, static_cast<std::size_t>(definition.output_max_size));
    run->timer.expires_after(std::chrono::microseconds(definition.timeout_us));
    run->timer.async_wait([run](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        run->late = true;
        run->cut();
    });
    const auto token = asio::as_tuple(asio::use_awaitable);
    const asio::mutable_buffer buffer = asio::buffer(run->buffer);
    for (;;) { // until it, and whom it started, have closed the pipe
        auto [no_more, size] = co_await run->pipe.async_read_some(buffer, token);
        if (no_more) break;
        run->output.add({run->buffer, size});
    }
    auto [error] = co_await run->process.async_wait(stream_descriptor::wait_read, token);
    run->timer.cancel();
    if (error) run->cut();
    int status = 0;
    ::waitpid(run->pid, &status, 0); // it has ended
    run->reaped = true;
    const std::string text = run->output.text();
    if (run->late) {
        const std::string message = "Timed out (" + GoDuration(definition.timeout_us).to_string() + ") running check";
        co_return ProbeResult{Status::critical, text.empty() ? message : message + "\n\n" + text};
    }
    if (error) co_return ProbeResult{Status::critical, "cannot wait for " + definition.args[0] + ": " + error.message()};
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    co_return ProbeResult{code == 0 ? Status::passing : code == 1 ? Status::warning
                                                                  : Status::critical,
                          text};
}

} // namespace gravity::registry
