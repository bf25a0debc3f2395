#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// W3C Trace Context (Recommendation, level 1): where a piece of work stands in a trace. Any thread.
namespace gravity::trace {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

struct Context {
    TraceId trace_id{};
    SpanId span_id{};
    bool sampled = false;
    std::string state; // `tracestate`, passed on as it came; may be empty

    /// Neither id is all zero, which the Recommendation calls invalid.
    bool valid() const { return trace_id != TraceId{} && span_id != SpanId{}; }
    std::string trace_id_text() const; // 32 hexadecimal digits
    std::string span_id_text() const;  // 16

    friend bool operator==(const Context&, const Context&) = default;
};

/// Section 3.2: version 00 exactly as written there; a higher version by its first four fields (section 4.3, "higher
/// version"); ff, upper case, zero ids and everything else give nothing, and a new trace begins.
std::optional<Context> parse_traceparent(std::string_view header);
/// "00-<trace>-<span>-<flags>".
std::string format_traceparent(const Context& context);

/// Section 3.3: the combined `tracestate` fields of a request if they are well-formed (at most 32 members, no key
/// twice) and not above 512 bytes, else empty: a bad one is dropped, the traceparent stays in force.
std::string clean_tracestate(std::string_view combined);

/// The context that a request's two headers give; nothing if traceparent is missing or invalid (then tracestate does
/// not count either).
std::optional<Context> from_headers(std::optional<std::string_view> traceparent, std::string_view tracestate);

/// Random ids. `ratio` of the traces are sampled, decided by the trace id, so that all who decide by it agree.
Context new_trace(double ratio);
/// The same trace, a new span id.
Context child_of(const Context& parent);

} // namespace gravity::trace
