#pragma once

#include <gravity/http/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gravity::gateway {

/// One body on its way from one connection to another: takes received bytes apart by their framing, and gives the pieces to be written, framed
/// anew. Pure; no copy of the data is made.
class BodyRelay {
public:
    enum class Out : std::uint8_t {
        plain,   // as long as it was announced, or until the connection closes
        chunked, // RFC 9112 section 7.1
    };

    /// What becomes of the trailer fields of a chunked body that goes on as one. Never passed on is what frames, routes, authenticates or controls a message
    /// (RFC 9110 section 6.5.1).
    enum class Trailers : std::uint8_t {
        drop, // as RFC 9112 section 7.1.2 allows
        pass,
    };

    struct Batch {
        std::span<const std::string_view> pieces; // to be written in this order; into the input and this object, valid until the next take
        std::size_t consumed = 0;                 // of the input, once the pieces have been written
        std::size_t data = 0;                     // body bytes among the pieces
        bool done = false;                        // the body ends with this batch
        bool malformed = false;                   // the framing is broken; nothing else of the batch counts
    };

    BodyRelay() = default;
    BodyRelay(const http::Framing& in, Out out, Trailers trailers = Trailers::drop)
        : decoder_(in.chunked),
          until_close_(in.until_close),
          left_(in.content_length.value_or(0)),
          out_(out),
          trailers_(trailers == Trailers::pass && in.chunked && out == Out::chunked),
          done_(!in.has_body()) {}

    /// `end`: the sender has closed, nothing follows the input. A body cut short is malformed, so that it never looks complete.
    Batch take(std::string_view input, bool end = false);
    bool done() const { return done_; }
    /// What is still to come goes out in another form; trailer fields are dropped from then on.
    void change_out(Out out) {
        out_ = out;
        trailers_ = false;
    }
    /// Body bytes seen so far.
    std::uint64_t total() const { return total_; }

private:
    std::size_t take_plain(std::string_view input);
    std::size_t take_chunked(std::string_view input, bool& malformed);
    void frame();
    std::string_view last_chunk();

    static constexpr std::size_t most = 16; // pieces of data a batch; more stay for the next
    http::ChunkDecoder chunks_;
    bool decoder_ = false;
    bool until_close_ = false;
    std::uint64_t left_ = 0;
    std::uint64_t total_ = 0;
    Out out_ = Out::plain;
    bool trailers_ = false;
    bool done_ = true;
    std::string tail_; // what came since the last data: at the end the last chunk with its trailer
    std::string end_;  // the last chunk, as it goes out
    std::array<std::string_view, most + 3> pieces_; // [0] chunk size, data ..., CR LF, last chunk
    std::size_t count_ = 0;                         // pieces of data
    std::size_t data_ = 0;
    std::array<char, 20> size_line_{};
};

/// The line in front of a chunk's data, in `line`, which must live as long.
std::string_view chunk_size_line(std::size_t size, std::array<char, 20>& line);

} // namespace gravity::gateway
