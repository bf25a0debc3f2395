#include "body_relay.hpp"

#include "head.hpp"

#include <algorithm>
#include <charconv>

namespace gravity::gateway {
namespace {

bool may_trail(std::string_view name) {
    if (known_field(name) != Known::other || name.find('_') != std::string_view::npos) return false;
    constexpr std::string_view prefixes[] = {"content-", "if-", "accept", "access-control-", "cache-", "cookie", "set-cookie", "range", "www-authenticate",
                                             "location", "retry-after", "vary", "age", "expires", "pragma", "allow", "max-forwards", "sec-", "x-forwarded-"};
    for (const std::string_view prefix : prefixes)
        if (name.size() >= prefix.size() && http::iequals(name.substr(0, prefix.size()), prefix)) return false;
    return true;
}

} // namespace

std::string_view chunk_size_line(std::size_t size, std::array<char, 20>& line) {
    char* const end = std::to_chars(line.data(), line.data() + 16, size, 16).ptr;
    end[0] = '\r';
    end[1] = '\n';
    return {line.data(), static_cast<std::size_t>(end - line.data()) + 2};
}

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
        if (trailers_) {
            if (step.data.empty()) tail_.append(input.substr(consumed, step.consumed));
            else tail_.clear();
        }
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
        pieces_[0] = chunk_size_line(data_, size_line_);
        pieces_[++count_] = "\r\n";
    }
    if (done_) pieces_[++count_] = trailers_ ? last_chunk() : "0\r\n\r\n";
}

/// The decoder has made sure that all of it is lines, and that what follows the size is fields.
std::string_view BodyRelay::last_chunk() {
    std::string_view rest = tail_;
    if (rest.starts_with("\r\n")) rest.remove_prefix(2); // of the data before
    rest.remove_prefix(rest.find('\n') + 1);
    end_ = "0\r\n";
    while (rest.size() > 2) {
        const std::string_view line = rest.substr(0, rest.find('\n') + 1);
        rest.remove_prefix(line.size());
        if (may_trail(line.substr(0, line.find(':')))) end_.append(line);
    }
    return end_ += "\r\n";
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
