#pragma once

#include "documents.hpp"
#include "gateway.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

/// What the tests of the data path share: a gateway on a free port, a client that sends any bytes whatever, and instances that answer by a script.
namespace gravity::gateway::test {

using namespace std::chrono_literals;
constexpr auto patience = 10s; // what has not happened by then does not happen

/// A blocking socket. Every wait ends after `patience` and shows in what is returned.
class Wire {
public:
    explicit Wire(int fd) : fd_(fd) {
        const timeval limit{std::chrono::seconds(patience).count(), 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    static Wire connect(std::uint16_t port) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        return Wire(fd);
    }
    Wire(Wire&& other) noexcept : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
    Wire& operator=(Wire&&) = delete;
    ~Wire() { close(); }

    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    void reset() {
        const linger hard{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close();
    }
    void half_close() { ::shutdown(fd_, SHUT_WR); }
    int fd() const { return fd_; }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }
    std::string read_until(std::string_view end) {
        std::size_t at;
        while ((at = received_.find(end)) == std::string::npos)
            if (receive() <= 0) return {};
        return take(at + end.size());
    }
    std::string read_exactly(std::size_t size) {
        while (received_.size() < size && receive() > 0) {}
        return take(std::min(size, received_.size()));
    }
    /// What has come; empty: the end, or nothing for too long.
    std::string read_some() {
        if (received_.empty()) receive();
        return take(received_.size());
    }
    enum class End {
        closed,
        reset,
        still_open
    };
    struct Rest {
        std::string bytes;
        End end;
    };
    Rest read_to_end() {
        for (;;) {
            const ssize_t n = receive();
            if (n > 0) continue;
            return {std::exchange(received_, {}), n == 0 ? End::closed : errno == ECONNRESET ? End::reset
                                                                                             : End::still_open};
        }
    }
    bool ended() { // closed or reset, with nothing left to read
        const Rest rest = read_to_end();
        return rest.end != End::still_open && rest.bytes.empty();
    }

    struct Message {
        std::string head, body;
        int status() const { return head.size() < 12 ? 0 : std::atoi(head.c_str() + 9); }
        bool has(std::string_view line) const { return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos; }
        std::optional<std::string> field(std::string_view name) const {
            const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
            if (at == std::string::npos) return std::nullopt;
            const std::size_t begin = at + name.size() + 4;
            return head.substr(begin, head.find("\r\n", begin) - begin);
        }
    };
    /// A message with Content-Length or chunked body (which is left as it came); without either it has none.
    Message read_message(bool bodiless = false) {
        Message message;
        message.head = read_until("\r\n\r\n");
        if (bodiless) return message;
        if (const auto length = message.field("Content-Length")) message.body = read_exactly(std::stoul(*length));
        else if (message.has("Transfer-Encoding: chunked")) message.body = read_until("0\r\n\r\n");
        return message;
    }
    Message ask(std::string_view request, bool bodiless = false) {
        EXPECT_TRUE(send(request));
        return read_message(bodiless);
    }

private:
    ssize_t receive() {
        char block[65536];
        const ssize_t n = ::recv(fd_, block, sizeof block, 0);
        if (n > 0) received_.append(block, static_cast<std::size_t>(n));
        return n;
    }
    std::string take(std::size_t size) {
        std::string bytes = received_.substr(0, size);
        received_.erase(0, size);
        return bytes;
    }
    int fd_;
    std::string received_;
};

template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

/// An instance: calls the script for each connection, on a thread of its own.
class Instance {
public:
    using Script = std::function<void(Wire&)>;
    explicit Instance(Script script) : script_(std::move(script)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        EXPECT_EQ(::listen(listener_, 64), 0);
        socklen_t size = sizeof at;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        acceptor_ = std::thread([this] { accept(); });
    }
    ~Instance() {
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        ::close(listener_);
        for (auto& thread : threads_) thread.join();
    }
    std::uint16_t port() const { return port_; }
    unsigned connections() const { return connections_; }

    /// Answers every request with what the function gives, keeping connections.
    static Script answering(std::function<std::string(const Wire::Message&)> answer) {
        return [answer = std::move(answer)](Wire& wire) {
            for (;;) {
                const Wire::Message request = wire.read_message();
                if (request.head.empty() || !wire.send(answer(request))) return;
            }
        };
    }
    static std::string ok(std::string_view body, std::string_view fields = {}) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) + "\r\n" + std::string(body);
    }

private:
    void accept() {
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            ++connections_;
            threads_.emplace_back([this, wire = Wire(fd)]() mutable { script_(wire); });
        }
    }
    Script script_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<unsigned> connections_{0};
    std::thread acceptor_;
    std::vector<std::thread> threads_;
};

inline ServiceSpec service(std::string name, std::vector<std::string> prefixes, std::vector<std::uint16_t> ports, Access access = Access::public_) {
    ServiceSpec spec;
    spec.name = std::move(name);
    spec.prefixes = std::move(prefixes);
    spec.access = access;
    for (const std::uint16_t port : ports) spec.instances.push_back({"i" + std::to_string(port), "127.0.0.1", port, 1, {}, {}});
    return spec;
}

/// The HTTPRoutes of a YAML text.
inline std::vector<HttpRoutePtr> documents(const std::string& text) {
    auto read = parse_documents(text);
    EXPECT_TRUE(read) << (read ? "" : read.why());
    return read ? (*std::move(read)).routes : std::vector<HttpRoutePtr>();
}

/// A whole data path on a free port.
struct Running {
    explicit Running(Options options = {}, GateOptions limits = {.requests_per_second = 0}, std::shared_ptr<auth::Verifier> verifier = nullptr,
                     ApiKeys* keys = nullptr)
        : gate(limits, std::move(verifier), [this] { ++unknown_keys; }, keys), gateway(fast(options), gate, pages, telemetry) {
        gateway.start();
        pages.set_ready({});
    }
    static Options fast(Options options) {
        options.tick = 10ms;
        return options;
    }
    /// Publishes and waits until the routes are followed.
    void publish(const std::vector<ServiceSpec>& services, const std::vector<HttpRoutePtr>& documents = {}, const TlsPolicies& policies = {}) {
        gateway.publish(services, documents, policies);
        EXPECT_TRUE(eventually([&] { // a path that only the new snapshot answers otherwise cannot be told; an own page can: all cores take posts in order
            return Wire::connect(gateway.port()).ask("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status() == 200;
        }));
    }
    Wire client() { return Wire::connect(gateway.port()); }

    std::atomic<int> unknown_keys{0};
    Telemetry telemetry;
    OwnPages pages{"1.2.3", R"({"openapi":"3.1.0"})"};
    Gate gate;
    Gateway gateway;
};

} // namespace gravity::gateway::test
