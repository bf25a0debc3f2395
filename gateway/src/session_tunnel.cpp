#include "forward.hpp"
#include "session.hpp"

#include <boost/asio/write.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;

/// The instance took the WebSocket (RFC 6455 section 4.2.2): from here on bytes are bytes.
void Session::begin_tunnel(std::string_view bytes, const ResponseHead& head) {
    phase_ = Phase::tunnel;
    response_began_ = response_head_sent_ = true;
    client_ended_ = server_ended_ = false;
    status_ = head.status;
    core_.shared().telemetry.upgrades.add();
    use_.end(Outcome::success); // an open WebSocket is no slow answer
    record(status_);
    ResponseFacts facts;
    facts.upgrade = true;
    write_response_head(bytes, head, facts, response_head_);
    write_client({}, true);
    // The request has no body, so what the client sent early is the beginning of its frames.
    tunnel_up();
}

void Session::tunnel_up() {
    if (upstream_writing_ || client_ended_) return;
    if (in_.empty()) return read_client();
    taken_ = in_.size();
    const std::string_view bytes = in_.view();
    write_upstream({&bytes, 1}, false);
}

void Session::tunnel_down() {
    if (client_writing_ || server_ended_) return;
    if (upstream_->in.empty()) return read_upstream();
    unconsumed_down_ = upstream_->in.size();
    const std::string_view bytes = upstream_->in.view();
    write_client({&bytes, 1}, false);
}

/// One side has said its last; the other is told, and may go on. Each side reads only when nothing of it is waiting to be written, so nothing is lost.
void Session::tunnel_half_closed() {
    // TLS has no half-closed connection that all would understand.
    if ((client_ended_ && server_ended_) || client_.secure() || upstream_->stream.secure()) return close();
    Error ignored; // it may be closed already; its own read tells
    if (client_ended_) upstream_->stream.socket().shutdown(Socket::shutdown_send, ignored);
    else client_.socket().shutdown(Socket::shutdown_send, ignored);
}

} // namespace gravity::gateway
