#pragma once

#include "http/support.hpp"

#include <functional>
#include <vector>

namespace gravity::http::test {

/// A peer that says exactly what a test wants: one function per accepted connection, in turn, each on the server's own thread.
class ScriptedServer {
public:
    /// What a script may do with its connection.
    class Peer {
    public:
        explicit Peer(int fd) : fd_(fd) {}
        /// A request head with a body of its Content-Length; empty if the client closed.
        std::string read_request() {
            std::size_t end;
            while ((end = got_.find("\r\n\r\n")) == std::string::npos)
                if (!more()) return {};
            std::size_t size = end + 4;
            const std::size_t at = got_.find("Content-Length: ");
            if (at < end) size += std::stoul(got_.substr(at + 16));
            while (got_.size() < size)
                if (!more()) return {};
            std::string request = got_.substr(0, size);
            got_.erase(0, size);
            return request;
        }
        void send(std::string_view bytes) {
            while (!bytes.empty()) {
                const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
                if (n <= 0) return;
                bytes.remove_prefix(static_cast<std::size_t>(n));
            }
        }
        void wait_for_close() {
            while (more()) {}
        }
        void reset() {
            const linger hard{1, 0};
            ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }

    private:
        bool more() {
            char block[4096];
            const ssize_t n = ::recv(fd_, block, sizeof block, 0);
            if (n > 0) got_.append(block, static_cast<std::size_t>(n));
            return n > 0;
        }
        int fd_;
        std::string got_;
    };
    using Script = std::function<void(Peer&)>;

    explicit ScriptedServer(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~ScriptedServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
        EXPECT_EQ(served_, static_cast<int>(scripts_.size())) << "connections that were scripted but did not come";
    }
    std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
    std::uint16_t port() const { return port_; }
    int served() const { return served_; }

private:
    void run() {
        for (const Script& script : scripts_) {
            const int fd = ::accept(listener_, nullptr, nullptr);
            if (fd < 0) return;
            const timeval limit{std::chrono::seconds(patience).count(), 0};
            ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            Peer peer(fd);
            script(peer);
            ++served_;
            ::close(fd);
        }
    }
    std::vector<Script> scripts_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> served_{0};
    std::thread thread_;
};

} // namespace gravity::http::test
