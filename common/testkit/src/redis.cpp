#include "patience.hpp"

#include <gravity/base/uuid.hpp>
#include <gravity/testkit/redis.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace gravity::testkit {

TestRedis::TestRedis(Keeps keeps) : folder_(std::filesystem::temp_directory_path() / ("gravity-redis-" + Uuid::v4().to_string())), keeps_(keeps) {
    std::filesystem::create_directory(folder_);
    start();
}

TestRedis::~TestRedis() {
    kill();
    std::error_code ignored; // what is left in the temporary folder harms nobody
    std::filesystem::remove_all(folder_, ignored);
}

void TestRedis::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void TestRedis::start() {
    const std::string folder = folder_.string(), keep = keeps_ == Keeps::everything ? "yes" : "no";
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
        ::execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", "s", "--dir", folder.c_str(), "--save", "", "--appendonly", keep.c_str(),
                 "--appendfsync", "always", "--logfile", "log", static_cast<char*>(nullptr));
        ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + patience(std::chrono::seconds(30));
    while (cli("ping") != "PONG\n") {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("redis-server does not answer; is it installed?");
        std::this_thread::sleep_for(std::chrono::milliseconds(5)); // polled: it tells nobody when it is ready
    }
}

std::string TestRedis::cli(const std::string& command) const {
    const std::string line = "redis-cli -s " + (folder_ / "s").string() + " " + command + " 2>/dev/null";
    std::FILE* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("redis-cli cannot be run");
    std::string out;
    char buffer[4096];
    while (const std::size_t read = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, read);
    ::pclose(pipe);
    return out;
}

} // namespace gravity::testkit
