// A load of so many requests a second, whatever the server does: open loop. Each request has the moment at which it is due, and its latency counts from
// there, so a server that stalls is charged for every request that its stall made wait (no coordinated omission).
//
//   open_loop PORT RATE SECONDS CONNECTIONS REQUEST_FILE      prints one line of JSON
//
// One request per connection at a time; what is due while all are busy waits for the first that is free, and is counted as waiting. `untouched` is of the
// requests that no pause of the machine touched: neither under way in one, nor before what it had held up was answered; null where pauses cannot be seen.

#include "machine_pauses.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <netinet/tcp.h>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
    int descriptor = -1;
    std::string received;
    Clock::time_point due{};
};

struct Answered {
    Clock::time_point due, done;
};

double milliseconds(const Answered& request) { return std::chrono::duration<double, std::milli>(request.done - request.due).count(); }

// Each pause, longer by the time until no more requests are under way than usual.
std::vector<MachinePauses::Span> with_what_they_held_up(std::vector<MachinePauses::Span> pauses, const std::vector<Answered>& requests) {
    std::vector<std::pair<Clock::time_point, int>> changes;
    for (const Answered& request : requests) {
        changes.emplace_back(request.due, 1);
        changes.emplace_back(request.done, -1);
    }
    std::sort(changes.begin(), changes.end());
    std::vector<int> under_way;
    int now = 0;
    for (const auto& [at, change] : changes) under_way.push_back(now += change);
    std::vector<int> sorted = under_way;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    const int usual = sorted.empty() ? 0 : sorted[sorted.size() / 2];
    for (auto& pause : pauses) {
        auto at = static_cast<std::size_t>(std::lower_bound(changes.begin(), changes.end(), std::pair(pause.end, -1)) - changes.begin());
        while (at < changes.size() && under_way[at] > usual) ++at;
        if (at < changes.size()) pause.end = std::max(pause.end, changes[at].first);
    }
    return MachinePauses::merged(std::move(pauses));
}

std::vector<double> untouched(const std::vector<MachinePauses::Span>& pauses, const std::vector<Answered>& requests) {
    std::vector<double> result;
    for (const Answered& request : requests) {
        const auto next = std::lower_bound(pauses.begin(), pauses.end(), request.due, [](const auto& pause, Clock::time_point due) { return pause.end < due; });
        if (next == pauses.end() || next->begin > request.done) result.push_back(milliseconds(request));
    }
    return result;
}

double percentile(std::vector<double>& values, double part) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

int connected(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0 || ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int yes = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

// The length of the response at the front, or 0 while it is not complete. Responses of ours have a Content-Length.
std::size_t response_length(std::string_view text) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const auto field = text.find("Content-Length: ");
    if (field == std::string_view::npos || field > end) return end + 4;
    const auto length = end + 4 + std::strtoul(text.data() + field + 16, nullptr, 10);
    return text.size() < length ? 0 : length;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "open_loop PORT RATE SECONDS CONNECTIONS REQUEST_FILE\n");
        return 2;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const double rate = std::atof(argv[2]), seconds = std::atof(argv[3]);
    std::ostringstream text;
    text << std::ifstream(argv[5]).rdbuf();
    const std::string request = text.str();

    const int epoll = ::epoll_create1(0);
    std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(argv[4])));
    std::vector<std::size_t> free_ones;
    for (std::size_t i = 0; i < connections.size(); ++i) {
        connections[i].descriptor = connected(port);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].descriptor, &event) != 0) fail("epoll_ctl");
        free_ones.push_back(i);
    }

    const auto total = static_cast<std::size_t>(rate * seconds);
    MachinePauses machine;
    const auto begun = Clock::now();
    const auto due_at = [&](std::size_t n) { return begun + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(n) / rate)); };
    std::vector<Answered> answered;
    answered.reserve(total);
    std::size_t sent = 0, waited = 0, refused = 0;
    std::deque<Clock::time_point> waiting;

    const auto send = [&](std::size_t index, Clock::time_point due) {
        connections[index].due = due;
        if (::send(connections[index].descriptor, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) fail("send");
    };
    char buffer[65536];
    epoll_event events[64];
    while (answered.size() + refused < total) {
        for (; sent < total && due_at(sent) <= Clock::now(); ++sent) {
            if (free_ones.empty()) {
                waiting.push_back(due_at(sent));
                ++waited;
            } else {
                send(free_ones.back(), due_at(sent));
                free_ones.pop_back();
            }
        }
        timespec pause{1, 0};
        if (sent < total) {
            const auto left = std::max<std::int64_t>(0, std::chrono::nanoseconds(due_at(sent) - Clock::now()).count());
            pause = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
        }
        const int ready = ::epoll_pwait2(epoll, events, 64, &pause, nullptr);
        if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
        if (ready == 0 && sent == total && Clock::now() > due_at(total) + std::chrono::seconds(30)) {
            std::fprintf(stderr, "no answer for 30 s\n");
            return 1;
        }
        for (int i = 0; i < ready; ++i) {
            const auto index = static_cast<std::size_t>(events[i].data.u64);
            Connection& connection = connections[index];
            const ssize_t got = ::recv(connection.descriptor, buffer, sizeof buffer, 0);
            if (got <= 0) fail("the server closed a connection");
            connection.received.append(buffer, static_cast<std::size_t>(got));
            const std::size_t length = response_length(connection.received);
            if (length == 0) continue;
            if (connection.received[9] == '2')
                answered.push_back({connection.due, Clock::now()});
            else
                ++refused;
            connection.received.erase(0, length);
            if (waiting.empty()) {
                free_ones.push_back(index);
            } else {
                send(index, waiting.front());
                waiting.pop_front();
            }
        }
    }
    const double took = std::chrono::duration<double>(Clock::now() - begun).count();
    std::vector<double> all;
    for (const Answered& request : answered) all.push_back(milliseconds(request));
    std::printf("{\"rate\": %.0f, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f, ", static_cast<double>(total) / took,
                percentile(all, .5), percentile(all, .9), percentile(all, .99), percentile(all, .999), percentile(all, 1));
    std::printf("\"waited\": %zu, \"refused\": %zu, ", waited, refused);
    if (!machine.known()) {
        std::printf("\"untouched\": null}\n");
        return 0;
    }
    const auto pauses = machine.spans();
    double paused = 0;
    for (const auto& pause : pauses) paused += std::chrono::duration<double>(pause.end - pause.begin).count();
    auto rest = untouched(with_what_they_held_up(pauses, answered), answered);
    const double share = static_cast<double>(rest.size()) / static_cast<double>(std::max<std::size_t>(1, answered.size()));
    std::printf("\"pauses\": %zu, \"paused\": %.4f, ", pauses.size(), paused / took);
    std::printf("\"untouched\": {\"share\": %.3f, \"p50\": %.3f, ", share, percentile(rest, .5));
    std::printf("\"p99\": %.3f, \"max\": %.3f}}\n", percentile(rest, .99), percentile(rest, 1));
}
