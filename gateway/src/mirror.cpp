#include "mirror.hpp"

#include <boost/asio/write.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;
using std::chrono::steady_clock;

Mirror::Mirror(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster)
    : core_(core), snapshot_(std::move(snapshot)), cluster_(cluster), timer_(core.io()) {}

void Mirror::start() {
    use_ = pick(cluster_, nullptr, core_.choices(), steady_clock::now());
    if (!use_) {
        closed_ = true;
        core_.shared().telemetry.mirrors_lost.add();
        return;
    }
    upstream_ = core_.upstream_to(use_.endpoint());
    timer_.expires_after(core_.options().mirror_timeout);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
        if (!stopped) self->abandon();
    });
    connect();
}

void Mirror::connect() {
    open(upstream_, [self = shared_from_this()](boost::system::error_code error) {
        if (self->closed_) return;
        if (error) return self->abandon();
        self->connected_ = true;
        self->write();
        self->read();
    });
}

void Mirror::add(std::string_view bytes) {
    if (closed_) return;
    if (waiting_.size() + bytes.size() > most_waiting) return abandon();
    waiting_.append(bytes);
    write();
}

void Mirror::finish() {
    whole_ = true;
    write();
}

void Mirror::write() {
    if (!connected_ || busy_ || closed_ || waiting_.empty()) return;
    busy_ = true;
    writing_.swap(waiting_);
    asio::async_write(upstream_->stream, asio::buffer(writing_), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
        self->busy_ = false;
        self->writing_.clear();
        if (self->closed_) return;
        if (error) return self->abandon();
        self->write();
    });
}

/// The request says "Connection: close", so the answer's end is the connection's.
void Mirror::read() {
    upstream_->in.release();
    const Buffer::Space space = upstream_->in.space();
    upstream_->stream.async_read_some(asio::buffer(space.data, space.size), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
        if (self->closed_) return;
        if (!error) return self->read();
        if (error != asio::error::eof || !self->whole_) return self->abandon();
        self->use_.end(Outcome::success);
        self->close();
    });
}

void Mirror::abandon() {
    if (closed_) return;
    core_.shared().telemetry.mirrors_lost.add();
    close();
}

void Mirror::close() {
    closed_ = true;
    timer_.cancel();
    use_.end(Outcome::neutral); // what becomes of a copy says nothing of the service
    upstream_->close();
}

} // namespace gravity::gateway
