#pragma once

#include <gravity/http/message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// HTTP/1.1 on the wire (RFC 9112): pure parsers without I/O, clock or shared state, used by server and client alike.
/// They are stricter than the RFC asks where leniency has been the root of request smuggling (section 11.2): a bare LF or CR,
/// obs-fold, a space before a colon, repeated or contradicting framing fields are refused, never repaired.
namespace gravity::http {

struct HeadLimits {
    std::size_t bytes = 16 * 1024; // start line and fields, with the empty line
    std::size_t target = 8 * 1024; // request target
    std::size_t fields = 100;
};

/// Why a message is refused. `status` 0: it is not.
struct WireRefusal {
    int status = 0;
    std::string_view slug;   // last part of the problem type
    std::string_view detail; // one sentence for people
    explicit operator bool() const { return status != 0; }
};

/// Finds where a head ends, looking at each byte once however the bytes arrive.
class HeadScanner {
public:
    enum class Result : std::uint8_t {
        incomplete,
        complete,
        refused
    };

    /// `bytes`: everything received from the head's first byte on; grows from call to call.
    Result scan(std::string_view bytes, const HeadLimits& limits);
    /// Length of the head, with the empty line; valid once complete.
    std::size_t length() const { return scanned_; }
    const WireRefusal& refusal() const { return refusal_; }
    void reset() { *this = {}; }

private:
    std::size_t scanned_ = 0; // start of the line that is not complete yet
    std::size_t looked_ = 0;  // no LF in [scanned_, looked_)
    bool has_start_line_ = false;
    WireRefusal refusal_;
};

/// How the body of a message is delimited (RFC 9112 section 6.3) and what becomes of the connection.
struct Framing {
    unsigned minor_version = 1;
    bool keep_alive = true;
    bool chunked = false;
    bool expect_continue = false;
    bool until_close = false; // responses only
    std::optional<std::uint64_t> content_length;

    bool has_body() const { return chunked || until_close || content_length.value_or(0) != 0; }
};

/// Parses a complete head (as HeadScanner found it). Fills method, path, query and headers of `out`; leaves the rest alone.
WireRefusal parse_request_head(std::string_view head, const HeadLimits& limits, Request& out, Framing& framing);

/// The same for a response to a request of method `method`. 1xx responses are parsed like any other and have no body.
WireRefusal parse_response_head(std::string_view head, const HeadLimits& limits, Method method, Response& out,
                                Framing& framing);

/// Chunked transfer coding (RFC 9112 section 7.1), one step at a time. Extensions are skipped and may have 16 bytes a chunk,
/// trailer fields are skipped and may have 4 KiB.
class ChunkDecoder {
public:
    enum class State : std::uint8_t {
        more,
        done,
        malformed
    };
    struct Step {
        State state = State::more;
        std::size_t consumed = 0;  // bytes of the input that are finished with
        std::string_view data;     // a view into the input: body bytes, perhaps none
    };
    /// Takes what it can: at most one piece of data a step. Call again while `state` is `more` and input is left.
    Step decode(std::string_view input);
    void reset() { *this = {}; }

private:
    enum class Where : std::uint8_t {
        size_first,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        done,
        malformed
    };
    void take(char c);
    Where where_ = Where::size_first;
    std::uint64_t left_ = 0;
    std::uint16_t digits_ = 0;
    std::uint16_t extension_ = 0;
    std::uint16_t trailer_ = 0;
};

/// A field-name or method: RFC 9110 section 5.6.2.
bool is_token(std::string_view text);
/// A field-value without control characters (RFC 9110 section 5.5): what may be sent without splitting a message.
bool is_field_value(std::string_view text);
/// Calls `visit(member)` for each trimmed, non-empty member of a comma list (RFC 9110 section 5.6.1); quotes are not understood.
template <class Visit>
void each_list_member(std::string_view list, Visit visit) {
    while (!list.empty()) {
        std::size_t end = list.find(',');
        if (end == std::string_view::npos) end = list.size();
        std::string_view member = list.substr(0, end);
        list.remove_prefix(end == list.size() ? end : end + 1);
        while (!member.empty() && (member.front() == ' ' || member.front() == '\t')) member.remove_prefix(1);
        while (!member.empty() && (member.back() == ' ' || member.back() == '\t')) member.remove_suffix(1);
        if (!member.empty()) visit(member);
    }
}

} // namespace gravity::http
