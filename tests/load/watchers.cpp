// Thousands of blocking queries on one loop: how long after a change the last of those who watch it has its answer, and that the others go on waiting.
//
//   watchers PORT COUNT PATH OTHERS PATH_OF_OTHERS
//
// Prints "waiting" when all have asked. For each line "METHOD PATH" on its input it makes that change and prints one line of JSON: milliseconds from sending it
// until the first, the median and the last watcher had its whole answer, and how many of the others were answered, in all, until now. Then all wait again.

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

int connected(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0 || ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

// The value of a field; names as our servers write them.
std::string_view field(std::string_view head, std::string_view name) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) return {};
    const auto begin = at + name.size();
    return head.substr(begin, head.find('\r', begin) - begin);
}

/// An answer as its bytes come; of its body only the length is looked at.
struct Incoming {
    std::string head;
    std::size_t body_left = 0;
    bool in_body = false;

    /// True when that was the end of it.
    bool take(std::string_view bytes) {
        if (!in_body) {
            head += bytes;
            const auto end = head.find("\r\n\r\n");
            if (end == std::string::npos) return false;
            const std::size_t body_here = head.size() - end - 4;
            head.resize(end + 2);
            if (!head.starts_with("HTTP/1.1 200")) {
                std::fprintf(stderr, "%s\n", head.c_str());
                std::exit(1);
            }
            body_left = std::strtoul(std::string(field(head, "Content-Length: ")).c_str(), nullptr, 10);
            in_body = true;
            bytes = bytes.substr(bytes.size() - body_here);
        }
        body_left -= bytes.size();
        return body_left == 0;
    }
    std::string index() const { return std::string(field(head, "X-Consul-Index: ")); }
    void reset() {
        head.clear();
        in_body = false;
    }
};

struct Watcher {
    int descriptor = -1;
    bool other = false;
    bool waiting = false;
    Incoming incoming;
    Clock::time_point done{};
};

void send_all(int descriptor, std::string_view text) {
    if (::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) fail("send");
}

std::string request(std::string_view method, std::string_view path) {
    return std::string(method) + ' ' + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
}

/// The index that its answer has.
std::string ask(int descriptor, std::string_view method, std::string_view path) {
    send_all(descriptor, request(method, path));
    Incoming answer;
    char buffer[65536];
    for (;;) {
        const ssize_t got = ::recv(descriptor, buffer, sizeof buffer, 0);
        if (got <= 0) fail("recv");
        if (answer.take({buffer, static_cast<std::size_t>(got)})) return answer.index();
    }
}

std::string waiting_request(const std::string& path, const std::string& index) {
    return request("GET", path + (path.find('?') == std::string::npos ? "?" : "&") + "wait=10m&index=" + index);
}

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

/// Until nothing has come for so long, or `enough` of the watchers are answered. Returns how many of the others were.
std::size_t receive(int epoll, std::vector<Watcher>& watchers, std::size_t enough, int patience_ms) {
    static char buffer[262144];
    std::size_t answered = 0, others = 0;
    epoll_event events[256];
    while (answered < enough) {
        const int ready = ::epoll_wait(epoll, events, 256, patience_ms);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        if (ready == 0) break;
        for (int i = 0; i < ready; ++i) {
            Watcher& watcher = watchers[events[i].data.u64];
            const ssize_t got = ::recv(watcher.descriptor, buffer, sizeof buffer, 0);
            if (got <= 0) fail("the server closed a connection");
            if (!watcher.incoming.take({buffer, static_cast<std::size_t>(got)})) continue;
            watcher.done = Clock::now();
            watcher.waiting = false;
            ++(watcher.other ? others : answered);
        }
    }
    return others;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "watchers PORT COUNT PATH OTHERS PATH_OF_OTHERS\n");
        return 2;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const std::size_t count = std::strtoul(argv[2], nullptr, 10), others = std::strtoul(argv[4], nullptr, 10);
    const std::string path = argv[3], path_of_others = argv[5];
    const int control = connected(port);
    const int epoll = ::epoll_create1(0);
    std::vector<Watcher> watchers(count + others);
    for (std::size_t i = 0; i < watchers.size(); ++i) {
        watchers[i].descriptor = connected(port);
        watchers[i].other = i >= count;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, watchers[i].descriptor, &event) != 0) fail("epoll_ctl");
    }
    const auto wait_again = [&] {
        const std::string own = waiting_request(path, ask(control, "GET", path));
        const std::string of_others = waiting_request(path_of_others, ask(control, "GET", path_of_others));
        for (Watcher& watcher : watchers) {
            if (std::exchange(watcher.waiting, true)) continue;
            watcher.incoming.reset();
            send_all(watcher.descriptor, watcher.other ? of_others : own);
        }
        std::printf("waiting\n");
        std::fflush(stdout);
    };
    wait_again();
    std::size_t others_answered = 0;
    for (std::string line; std::getline(std::cin, line);) {
        const auto space = line.find(' ');
        const std::string change = request(line.substr(0, space), line.substr(space + 1));
        const auto begun = Clock::now();
        send_all(control, change);
        others_answered += receive(epoll, watchers, count, 10'000);
        others_answered += receive(epoll, watchers, count + others, 500); // whoever comes late
        Incoming answer;
        char buffer[4096];
        for (bool whole = false; !whole;) {
            const ssize_t got = ::recv(control, buffer, sizeof buffer, 0);
            if (got <= 0) fail("recv");
            whole = answer.take({buffer, static_cast<std::size_t>(got)});
        }
        std::vector<double> took;
        for (const Watcher& watcher : watchers)
            if (!watcher.other && !watcher.waiting) took.push_back(milliseconds(watcher.done - begun));
        std::sort(took.begin(), took.end());
        if (took.empty()) fail("nobody was answered");
        std::printf("{\"answered\": %zu, \"first\": %.2f, \"median\": %.2f, \"last\": %.2f, \"others\": %zu}\n", took.size(), took.front(),
                    took[took.size() / 2], took.back(), others_answered);
        wait_again();
    }
}
