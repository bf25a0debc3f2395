#pragma once

#include <gravity/http/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// multipart/form-data (RFC 7578) over multipart bodies (RFC 2046 section 5.1), as a state machine: bytes in as they come, parts out.
namespace gravity::http {

struct MultipartLimits {
    std::size_t parts = 100;
    std::size_t header_bytes = 8 * 1024;         // of one part
    std::uint64_t part_bytes = 10 * 1024 * 1024; // of one part's body
    std::uint64_t total_bytes = 50 * 1024 * 1024;
};

struct MultipartPart {
    std::string name;                    // the field's
    std::optional<std::string> filename; // last path component only; a label for people, never a path to write to
    std::string content_type = "text/plain";
    Headers headers;
};

/// The boundary of a Content-Type "multipart/form-data; boundary=..."; nothing if it is another type or the boundary is malformed.
std::optional<std::string> multipart_boundary(std::string_view content_type);

class MultipartParser {
public:
    struct Sink {
        std::function<void(MultipartPart)> part; // a part begins
        std::function<void(std::string_view)> data;
        std::function<void()> end; // the part is whole
    };
    explicit MultipartParser(std::string_view boundary, MultipartLimits limits = {});

    /// Takes all of the bytes. A refusal (400 malformed, 413 over a limit) is final. What a sink throws passes through, and is final too.
    WireRefusal feed(std::string_view bytes, const Sink& sink);
    /// The closing delimiter has been seen: without it the body was cut short.
    bool complete() const { return state_ == State::epilogue; }

private:
    enum class State : std::uint8_t {
        preamble,
        delimiter,
        headers,
        body,
        epilogue,
        failed
    };
    bool step(const Sink& sink); // false: more bytes are needed
    bool step_to_delimiter(const Sink& sink);
    bool step_delimiter();
    bool step_headers(const Sink& sink);
    bool parse_headers(std::string_view head, MultipartPart& part);
    void emit(std::string_view data, const Sink& sink);
    void fail(int status, std::string_view slug, std::string_view detail);

    std::string delimiter_; // CRLF "--" boundary
    MultipartLimits limits_;
    State state_ = State::preamble;
    WireRefusal refusal_;
    std::string pending_;
    std::size_t at_ = 0; // of pending_: done up to here
    std::size_t parts_ = 0;
    std::uint64_t part_bytes_ = 0;
    std::uint64_t total_ = 0;
};

} // namespace gravity::http
