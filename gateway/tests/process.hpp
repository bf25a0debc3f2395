#pragma once

#include "support.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/testkit/free_port.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sys/resource.h>
#include <sys/wait.h>

/// What the tests of the executable share; it lies beside the test's own.
namespace gravity::gateway::test {

using testkit::free_port;

class Folder {
public:
    Folder() {
        char name[] = "/tmp/gravity-gateway-test-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file(std::string_view name, std::string_view text) const {
        const std::string path = path_ / name;
        std::ofstream(path) << text;
        return path;
    }

private:
    std::filesystem::path path_;
};

class Process {
public:
    /// `log`: a file for what it says.
    explicit Process(const std::vector<std::string>& settings, const std::string& log = "/dev/null") {
        const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "gravity-gateway";
        std::vector<std::string> texts = settings;
        std::vector<char*> environment;
        for (std::string& text : texts) environment.push_back(text.data());
        environment.push_back(nullptr);
        char* arguments[] = {const_cast<char*>(program.c_str()), nullptr};
        pid_ = ::fork();
        if (pid_ == 0) {
            const int out = ::open(log.c_str(), O_RDWR | O_CREAT | O_APPEND, 0600);
            ::dup2(out, STDOUT_FILENO);
            ::dup2(out, STDERR_FILENO);
            ::execve(program.c_str(), arguments, environment.data());
            ::_exit(127);
        }
    }
    ~Process() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    void signal(int number) const { ::kill(pid_, number); }
    /// From now on it may have no more descriptors than these.
    void limit_descriptors(rlim_t most) const {
        const rlimit limit{most, most};
        EXPECT_EQ(::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr), 0);
    }
    /// Its exit code; -1 if it does not end, or is killed.
    int wait() {
        int status = 0;
        if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return -1;
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_ = -1;
};

/// The answer of a port on which perhaps nobody listens yet, or no longer; then its status is 0.
inline Wire::Message answer_of(std::uint16_t port, std::string_view path, std::string_view fields = {}) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Wire wire(fd);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return {};
    if (!wire.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + std::string(fields) + "\r\n")) return {};
    return wire.read_message();
}
inline int status_of(std::uint16_t port, std::string_view path, std::string_view fields = {}) { return answer_of(port, path, fields).status(); }

/// A gateway with an admin who may do everything, in front of one instance that says its own document.
struct Platform {
    explicit Platform(std::vector<std::string> settings = {}) {
        auth::Claims claims;
        claims.issuer = "https://issuer.example";
        claims.audience = {"gravity"};
        claims.subject = "ada";
        claims.id = "token-1";
        claims.issued_at = now().unix_seconds() - 10;
        claims.expires_at = now().unix_seconds() + 600;
        claims.project = ProjectId::fresh();
        claims.scopes = {"gateway:admin", "gateway:read"};
        bearer = "Authorization: Bearer " + signer.token(claims) + "\r\n";
        claims.id = "token-2";
        claims.subject = "operator";
        operator_bearer = "Authorization: Bearer " + signer.token(claims) + "\r\n";
        const std::string jwks = folder.file("jwks.json", signer.jwks());
        settings.insert(settings.end(), {"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(admin), "AUTH_JWKS_URL=file://" + jwks,
                                         "AUTH_ISSUER=https://issuer.example", "DEREGISTER_DELAY_SECONDS=0", "LOG_LEVEL=error"});
        process.emplace(settings);
        EXPECT_TRUE(eventually([&] { return status_of(port, "/health/ready") == 200; }));
        EXPECT_TRUE(eventually([&] { return status_of(admin, "/api/v1/gateway/routes", operator_bearer) == 200; }));
    }
    ~Platform() { end(); }
    void end() {
        if (!process) return;
        process->signal(SIGTERM);
        EXPECT_EQ(process->wait(), 0);
        process.reset();
    }
    Wire::Message ask(std::string_view method, std::string_view path, std::string_view body = {}, std::string_view fields = {}) {
        auto client = Wire::connect(admin);
        return client.ask(std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n" + operator_bearer + std::string(fields) + "\r\n" + std::string(body));
    }

    const auth::Signer signer = auth::Signer::generate();
    const Folder folder;
    std::string bearer, operator_bearer;
    const std::uint16_t port = free_port(), admin = free_port();
    std::optional<Process> process;
};

inline std::string route_json(std::string_view name, std::string_view path, std::uint16_t backend) {
    return R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":")" + std::string(name) +
           R"("},"spec":{"rules":[{"matches":[{"path":{"value":")" + std::string(path) +
           R"("}}],"backendRefs":[{"name":"127.0.0.1","port":)" + std::to_string(backend) + "}]}]}}";
}

/// As much of Consul's API as a gateway reads: what there is, after a short wait if that is known.
class Registry {
public:
    Registry() {
        consul_.on("GET", "/v1/catalog/services", [this](const http::Request& request) { return answer(request, names_); });
        consul_.on("GET", "/v1/health/service/shop", [this](const http::Request& request) { return answer(request, instances_); });
    }
    std::string url() const { return consul_.url(); }
    std::vector<http::Request> calls() const { return consul_.calls(); }
    int answered() const { return answered_; } // since it was told
    /// `indexed`: with what a blocking query goes on from.
    void tell(std::string names, std::string instances, int status = 200, bool indexed = true) {
        const std::lock_guard lock(mutex_);
        indexed_ = indexed;
        names_ = std::move(names);
        instances_ = std::move(instances);
        status_ = status;
        ++index_;
        answered_ = 0;
        changed_.notify_all();
    }

private:
    testkit::Reply answer(const http::Request& request, const std::string& body) {
        std::unique_lock lock(mutex_);
        const int known = index_;
        if (request.query.starts_with("index=" + std::to_string(known)) || request.query.find("&index=" + std::to_string(known)) != std::string::npos)
            changed_.wait_for(lock, 5ms, [&] { return index_ != known; });
        testkit::Reply reply;
        reply.status = status_;
        reply.bytes = body;
        reply.headers.set("Content-Type", "application/json");
        if (indexed_) reply.headers.set("X-Consul-Index", std::to_string(index_));
        ++answered_;
        return reply;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string names_, instances_;
    int status_ = 500, index_ = 5;
    bool indexed_ = true;
    std::atomic<int> answered_{0};
    testkit::Neighbour consul_{"consul"};
};

} // namespace gravity::gateway::test
