#pragma once

#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>
#include <gravity/testkit/client.hpp>
#include <gravity/testkit/free_port.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

/// An etcd of one member in a folder of its own, on loopback; gone with the object.
namespace gravity::registry::test {

class EtcdServer {
public:
    static bool is_installed() { return ::access("/usr/bin/etcd", X_OK) == 0; }

    /// `more`: arguments; `tls`: they say how, and call() and what follows from it do not work.
    explicit EtcdServer(std::vector<std::string> more = {}, bool tls = false)
        : port(testkit::free_port()), peer_port_(testkit::free_port()), more_(std::move(more)), tls_(tls) {
        char name[] = "/tmp/gravity-etcd-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = name;
        try {
            start();
        } catch (...) { // there is no object yet whose end would clear up
            clear_up();
            throw;
        }
    }
    ~EtcdServer() { clear_up(); }
    EtcdServer(const EtcdServer&) = delete;
    EtcdServer& operator=(const EtcdServer&) = delete;

    void start() {
        const std::string peer = "http://127.0.0.1:" + std::to_string(peer_port_), log = folder_ + "/log";
        std::vector<std::string> words = {"etcd", "--data-dir", folder_ + "/data", "--listen-client-urls", url(), "--advertise-client-urls", url(),
                                          "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default=" + peer,
                                          "--unsafe-no-fsync"};
        words.insert(words.end(), more_.begin(), more_.end());
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
            ::dup2(out, 1);
            ::dup2(out, 2);
            ::execv("/usr/bin/etcd", arguments.data());
            ::_exit(127);
        }
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!answers()) {
            if (std::chrono::steady_clock::now() > end) throw std::runtime_error("etcd does not start");
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    std::string url() const { return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port); }

    Json call(const std::string& method, const std::string& body) const {
        const testkit::Client client(port, "");
        return client.call("POST", "/v3/" + method).raw(body, "application/json").expect(200).json();
    }
    /// The key as etcd has it; null if it has not.
    Json pair(const std::string& key) const {
        const Json answer = call("kv/range", "{\"key\":\"" + base64_encode(key) + "\"}");
        const Json* found = answer.at_pointer("/kvs/0");
        return found == nullptr ? Json() : *found;
    }
    /// Forgets what came before the revision of now.
    void compact() const {
        const std::string revision = call("kv/range", "{\"key\":\"AA==\"}").at_pointer("/header/revision")->as_string();
        call("kv/compaction", "{\"revision\":\"" + revision + "\",\"physical\":true}");
    }

    const std::uint16_t port;

private:
    void clear_up() {
        kill();
        std::filesystem::remove_all(folder_);
    }
    bool answers() const {
        if (tls_) return listens();
        try {
            const testkit::Client client(port, "");
            // Where there are users nobody is answered without one; that is an answer too.
            return client.call("POST", "/v3/kv/range").raw("{\"key\":\"AA==\"}", "application/json").send().status() < 500;
        } catch (const std::runtime_error&) {
            return false;
        }
    }
    bool listens() const {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        const bool open = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(fd);
        return open;
    }
    std::uint16_t peer_port_;
    std::vector<std::string> more_;
    bool tls_;
    std::string folder_;
    pid_t pid_ = -1;
};

} // namespace gravity::registry::test
