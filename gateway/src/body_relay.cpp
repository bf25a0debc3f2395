#include "body_relay.hpp"

#include <algorithm>
#include <charconv>

namespace gravity::gateway {

std::size_t BodyRelay::take_plain(std::string_view input) {
    const std::size_t size = until_close_ ? input.size() : static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    if (size != 0) pieces_[++count_] = input.substr(0, size);
    data_ = size;
    if (!until_close_) {
        left_ -= size;
        done_ = left_ == 0;
    }
    return size;
}

std::size_t BodyRelay::take_chunked(std::string_view input, bool& malformed) {
    std::size_t consumed = 0;
    while (consumed < input.size() && count_ < most) {
        const auto step = chunks_.decode(input.substr(consumed));
        consumed += step.consumed;
        if (!step.data.empty()) {
            pieces_[++count_] = step.data;
            data_ += step.data.size();
        }
        if (step.state == http::ChunkDecoder::State::malformed) malformed = true;
        if (step.state == http::ChunkDecoder::State::done) done_ = true;
        if (step.state != http::ChunkDecoder::State::more) break;
    }
    return consumed;
}

/// However many chunks came, one goes out.
void BodyRelay::frame() {
    if (data_ != 0) {
        const auto end = std::to_chars(size_line_.data(), size_line_.data() + 16, data_, 16).ptr;
        end[0] = '\r';
        end[1] = '\n';
        pieces_[0] = {size_line_.data(), static_cast<std::size_t>(end - size_line_.data()) + 2};
        pieces_[++count_] = "\r\n";
    }
    if (done_) pieces_[++count_] = "0\r\n\r\n";
}

BodyRelay::Batch BodyRelay::take(std::string_view input, bool end) {
    Batch batch;
    count_ = data_ = 0;
    if (!done_) {
        batch.consumed = decoder_ ? take_chunked(input, batch.malformed) : take_plain(input);
        total_ += data_;
        if (end && !done_ && batch.consumed == input.size()) {
            if (until_close_) done_ = true;
            else batch.malformed = true;
        }
        if (batch.malformed) return batch;
        if (out_ == Out::chunked) frame();
    }
    const bool sized = out_ == Out::chunked && data_ != 0;
    batch.pieces = std::span(pieces_).subspan(sized ? 0 : 1, sized ? count_ + 1 : count_);
    batch.data = data_;
    batch.done = done_;
    return batch;
}

} // namespace gravity::gateway
