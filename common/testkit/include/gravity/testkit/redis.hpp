#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace gravity::testkit {

/// A Redis of its own for one test, on a Unix socket in a folder of its own; gone with the object.
class TestRedis {
public:
    enum class Keeps : unsigned char {
        everything,
        nothing
    }; // over a kill: appendfsync always, or no file at all
    explicit TestRedis(Keeps keeps = Keeps::everything);
    ~TestRedis();
    TestRedis(const TestRedis&) = delete;
    TestRedis& operator=(const TestRedis&) = delete;

    std::string url() const { return "unix://" + (folder_ / "s").string(); }
    void kill(); // -9
    void start(); // returns when it answers
    /// A command as redis-cli takes it; what it prints.
    std::string cli(const std::string& command) const;

private:
    std::filesystem::path folder_;
    Keeps keeps_;
    pid_t pid_ = -1;
};

} // namespace gravity::testkit
