// Messages on their way through: what this gateway takes, common's parser behind it takes as well and reads as the same message, with one framing and one
// of each field that the gateway writes itself; bodies arrive as they were sent, however their bytes come.
#include "body_relay.hpp"
#include "forward.hpp"
#include "head.hpp"
#include "path.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

using namespace gravity;
using namespace gravity::gateway;

namespace {

constexpr http::HeadLimits server_limits{.bytes = std::size_t{64} * 1024, .target = head_limits.target, .fields = max_fields + 10};

void require(bool holds) {
    if (!holds) std::abort();
}

bool same_framing(const http::Framing& a, const http::Framing& b) {
    return a.minor_version == b.minor_version && a.keep_alive == b.keep_alive && a.chunked == b.chunked && a.until_close == b.until_close &&
           a.content_length == b.content_length;
}

bool same_body(const http::Framing& a, const http::Framing& b) { return a.chunked == b.chunked && a.content_length == b.content_length; }

std::string_view whole_head(std::string_view text) {
    http::HeadScanner scanner;
    require(scanner.scan(text, server_limits) == http::HeadScanner::Result::complete && scanner.length() == text.size());
    return text;
}

/// What a hop may not pass on, and what it must not pass on twice.
void check_fields(const http::Headers& headers, bool upgrade) {
    for (const std::string_view once : {"Via", "Content-Length", "Transfer-Encoding"}) require(headers.count(once) <= 1);
    for (const std::string_view never : {"Keep-Alive", "Proxy-Authorization", "Proxy-Connection"}) require(!headers.has(never));
    require(headers.count("TE") <= 1 && headers.get("TE").value_or("trailers") == "trailers");
    require(headers.has("Upgrade") == upgrade);
    require(headers.get("Via")->ends_with("1.1 gravity"));
}

void forwarded_request(std::string_view bytes, const RequestHead& head, const http::Request& read, std::uint8_t choice) {
    std::string path, out;
    if (!normalise_path(head.path.in(bytes), path).empty()) return; // answered here
    RequestFacts facts;
    facts.path = path;
    facts.peer_address = "192.0.2.7";
    facts.default_host = "shop";
    const std::string_view host = head.host(bytes).empty() ? facts.default_host : head.host(bytes);
    facts.trusted_peer = choice & 1;
    facts.secure = choice & 2;
    facts.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    facts.continues_trace = choice & 4;
    facts.timeout_ms = 1500;
    facts.websocket = head.websocket_handshake(bytes) && (choice & 8);
    facts.trailers = choice & 16;
    write_request_head(bytes, head, facts, out);
    http::Request sent;
    http::Framing framing;
    require(!http::parse_request_head(whole_head(out), server_limits, sent, framing));
    require(sent.method_text == read.method_text && sent.path == path && sent.query == read.query);
    require(sent.headers.get("Host") == host);
    require(framing.minor_version == 1 && framing.keep_alive && same_body(framing, head.framing));
    check_fields(sent.headers, facts.websocket);
    require(sent.headers.has("Connection") == (facts.websocket || facts.trailers));
    for (const std::string_view once : {"Host", "X-Forwarded-For", "traceparent", "X-Request-Timeout-Ms"}) require(sent.headers.count(once) == 1);
    require(sent.headers.get("traceparent") == facts.traceparent && sent.headers.get("X-Request-Timeout-Ms") == "1500");
    const std::string_view peers = *sent.headers.get("X-Forwarded-For");
    require(facts.trusted_peer ? peers.ends_with(facts.peer_address) : peers == facts.peer_address);
    require(sent.headers.has("tracestate") <= facts.continues_trace);
    if (!facts.trusted_peer) {
        require(!sent.headers.has("Forwarded") && !sent.headers.has("X-Real-IP") && !sent.headers.has("X-Forwarded-Port"));
        require(sent.headers.joined("X-Forwarded-Host") == host && sent.headers.joined("X-Forwarded-Proto") == (facts.secure ? "https" : "http"));
    }
    for (const auto& entry : sent.headers.entries()) require(entry.name.find('_') == std::string::npos);
}

void forwarded_response(std::string_view bytes, const ResponseHead& head, http::Method method, std::uint8_t choice) {
    if (head.status < 200) return; // its framing is nobody's concern
    ResponseFacts facts;
    facts.client_minor = choice & 1;
    facts.keep_alive = choice & 2;
    const bool unsized = head.framing.chunked || head.framing.until_close;
    facts.chunked = unsized && facts.client_minor >= 1;
    if (unsized && !facts.chunked) facts.keep_alive = false;
    facts.date = "Thu, 26 Nov 2026 15:01:38 GMT";
    std::string out;
    write_response_head(bytes, head, facts, out);
    http::Response sent;
    http::Framing framing;
    require(!http::parse_response_head(whole_head(out), server_limits, method, sent, framing));
    require(sent.status == head.status && framing.minor_version == 1);
    require(framing.chunked == facts.chunked && framing.content_length == head.framing.content_length);
    require(framing.until_close == (unsized && !facts.chunked) && framing.keep_alive == facts.keep_alive);
    check_fields(sent.headers, false);
    require(sent.headers.has("Date"));
}

struct Relayed {
    bool whole = false; // not broken
    std::string data;
    std::uint64_t total = 0;
    bool operator==(const Relayed& other) const {
        return whole == other.whole && (!whole || (data == other.data && total == other.total)); // what went out before the fault depends on the pieces
    }
};

std::string unchunked(std::string_view bytes) {
    http::ChunkDecoder decoder;
    std::string out;
    auto state = http::ChunkDecoder::State::more;
    while (state == http::ChunkDecoder::State::more && !bytes.empty()) {
        const auto taken = decoder.decode(bytes);
        out += taken.data;
        bytes.remove_prefix(taken.consumed);
        state = taken.state;
    }
    require(state == http::ChunkDecoder::State::done && bytes.empty());
    return out;
}

/// The body as it goes out; nothing of it counts if it is cut short.
Relayed relayed(const http::Framing& framing, BodyRelay::Out form, std::string_view body, std::size_t step,
                BodyRelay::Trailers trailers = BodyRelay::Trailers::drop) {
    BodyRelay relay(framing, form, trailers);
    std::string out;
    while (!relay.done()) {
        const std::string_view piece = body.substr(0, step);
        const auto batch = relay.take(piece, piece.size() == body.size());
        if (batch.malformed) return {};
        require(batch.consumed <= piece.size() && (batch.consumed != 0 || batch.done));
        for (const std::string_view part : batch.pieces) out += part;
        body.remove_prefix(batch.consumed);
    }
    if (form == BodyRelay::Out::chunked && framing.has_body()) out = unchunked(out);
    require(out.size() == relay.total());
    return {true, std::move(out), relay.total()};
}

void bodies(const http::Framing& framing, std::string_view body) {
    const Relayed plain = relayed(framing, BodyRelay::Out::plain, body, body.size() + 1);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, body.size() + 1})
        for (const auto form : {BodyRelay::Out::plain, BodyRelay::Out::chunked})
            for (const auto trailers : {BodyRelay::Trailers::drop, BodyRelay::Trailers::pass}) require(relayed(framing, form, body, step, trailers) == plain);
    if (plain.whole && framing.content_length) require(plain.total == *framing.content_length);
}

