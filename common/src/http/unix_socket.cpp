#include "http/unix_socket.hpp"

#include <boost/system/system_error.hpp>

#include <cerrno>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace gravity::http {
namespace {

[[noreturn]] void fail(int error, int descriptor, const std::string& path) {
    if (descriptor >= 0) ::close(descriptor);
    throw boost::system::system_error(boost::system::error_code(error, boost::system::system_category()), path);
}

int fresh_socket(const std::string& path) {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) fail(errno, -1, path);
    return descriptor;
}

// What a process that was killed has left behind. Nothing but a socket is taken away, and none that answers.
void remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
    const int descriptor = fresh_socket(path);
    const bool refused = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
    ::close(descriptor);
    if (refused) ::unlink(path.c_str());
}

} // namespace

std::optional<std::string> unix_path(std::string_view address) {
    constexpr std::string_view scheme = "unix://";
    if (!address.starts_with(scheme)) return std::nullopt;
    return std::string(address.substr(scheme.size()));
}

int listen_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) fail(path.empty() ? EINVAL : ENAMETOOLONG, -1, path);
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    remove_stale(path, address);
    const int descriptor = fresh_socket(path);
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(descriptor, SOMAXCONN) != 0)
        fail(errno, descriptor, path);
    return descriptor;
}

} // namespace gravity::http
