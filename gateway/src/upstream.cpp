#include "upstream.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace gravity::gateway {
namespace {

/// Nothing must have come on an idle connection: its end is its end, and bytes answer no question.
bool is_quiet(Upstream& upstream) {
    char byte = 0;
    const auto received = ::recv(upstream.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

} // namespace

std::shared_ptr<Upstream> UpstreamPool::take(const Endpoint& endpoint) {
    const auto found = idle_.find(endpoint.identity());
    if (found == idle_.end()) return nullptr;
    auto& kept = found->second;
    while (!kept.empty()) {
        std::shared_ptr<Upstream> upstream = std::move(kept.back());
        kept.pop_back();
        if (is_quiet(*upstream)) return upstream;
    }
    return nullptr;
}

void UpstreamPool::give(std::shared_ptr<Upstream> upstream, std::chrono::steady_clock::time_point now) {
    auto& kept = idle_[upstream->endpoint->identity()];
    if (kept.size() >= most_) return; // closed by going out of scope
    upstream->in.release();
    upstream->scanner.reset();
    upstream->reused = true;
    upstream->idle_until = now + upstream->keep;
    kept.push_back(std::move(upstream));
}

void UpstreamPool::sweep(std::chrono::steady_clock::time_point now) {
    for (auto at = idle_.begin(); at != idle_.end();) {
        std::erase_if(at->second, [&](const auto& upstream) { return upstream->idle_until <= now || !is_quiet(*upstream); });
        at = at->second.empty() ? idle_.erase(at) : std::next(at);
    }
}

std::size_t UpstreamPool::size() const {
    std::size_t count = 0;
    for (const auto& [identity, kept] : idle_) count += kept.size();
    return count;
}

} // namespace gravity::gateway
