#include "process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace gravity::config {
namespace {

constexpr std::size_t longest_complaint = 2'000;

/// A descriptor that is closed once.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int number() const { return number_; }
    void take(int number) {
        close();
        number_ = number;
    }
    void close() {
        if (number_ >= 0) ::close(number_);
        number_ = -1;
    }

private:
    int number_ = -1;
};

struct Pipe {
    Descriptor read, write;
    bool open() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        read.take(ends[0]);
        write.take(ends[1]);
        return true;
    }
};

std::vector<char*> words_of(const std::vector<std::string>& texts) {
    std::vector<char*> words;
    for (const std::string& text : texts) words.push_back(const_cast<char*>(text.c_str()));
    words.push_back(nullptr);
    return words;
}

/// 0, or why not.
int spawn_process(pid_t& pid, const std::vector<std::string>& arguments, const std::vector<std::string>& environment, int output, int errors) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&how);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1); // sockets of ours are none of its business
    sigset_t none, usual;
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGXFSZ}) ::sigaddset(&usual, signal);
    ::posix_spawnattr_setsigmask(&how, &none);
    ::posix_spawnattr_setsigdefault(&how, &usual);
    ::posix_spawnattr_setpgroup(&how, 0);
    ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const std::vector<char*> words = words_of(arguments), variables = words_of(environment);
    const int failed = ::posix_spawnp(&pid, words[0], &files, &how, words.data(), variables.data());
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&how);
    return failed;
}

int milliseconds_until(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

/// Reads what is there. False at the end.
bool read_some(Descriptor& from, std::string& into) {
    std::array<char, 16'384> buffer{};
    const ssize_t size = ::read(from.number(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) {
        from.close();
        return false;
    }
    into.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
}

void keep_the_end(std::string& text, std::size_t most) {
    if (text.size() > most) text.erase(0, text.size() - most);
}

/// Until both pipes are at their end; how it went so far.
ProcessEnd::How hear_out(Descriptor& output, Descriptor& errors, ProcessEnd& end, const ProcessLimits& limits) {
    while (output.number() >= 0 || errors.number() >= 0) {
        std::array<pollfd, 2> waiting{{{output.number(), POLLIN, 0}, {errors.number(), POLLIN, 0}}}; // one that is closed is -1, which poll leaves out
        const int ready = ::poll(waiting.data(), waiting.size(), milliseconds_until(limits.deadline));
        if (std::chrono::steady_clock::now() >= limits.deadline) return ProcessEnd::How::late;
        if (ready <= 0) continue;
        if (waiting[0].revents != 0) read_some(output, end.output);
        if (waiting[1].revents != 0) read_some(errors, end.errors);
        keep_the_end(end.errors, longest_complaint);
        if (end.output.size() > limits.output) return ProcessEnd::How::too_much_output;
    }
    return ProcessEnd::How::exited;
}

/// One that has closed its pipes is as good as at its end; whether it is before the deadline.
bool has_ended(pid_t pid, int& status, std::chrono::steady_clock::time_point deadline) {
    for (;;) {
        if (::waitpid(pid, &status, WNOHANG) == pid) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        ::poll(nullptr, 0, 1); // a millisecond
    }
}

} // namespace

ProcessEnd run_process(const std::vector<std::string>& arguments, const std::vector<std::string>& environment, const ProcessLimits& limits) {
    ProcessEnd end;
    Pipe output, errors;
    if (!output.open() || !errors.open()) {
        end.errors = std::strerror(errno);
        return end;
    }
    pid_t pid = -1;
    const int failed = spawn_process(pid, arguments, environment, output.write.number(), errors.write.number());
    output.write.close();
    errors.write.close();
    if (failed != 0) {
        end.errors = std::strerror(failed);
        return end;
    }
    end.how = hear_out(output.read, errors.read, end, limits);
    int status = 0;
    if (end.how == ProcessEnd::How::exited && !has_ended(pid, status, limits.deadline)) end.how = ProcessEnd::How::late;
    if (end.how != ProcessEnd::How::exited) {
        ::kill(-pid, SIGKILL); // the whole group
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
        if (end.output.size() > limits.output) end.output.resize(limits.output);
        return end;
    }
    if (WIFEXITED(status))
        end.status = WEXITSTATUS(status);
    else
        end.how = ProcessEnd::How::killed;
    return end;
}

} // namespace gravity::config
