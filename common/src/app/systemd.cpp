#include "app/systemd.hpp"

#include <gravity/log/log.hpp>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace gravity::app {
namespace {

std::string variable(const char* name) {
    const char* const text = std::getenv(name);
    return text == nullptr ? "" : text;
}

std::optional<std::int64_t> number(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
    return value;
}

} // namespace

Systemd::Systemd() : socket_(variable("NOTIFY_SOCKET")) {
    const auto usec = number(variable("WATCHDOG_USEC"));
    const std::string pid = variable("WATCHDOG_PID");
    if (usec && (pid.empty() || number(pid) == ::getpid())) watchdog_ = std::chrono::microseconds(*usec);
}

bool Systemd::tell(std::string_view state) const {
    if (socket_.empty()) return true;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof to.sun_path) return false;
    std::memcpy(to.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@') to.sun_path[0] = '\0'; // the abstract namespace of unix(7)
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    const bool sent =
        ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size) == static_cast<ssize_t>(state.size());
    if (!sent) log::debug("the service manager does not listen", {{"error", std::strerror(errno)}});
    ::close(fd);
    return sent;
}

} // namespace gravity::app
