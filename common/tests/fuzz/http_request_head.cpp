// Heads of requests and responses: whatever the bytes, whole or in pieces, the verdict is the same and nothing is read out of bounds.
#include <gravity/http/url.hpp>
#include <gravity/http/wire.hpp>

#include <cstdlib>

using namespace gravity::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const HeadLimits limits{4096, 1024, 20};
    HeadScanner whole, pieces;
    const auto verdict = whole.scan(bytes, limits);
    auto stepped = HeadScanner::Result::incomplete;
    for (std::size_t i = 0; i <= size && stepped == HeadScanner::Result::incomplete; ++i) stepped = pieces.scan(bytes.substr(0, i), limits);
    if (verdict == HeadScanner::Result::complete && stepped != verdict) std::abort();
    if (verdict != HeadScanner::Result::complete) return 0;
    if (pieces.length() != whole.length()) std::abort();
    const std::string_view head = bytes.substr(0, whole.length());
    Framing framing;
    Request request;
    if (!parse_request_head(head, limits, request, framing)) {
        if (framing.chunked && framing.content_length) std::abort();
        for (const auto& [name, value] : request.headers.entries())
            if (!is_token(name) || !is_field_value(value)) std::abort();
    }
    Response response;
    if (head.substr(0, 2) != "\r\n") parse_response_head(head, limits, Method::get, response, framing);
    if (const auto url = parse_url(bytes))
        if (const auto again = parse_url(url->to_string()); !again || again->to_string() != url->to_string()) std::abort();
    return 0;
}
