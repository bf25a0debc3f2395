// The program itself: what survives kill -9, and how it ends in order.
#include "store.hpp"

#include <gravity/testkit/client.hpp>
#include <gravity/testkit/free_port.hpp>
#include <gravity/testkit/loop.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;

class Folder {
public:
    Folder() {
        char name[] = "/tmp/gravity-discovery-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
};

class Process {
public:
    explicit Process(const std::string& folder, const std::string& node = {}) : port_(testkit::free_port()) {
        const std::string name = "--discovery-node-name=" + node;
        const std::string port = "--port=" + std::to_string(port_);
        const std::string data = "--discovery-data-dir=" + folder + "/data";
        const std::string log = folder + "/log";
        pid_ = ::fork();
        if (pid_ == 0) {
            const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
            ::dup2(out, 1);
            ::dup2(out, 2);
            ::execl(GRAVITY_DISCOVERY, GRAVITY_DISCOVERY, port.c_str(), data.c_str(), "--deregister-delay-seconds=0", "--discovery-dns-port=0",
                    node.empty() ? nullptr : name.c_str(), nullptr);
            ::_exit(127);
        }
        client = testkit::Client(port_, "");
        const auto end = std::chrono::steady_clock::now() + 30s;
        while (!ready() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        EXPECT_TRUE(ready());
    }
    ~Process() {
        if (pid_ > 0) end(SIGKILL);
    }
    /// Sends the signal and waits: the exit code, or minus the signal that ended it.
    int end(int signal) {
        int status = 0;
        ::kill(pid_, signal);
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    bool ready() const {
        try {
            return client.get("/health/ready").send().status() == 200;
        } catch (const std::runtime_error&) {
            return false;
        }
    }
    testkit::Answer put(const std::string& target, const std::string& body) const {
        return client.call("PUT", target).raw(body, "application/json").send();
    }
    testkit::Client client;

private:
    std::uint16_t port_;
    pid_t pid_ = -1;
};

TEST(Process, KillNineLosesNothingThatWasAcknowledged) {
    const Folder folder;
    std::map<std::string, long long> acknowledged; // key -> index told
    long long last_index = 0;
    for (int round = 0; round < 3; ++round) {
        Process process(folder.path);
        for (const auto& [key, index] : acknowledged) {
            const auto answer = process.client.get("/v1/kv/" + key).send();
            ASSERT_EQ(answer.status(), 200) << key;
            EXPECT_EQ(answer.at("/0/ModifyIndex").as_integer(), index) << key;
        }
        const auto services = process.client.get("/v1/catalog/services").expect(200);
        EXPECT_GE(std::stoll(services.header("X-Consul-Index")), last_index);
        for (int earlier = 0; earlier < round; ++earlier) EXPECT_NE(services.json().find("svc" + std::to_string(earlier)), nullptr);
        process.put("/v1/agent/service/register", "{\"Name\":\"svc" + std::to_string(round) + "\"}").expect_header("Content-Length", "0");

        // Four writers are at it when the process dies.
        std::mutex mutex;
        std::atomic<int> written{0};
        std::vector<std::thread> writers;
        std::vector<std::string> keys;
        for (int w = 0; w < 4; ++w) {
            writers.emplace_back([&, w] {
                for (int i = 0;; ++i) {
                    const std::string key = "r" + std::to_string(round) + "w" + std::to_string(w) + "i" + std::to_string(i);
                    try {
                        if (process.put("/v1/kv/" + key, key).body() != "true") return;
                    } catch (const std::runtime_error&) {
                        return; // the process is gone
                    }
                    const std::lock_guard lock(mutex);
                    keys.push_back(key);
                    ++written;
                }
            });
        }
        const auto end = std::chrono::steady_clock::now() + 30s;
        while (written < 40 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        EXPECT_EQ(process.end(SIGKILL), -SIGKILL);
        for (auto& writer : writers) writer.join();
        EXPECT_GE(keys.size(), 40u);

        Process after(folder.path);
        for (const std::string& key : keys) {
            const auto answer = after.client.get("/v1/kv/" + key).send();
            ASSERT_EQ(answer.status(), 200) << key << " was acknowledged and is lost";
            acknowledged[key] = answer.at("/0/ModifyIndex").as_integer();
        }
        last_index = std::stoll(after.client.get("/v1/catalog/services").expect(200).header("X-Consul-Index"));
        for (const auto& [key, index] : acknowledged) EXPECT_LE(index, last_index);
        EXPECT_EQ(after.end(SIGTERM), 0);
    }
}

// It waits for half a minute, but not for longer than it may.
TEST(Process, ItEndsInOrderWhileItStillWaitsForItsStore) {
    const Folder folder;
    const std::string log = folder.path + "/log", store = "--discovery-store-url=http://127.0.0.1:1", port = "--port=" + std::to_string(testkit::free_port());
    const std::string data = "--discovery-data-dir=" + folder.path + "/data";
    const pid_t pid = ::fork();
    if (pid == 0) {
        const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::execl(GRAVITY_DISCOVERY, GRAVITY_DISCOVERY, port.c_str(), data.c_str(), store.c_str(), "--discovery-dns-port=0", nullptr);
        ::_exit(127);
    }
    const auto said = [&] {
        std::ifstream file(log);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    testkit::until([&] { return said().find("waiting for etcd") != std::string::npos; });
    ::kill(pid, SIGTERM);
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status << '\n'
                                                               << said();
    EXPECT_EQ(said().find("cannot start"), std::string::npos) << said(); // which is what it says when its patience is over
}

// A container is another host at every start, on the same data.
TEST(Process, WhatItHoldsIsItsOwnUnderAnotherNameOfItsHost) {
    const Folder folder;
    std::string session;
    {
        Process process(folder.path, "first");
        ASSERT_EQ(process.put("/v1/agent/service/register", R"({"Name":"db","Port":5432,"Check":{"TTL":"60s","Status":"passing"}})").status(), 200);
        session = process.put("/v1/session/create", "{}").at("/ID").as_string();
        ASSERT_EQ(process.put("/v1/kv/lock?acquire=" + session, "held").status(), 200);
        EXPECT_EQ(process.end(SIGTERM), 0);
    }
    Process process(folder.path, "second");
    testkit::until([&] { return process.client.get("/v1/catalog/node/second").expect(200).json().is_object(); });
    const auto nodes = process.client.get("/v1/catalog/nodes").expect(200);
    EXPECT_EQ(nodes.json().size(), 1u) << nodes.body();
    EXPECT_EQ(nodes.at("/0/Node").as_string(), "second");
    const auto health = process.client.get("/v1/health/service/db?passing").expect(200);
    EXPECT_EQ(health.at("/0/Node/Node").as_string(), "second") << health.body();
    EXPECT_EQ(health.at("/0/Checks/0/Node").as_string(), "second");
    EXPECT_EQ(process.client.get("/v1/session/info/" + session).expect(200).at("/0/Node").as_string(), "second");
    EXPECT_EQ(process.client.get("/v1/kv/lock").expect(200).at("/0/Session").as_string(), session);
    ASSERT_EQ(process.put("/v1/agent/service/register", R"({"Name":"web"})").status(), 200);
    EXPECT_EQ(process.client.get("/v1/catalog/node/second").expect(200).at("/Services").size(), 3u); // with "consul"
}

TEST(Process, ASecondProcessOnOneStoreDoesNotStart) {
    const Folder folder;
    const Process first(folder.path);
    EXPECT_THROW(open_rocks_store(folder.path + "/data"), StoreError);
}

TEST(RocksStore, ABatchIsThereAfterReopening) {
    const Folder folder;
    {
        const auto store = open_rocks_store(folder.path + "/db");
        store->commit({{"a", "1"}, {"b", "2"}});
        store->commit({{"a", std::nullopt}, {"c", std::string("\0\xFF", 2)}});
    }
    std::map<std::string, std::string> pairs;
    open_rocks_store(folder.path + "/db")->each([&](std::string_view key, std::string_view value) { pairs.emplace(key, value); });
    const std::map<std::string, std::string> expected{{"b", "2"}, {"c", std::string("\0\xFF", 2)}};
    EXPECT_EQ(pairs, expected);
}

} // namespace
} // namespace gravity::registry
