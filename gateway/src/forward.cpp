#include "forward.hpp"

#include "compression.hpp"
#include "cors.hpp"

#include <charconv>

namespace gravity::gateway {
namespace {

constexpr std::string_view own_via = "1.1 gravity";

void number_line(std::string& out, std::string_view name, std::uint64_t value) {
    char text[20];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    field_line(out, name, {text, static_cast<std::size_t>(end - text)});
}

void copy_field(std::string_view bytes, const Field& field, std::string& out) {
    field_line(out, field.name.in(bytes), field.value.in(bytes));
}

bool taken_out(const Edits& edits, std::string_view name) {
    for (const FieldEdits* edit : edits)
        if (edit && edit->takes_out(name)) return true;
    return false;
}

/// Of two that set one field the backend's counts.
void write_edits(const Edits& edits, std::string& out) {
    for (std::size_t i = 0; i < edits.size(); ++i) {
        if (!edits[i]) continue;
        for (const auto& [name, value] : edits[i]->set)
            if (i != 0 || !edits[1] || !edits[1]->takes_out(name)) field_line(out, name, value);
        for (const auto& [name, value] : edits[i]->add)
            if (i != 0 || !edits[1] || !edits[1]->takes_out(name)) field_line(out, name, value);
    }
}

/// Where it ends.
template <std::size_t size>
char* write_digits(const std::array<std::uint8_t, size>& bytes, char* out) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    return out;
}

/// All values of one kind of field, then one more: lists that grow by every hop.
void extended_list(std::string_view bytes, const Head& head, Known known, bool take_theirs, std::string_view name, std::string_view last, std::string& out) {
    out.append(name).append(": ");
    for (std::size_t i = 0; take_theirs && i < head.field_count; ++i)
        if (head.fields[i].known == known && !head.fields[i].hop) out.append(head.fields[i].value.in(bytes)).append(", ");
    out.append(last).append("\r\n");
}

bool request_field_goes_on(std::string_view bytes, const Field& field, const RequestFacts& facts) {
    if (ends_here(field)) return false;
    switch (field.known) {
    case Known::host: // written first
    case Known::client_cert:
    case Known::via:
    case Known::x_forwarded_for:
    case Known::traceparent:
    case Known::x_request_timeout_ms: return false; // written anew
    case Known::authorization:
    case Known::x_api_key: return facts.authorization.empty();
    case Known::tracestate: return facts.continues_trace; // of no use without its traceparent
    case Known::x_forwarded:
    case Known::forwarded: return facts.trusted_peer;
    case Known::other: return field.name.in(bytes).find('_') == std::string_view::npos;
    default: return true;
    }
}

} // namespace

std::array<char, 55> traceparent_of(const trace::Context& context) {
    std::array<char, 55> text;
    text.fill('-');
    text[0] = text[1] = text[53] = '0';
    write_digits(context.span_id, write_digits(context.trace_id, text.data() + 3) + 1);
    text[54] = context.sampled ? '1' : '0';
    return text;
}

bool ends_here(const Field& field) {
    switch (field.known) {
    case Known::connection:
    case Known::keep_alive:
    case Known::proxy:
    case Known::te:
    case Known::trailer:
    case Known::transfer_encoding:
    case Known::upgrade: return true;
    default: return field.hop;
    }
}

bool has_field(std::string_view bytes, const Head& head, std::string_view name) {
    for (std::size_t i = 0; i < head.field_count; ++i)
        if (!head.fields[i].hop && http::iequals(head.fields[i].name.in(bytes), name)) return true;
    return false;
}

void write_request_head(std::string_view bytes, const RequestHead& head, const RequestFacts& facts, std::string& out) {
    out.clear();
    out.append(head.method_text.in(bytes)).append(" ").append(facts.path).append(head.query.in(bytes)).append(" HTTP/1.1\r\n");
    const std::string_view sent_host = head.host(bytes);
    const std::string_view host = sent_host.empty() ? facts.default_host : sent_host;
    field_line(out, "Host", facts.host.empty() ? host : facts.host);
    for (std::size_t i = 0; i < head.field_count; ++i)
        if (request_field_goes_on(bytes, head.fields[i], facts) && !taken_out(facts.edits, head.fields[i].name.in(bytes)))
            copy_field(bytes, head.fields[i], out);
    if (!facts.authorization.empty() && !taken_out(facts.edits, "Authorization")) field_line(out, "Authorization", facts.authorization);
    write_edits(facts.edits, out);

    if (facts.websocket) out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    else if (facts.trailers) out.append("Connection: TE\r\nTE: trailers\r\n");
    if (head.framing.chunked && head.passes_on(Known::trailer)) field_line(out, "Trailer", head.value(Known::trailer, bytes));
    if (head.framing.chunked) out.append("Transfer-Encoding: chunked\r\n");
    extended_list(bytes, head, Known::via, true, "Via", facts.http2 ? "2.0 gravity" : own_via, out);
    extended_list(bytes, head, Known::x_forwarded_for, facts.trusted_peer, "X-Forwarded-For", facts.peer_address, out);
    if (!facts.trusted_peer || !has_field(bytes, head, "X-Forwarded-Proto")) field_line(out, "X-Forwarded-Proto", facts.secure ? "https" : "http");
    if (!facts.trusted_peer || !has_field(bytes, head, "X-Forwarded-Host")) field_line(out, "X-Forwarded-Host", host);
    if (!facts.client_cert.empty()) field_line(out, "Client-Cert", facts.client_cert);
    field_line(out, "traceparent", facts.traceparent);
    number_line(out, "X-Request-Timeout-Ms", facts.timeout_ms);
    out.append("\r\n");
}

void write_response_head(std::string_view bytes, const ResponseHead& head, const ResponseFacts& facts, std::string& out) {
    out.clear();
    out.append("HTTP/1.1 ").append(head.status_text.in(bytes)).append("\r\n");
    for (std::size_t i = 0; i < head.field_count; ++i) {
        const Field& field = head.fields[i];
        if (ends_here(field) || field.known == Known::via) continue;
        // RFC 9110 section 8.6: no Content-Length in 1xx and 204; nor where the framing is another one now.
        if (field.known == Known::content_length && (head.status < 200 || head.status == 204 || facts.chunked)) continue;
        if (taken_out(facts.edits, field.name.in(bytes)) || (facts.own_cors && is_cors_field(field.name.in(bytes)))) continue;
        if (facts.coding.empty()) copy_field(bytes, field, out);
        else out.append(coded_field(field.name.in(bytes), field.value.in(bytes)));
    }
    extended_list(bytes, head, Known::via, true, "Via", own_via, out);
    if (!facts.coding.empty()) field_line(out, "Content-Encoding", facts.coding);
    if (facts.varies) field_line(out, "Vary", "Accept-Encoding");
    if (head.status >= 200) {
        write_edits(facts.edits, out);
        if (!head.passes_on(Known::date)) field_line(out, "Date", facts.date);
        if (facts.chunked) out.append("Transfer-Encoding: chunked\r\n");
        if (facts.trailers && head.passes_on(Known::trailer)) field_line(out, "Trailer", head.value(Known::trailer, bytes));
        if (!facts.keep_alive) out.append("Connection: close\r\n");
        else if (facts.client_minor == 0) out.append("Connection: keep-alive\r\n");
        out.append(facts.extra);
    }
    if (facts.upgrade) out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    out.append("\r\n");
}

std::optional<std::uint32_t> parse_timeout_ms(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > 86'400'000) return std::nullopt;
    return value;
}

} // namespace gravity::gateway
