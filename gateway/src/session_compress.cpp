#include "caching.hpp"
#include "compression.hpp"
#include "session.hpp"

#include <algorithm>
#include <charconv>

/// An answer that is compressed on its way, piece by piece.
namespace gravity::gateway {

Compressing::Compressing(http::Coding coding) {
    if (coding == http::Coding::zstd) zstd.emplace();
    else stream.emplace(coding);
}

/// What has come of the body, into `out`. False: its framing is broken.
bool Session::compress(bool end, std::string& out) {
    Buffer& in = upstream_->in;
    // A full buffer says that more is behind it; else whoever waits for these bytes is to have them now (events, slow pages).
    const bool pauses = event_stream_ || in.size() < Slab::block_bytes / 2;
    bool pushed = false;
    while (!response_body_.done()) {
        const BodyRelay::Batch batch = response_body_.take(in.view(), end);
        if (batch.malformed) return false;
        for (const std::string_view piece : batch.pieces) compressing_->push(piece, out);
        pushed |= batch.data != 0;
        in.consume(batch.consumed);
        if (batch.done) {
            compressing_->finish(out);
            return true;
        }
        if (batch.consumed == 0 || in.empty()) break;
    }
    if (pushed && pauses) compressing_->flush(out);
    return true;
}

void Session::pump_compressed(bool end) {
    if (client_writing_) return;
    reply_body_.clear();
    if (!compress(end, reply_body_)) return response_head_sent_ ? upstream_broke() : bad_response("Its body is not framed as it says.");
    response_end_ = response_body_.done();
    const bool with_head = !std::exchange(response_head_sent_, true);
    std::array<std::string_view, 3> pieces;
    pieces[1] = reply_body_;
    if (compressing_->chunked && !reply_body_.empty()) {
        pieces[0] = chunk_size_line(reply_body_.size(), compressing_->size_line);
        pieces[2] = response_end_ ? "\r\n0\r\n\r\n" : "\r\n";
    } else if (compressing_->chunked && response_end_) {
        pieces[2] = "0\r\n\r\n";
    }
    if (with_head || !reply_body_.empty() || response_end_) return write_client(pieces, with_head);
    read_upstream();
}

} // namespace gravity::gateway
