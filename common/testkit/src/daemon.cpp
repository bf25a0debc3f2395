#include <gravity/base/ascii.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/testkit/daemon.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace gravity::testkit {
namespace {

constexpr const char* name_variable = "GRAVITY_TESTKIT_DAEMON";
constexpr const char* flags_variable = "GRAVITY_TESTKIT_FLAGS"; // one a line

std::map<std::string, std::function<Service()>>& services() {
    static std::map<std::string, std::function<Service()>> all;
    return all;
}

// The program as a daemon: all static objects exist when environments are set up, and no test has begun.
class DaemonMain : public testing::Environment {
public:
    void SetUp() override {
        const char* const name = std::getenv(name_variable);
        if (name == nullptr) return;
        const auto make = services().find(name);
        if (make == services().end()) std::_Exit(126);
        const char* const lines = std::getenv(flags_variable);
        std::vector<std::string> words{name};
        for (const auto line : ascii::split(lines == nullptr ? "" : lines, '\n'))
            if (!line.empty()) words.emplace_back(line);
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        std::fflush(stdout); // gtest's banner is not the daemon's
        if (::ftruncate(STDOUT_FILENO, 0) != 0) std::_Exit(125);
        std::exit(make->second().run(static_cast<int>(arguments.size()), arguments.data()));
    }
};

} // namespace

namespace detail {

bool register_daemon(std::string name, std::function<Service()> make) {
    if (services().empty()) testing::AddGlobalTestEnvironment(new DaemonMain); // gtest owns it
    services()[std::move(name)] = std::move(make);
    return true;
}

} // namespace detail

Daemon::Daemon(const std::string& name, Start start) {
    if (!services().contains(name)) throw std::logic_error("no GRAVITY_TEST_DAEMON " + name + " in this program");
    output_file_ = std::filesystem::temp_directory_path() / ("gravity-daemon-" + Uuid::v4().to_string() + ".txt");
    if (!start.environment.contains("PORT")) start.environment["PORT"] = std::to_string(free_port());
    port_ = static_cast<std::uint16_t>(std::stoi(start.environment["PORT"]));
    start.environment[name_variable] = name;
    std::string& flags = start.environment[flags_variable];
    for (const auto& flag : start.flags) flags += flag + "\n";
    for (const char* kept : {"PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "GCOV_PREFIX", "GCOV_PREFIX_STRIP"})
        if (const char* value = std::getenv(kept)) start.environment.try_emplace(kept, value);

    // All memory is taken before the fork: the child may only exec.
    std::vector<std::string> texts;
    for (const auto& [key, value] : start.environment) texts.push_back(key + "=" + value);
    std::vector<char*> environment;
    for (std::string& text : texts) environment.push_back(text.data());
    environment.push_back(nullptr);
    const std::string program = std::filesystem::read_symlink("/proc/self/exe");
    char* const arguments[] = {const_cast<char*>(program.c_str()), nullptr};
    const int file = ::open(output_file_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) throw std::runtime_error("cannot write " + output_file_);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(file, STDOUT_FILENO);
        ::dup2(file, STDERR_FILENO);
        ::execve(program.c_str(), arguments, environment.data());
        ::_exit(127);
    }
    ::close(file);
    if (pid_ < 0) throw std::runtime_error("cannot fork");
}

Daemon::~Daemon() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait();
    }
    std::filesystem::remove(output_file_);
}

void Daemon::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
}

int Daemon::wait() {
    if (pid_ <= 0) return ended_;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0)
        if (errno != EINTR) throw std::runtime_error("waitpid failed");
    pid_ = -1;
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return ended_;
}

bool Daemon::running() {
    if (pid_ <= 0) return false;
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

std::string Daemon::output() const {
    std::ifstream file(output_file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

namespace {

int health(const Client& anybody, const std::string& path) {
    try {
        return anybody.get(path).send().status();
    } catch (const std::exception&) {
        return 0; // not yet
    }
}

} // namespace

void Daemon::wait_until_listening() const {
    try {
        eventually("the daemon listens", [this] { return health(anybody(), "/health/live") == 200; }, std::chrono::seconds(30));
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(error.what() + std::string("; it wrote: ") + output());
    }
}

void Daemon::wait_until_ready() const {
    try {
        eventually("the daemon is ready", [this] { return health(anybody(), "/health/ready") == 200; }, std::chrono::seconds(30));
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(error.what() + std::string("; it wrote: ") + output());
    }
}

} // namespace gravity::testkit
