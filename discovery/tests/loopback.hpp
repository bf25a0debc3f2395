#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

/// Sockets of loopback, for tests that speak or listen independently of the code that does.
namespace gravity::registry::test {

/// A socket that is closed with the object.
class Socket {
public:
    /// To whoever listens there. What has not come within `patience` seconds does not come; 0: for ever.
    static Socket connected(int type, std::uint16_t port, time_t patience = 20) {
        Socket socket(type);
        const sockaddr_in address = at(port);
        const timeval limit{patience, 0};
        EXPECT_EQ(::setsockopt(socket.fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
        EXPECT_EQ(::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return socket;
    }
    /// At a port of its own; without listen() nobody can connect to it.
    static Socket bound(int type) {
        Socket socket(type);
        sockaddr_in address = at(0);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(socket.fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
        EXPECT_EQ(::getsockname(socket.fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        socket.port_ = ntohs(address.sin_port);
        return socket;
    }
    static Socket listening() {
        Socket socket = bound(SOCK_STREAM);
        EXPECT_EQ(::listen(socket.fd_, 64), 0);
        return socket;
    }

    /// One that somebody has accepted.
    static Socket taken(int fd) { return Socket(Owned{fd}); }

    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), port_(other.port_) {}
    Socket& operator=(Socket&&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }

    std::uint16_t port() const { return port_; }
    std::string target() const { return "127.0.0.1:" + std::to_string(port_); }
    int fd() const { return fd_; }

    /// The next who connects; negative once shut() has been called. The caller's to close.
    int accept() const { return ::accept(fd_, nullptr, nullptr); }
    /// Ends everybody's waiting on it.
    void shut() const { ::shutdown(fd_, SHUT_RDWR); }

    void send(std::string_view bytes) const { EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())); }
    /// What comes next; empty at the end, and if nothing comes.
    std::string receive() const { return received(65'535, 0); }
    /// So many bytes of a stream; fewer when it ends.
    std::string receive(std::size_t size) const { return received(size, MSG_WAITALL); }

private:
    struct Owned {
        int fd;
    };
    explicit Socket(Owned owned) : fd_(owned.fd) {}
    explicit Socket(int type) : Socket(Owned{::socket(AF_INET, type, 0)}) {}
    static sockaddr_in at(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return address;
    }
    std::string received(std::size_t most, int flags) const {
        std::string bytes(most, '\0');
        const ssize_t size = ::recv(fd_, bytes.data(), most, flags);
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return bytes;
    }

    int fd_ = -1;
    std::uint16_t port_ = 0; // that it is bound to
};

} // namespace gravity::registry::test
