#include <gravity/testkit/free_port.hpp>

#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace gravity::testkit {
namespace {

// A Redis Cluster's bus (10,000 above its port) lies below 32,768, too, where the ports of outgoing connections begin. The launcher's tests take from 18,000.
constexpr unsigned first = 10'000, last = 17'999;

// A name in the abstract space of Unix sockets has one owner on the machine, and is given back by the kernel however the owner ends. The socket is left
// open for that: as long as the process lives.
bool reserved(std::uint16_t port) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "gravity-test-port-" + std::to_string(port);
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0) return true;
    if (fd >= 0) ::close(fd);
    return false;
}

bool unused(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (fd >= 0) ::close(fd);
    return bound;
}

} // namespace

std::uint16_t free_port() {
    std::random_device any;
    std::uniform_int_distribution<unsigned> ports(first, last);
    for (int tries = 0; tries < 1000; ++tries)
        if (const auto port = static_cast<std::uint16_t>(ports(any)); reserved(port) && unused(port)) return port;
    throw std::runtime_error("no free port");
}

} // namespace gravity::testkit
