#include "mirror.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;
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
    upstream_ = std::make_shared<Upstream>(core_.io(), core_.slab(), use_.endpoint());
    timer_.expires_after(core_.options().mirror_timeout);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
        if (!stopped) self->abandon();
    });
    connect();
}

void Mirror::connect() {
    using Resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;
    const auto resolver = std::make_shared<Resolver>(core_.io());
    const InstanceSpec& target = upstream_->endpoint->spec();
    resolver->async_resolve(target.address, std::to_string(target.port), Resolver::numeric_service,
                            [self = shared_from_this(), resolver](boost::system::error_code error, const Resolver::results_type& found) {
                                if (self->closed_) return;
                                if (error) return self->abandon();
                                asio::async_connect(self->upstream_->socket, found, [self](boost::system::error_code failed, const tcp::endpoint&) {
                                    if (self->closed_) return;
                                    if (failed) return self->abandon();
                                    self->connected_ = true;
                                    self->write();
                                    self->read();
                                });
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
    asio::async_write(upstream_->socket, asio::buffer(writing_), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
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
    upstream_->socket.async_read_some(asio::buffer(space.data, space.size), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
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