void request(std::string_view head, std::string_view body, std::uint8_t choice) {
    RequestHead ours;
    if (parse_request_head(head, ours)) return;
    http::Request read;
    http::Framing framing;
    require(!http::parse_request_head(head, head_limits, read, framing));
    require(same_framing(ours.framing, framing) && ours.framing.expect_continue == framing.expect_continue);
    const bool made_host = !ours.authority.empty() && !ours.has(Known::host);
    require(read.headers.entries().size() == ours.field_count + (made_host ? 1 : 0));
    require(ours.method_text.in(head) == read.method_text && (ours.path.empty() ? "/" : ours.path.in(head)) == read.path);
    require(read.headers.get("Host").value_or("") == ours.host(head));
    if (ours.path.in(head) != "*") forwarded_request(head, ours, read, choice);
    bodies(ours.framing, body);
}

void response(std::string_view head, std::string_view body, http::Method method, std::uint8_t choice) {
    ResponseHead ours;
    if (parse_response_head(head, method, ours)) return;
    http::Response read;
    http::Framing framing;
    require(!http::parse_response_head(head, head_limits, method, read, framing));
    require(ours.status == read.status && same_framing(ours.framing, framing));
    forwarded_response(head, ours, method, choice);
    bodies(ours.framing, body);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1); // the first byte chooses what else is true of the request
    http::HeadScanner scanner;
    if (scanner.scan(bytes, head_limits) != http::HeadScanner::Result::complete) return 0;
    const std::string_view head = bytes.substr(0, scanner.length()), body = bytes.substr(scanner.length());
    request(head, body, data[0]);
    for (const http::Method method : {http::Method::get, http::Method::head}) response(head, body, method, data[0]);
    return 0;
}
