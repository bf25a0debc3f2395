#include "caching.hpp"
#include "compression.hpp"
#include "session.hpp"

#include <algorithm>

/// An answer that is being kept. It is received as fast as the service sends it, for others may wait for it, and sent as fast as the client takes it.
namespace gravity::gateway {

void Session::fill(bool end) {
    Caching& caching = *caching_;
    if (caching.finished || caching.too_long) return;
    if (!(compressing_ ? compress(end, caching.collected) : collect(end))) {
        return response_head_sent_ ? upstream_broke() : bad_response("Its body is not framed as it says.");
    }
    if (response_body_.done()) {
        finish_fill();
    } else if (caching.collected.size() > core_.shared().cache.limits().body) {
        caching.too_long = true;
        caching.lead.decline(true);
    } else {
        read_upstream();
    }
    send_collected();
}

/// What has come of the body. False: its framing is broken.
bool Session::collect(bool end) {
    Buffer& in = upstream_->in;
    while (!response_body_.done()) {
        const BodyRelay::Batch batch = response_body_.take(in.view(), end);
        if (batch.malformed) return false;
        for (const std::string_view piece : batch.pieces) caching_->collected.append(piece);
        in.consume(batch.consumed);
        if (batch.consumed == 0 || in.empty()) break;
    }
    return true;
}

/// All of it is here: it is kept, and whoever waited has it.
void Session::finish_fill() {
    Caching& caching = *caching_;
    use_.end(status_ >= 500 ? Outcome::failure : Outcome::success);
    keep_or_drop_upstream();
    phase_ = Phase::replying; // the client may take its time
    finish_request_body();
    const StoredPtr stored = complete(*std::exchange(caching.draft, std::nullopt), std::move(caching.collected));
    keep(stored, caching.asked);
    caching.body = stored->body;
    caching.end = stored->body->size();
    caching.finished = true;
    caching.lead.land(stored);
    caching.room = {};
}

void Session::send_collected() {
    if (client_writing_) return;
    Caching& caching = *caching_;
    constexpr std::size_t most = 64 * 1024; // a write; the guard of slow clients looks at each
    const std::size_t here = caching.finished ? caching.end : caching.collected.size();
    const std::size_t size = std::min(here - caching.sent, most);
    const bool last = caching.finished && caching.sent + size == caching.end;
    std::string_view data;
    if (caching.finished) {
        data = std::string_view(*caching.body).substr(caching.sent, size);
    } else { // which moves while it grows
        reply_body_.assign(caching.collected, caching.sent, size);
        data = reply_body_;
    }
    std::array<std::string_view, 4> pieces;
    if (caching.chunked && size != 0) {
        pieces[0] = chunk_size_line(size, caching.size_line);
        pieces[2] = "\r\n";
    }
    pieces[1] = data;
    if (caching.chunked && last && !std::exchange(caching.last_chunk_sent, true)) pieces[3] = "0\r\n\r\n";
    caching.sent += size;
    const bool with_head = !std::exchange(response_head_sent_, true);
    const bool something = with_head || std::any_of(pieces.begin(), pieces.end(), [](std::string_view piece) { return !piece.empty(); });
    if (something) return write_client(pieces, with_head);
    if (caching.finished) {
        record(status_);
        return next_request();
    }
    if (!caching.too_long) return; // more will come
    response_body_.change_out(caching.chunked && !compressing_ ? BodyRelay::Out::chunked : BodyRelay::Out::plain);
    caching_.reset();
    if (upstream_ended_ || !upstream_->in.empty()) return pump_response(upstream_ended_);
    read_upstream();
}

} // namespace gravity::gateway
