#include "mirror.hpp"

namespace gravity::gateway {

using std::chrono::steady_clock;

void Mirror::start() {
    const auto now = steady_clock::now();
    use_ = pick(cluster_, nullptr, core_.choices(), now);
    if (!use_) return abandon();
    ring_at(now + core_.options().mirror_timeout);
    connect();
}

void Mirror::connected() {
    connected_ = true;
    send();
    read();
}

void Mirror::add(std::string_view bytes) {
    if (is_over()) return;
    if (waiting_.size() + bytes.size() > most_waiting) return abandon();
    waiting_.append(bytes);
    send();
}

void Mirror::finish() { whole_ = true; }

void Mirror::send() {
    if (!connected_ || !writing_.empty() || waiting_.empty()) return;
    writing_.swap(waiting_);
    write(writing_);
}

void Mirror::written() {
    writing_.clear();
    send();
}

/// The request says "Connection: close", so the answer's end is the connection's; an end without an answer is a connection that broke, even where a write
/// has been told of that and the read is told nothing. What becomes of a copy says nothing of the service, unless all went well.
void Mirror::received(bool ended) {
    if (ended) return whole_ && answered_ ? end(Outcome::success) : abandon();
    answered_ = true;
    upstream_->in.release();
    read();
}

void Mirror::abandon() {
    if (is_over()) return;
    core_.shared().telemetry.mirrors_lost.add();
    end(Outcome::neutral);
}

} // namespace gravity::gateway
