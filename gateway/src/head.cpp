#include "head.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/http/authority.hpp>

#include <cstring>
#include <optional>

namespace gravity::gateway {
namespace {

using http::WireRefusal;

WireRefusal malformed(std::string_view detail) { return {400, "malformed-request", detail}; }

Slice slice_of(std::string_view part, std::string_view head) {
    return {static_cast<std::uint16_t>(part.data() - head.data()), static_cast<std::uint16_t>(part.size())};
}

std::string_view trim(std::string_view text) { // OWS only: ascii::trim takes more than RFC 9110 section 5.6.3 allows
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end - 1);
    rest.remove_prefix(end + 1);
    return line;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
    if (text.empty() || text.size() > 18) return std::nullopt; // 18 digits cannot overflow, and are an exabyte
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!ascii::is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

/// The minor version of HTTP/1.x; -1: not a version, -2: another major one.
int parse_version(std::string_view text) {
    if (text.size() != 8 || !text.starts_with("HTTP/") || text[6] != '.' || !ascii::is_digit(text[5]) || !ascii::is_digit(text[7])) return -1;
    return text[5] == '1' ? text[7] - '0' : -2;
}

struct Counts {
    unsigned hosts = 0, lengths = 0, codings = 0, authorizations = 0;
    bool close = false, keep_alive = false, unknown_expectation = false;
};

/// Fields whose loss at the next hop would change what the message is or whom it reaches.
bool may_be_named_by_connection(std::string_view option) {
    switch (known_field(option)) {
    case Known::content_length:
    case Known::transfer_encoding:
    case Known::host: return false;
    default: return true;
    }
}

/// Marks what Connection names. Such lists have one or two members, so the fields are simply walked for each.
WireRefusal apply_connection(std::string_view bytes, Head& out, Counts& counts) {
    WireRefusal refusal;
    for (std::size_t i = 0; i < out.field_count; ++i) {
        if (out.fields[i].known != Known::connection) continue;
        http::each_list_member(out.fields[i].value.in(bytes), [&](std::string_view option) {
            if (http::iequals(option, "close")) counts.close = true;
            else if (http::iequals(option, "keep-alive")) counts.keep_alive = true;
            else if (http::iequals(option, "upgrade")) out.connection_upgrade = true;
            else if (!may_be_named_by_connection(option)) refusal = malformed("Connection names a field that it must not.");
            else
                for (std::size_t j = 0; j < out.field_count; ++j)
                    if (http::iequals(out.fields[j].name.in(bytes), option)) out.fields[j].hop = true;
        });
    }
    return refusal;
}

void note(Field& field, std::string_view value, Head& out, Counts& counts) {
    switch (field.known) {
    case Known::host: ++counts.hosts; break;
    case Known::content_length: ++counts.lengths; break;
    case Known::transfer_encoding: ++counts.codings; break;
    case Known::upgrade:
        http::each_list_member(value, [&](std::string_view protocol) { out.websocket |= http::iequals(protocol, "websocket"); });
        break;
    case Known::authorization: ++counts.authorizations; break;
    case Known::expect: counts.unknown_expectation |= !http::iequals(value, "100-continue"); break;
    default: break;
    }
}

WireRefusal parse_fields(std::string_view bytes, std::string_view rest, Head& out, Counts& counts) {
    out.field_count = 0;
    out.first.fill(-1);
    out.connection_upgrade = out.websocket = false;
    for (;;) {
        const std::string_view line = take_line(rest);
        if (line.empty()) return apply_connection(bytes, out, counts);
        if (out.field_count == max_fields) return {431, "too-many-header-fields", "There are too many header fields."};
        if (line.front() == ' ' || line.front() == '\t') return malformed("A header field is folded over several lines.");
        const auto* colon = static_cast<const char*>(std::memchr(line.data(), ':', line.size()));
        if (!colon) return malformed("A header field has no colon.");
        const std::string_view name = line.substr(0, static_cast<std::size_t>(colon - line.data()));
        const std::string_view value = trim(line.substr(name.size() + 1));
        if (!http::is_token(name)) return malformed("A header field's name is not a token.");
        if (!http::is_field_value(value)) return malformed("A header field's value has a control character.");
        Field& field = out.fields[out.field_count];
        field = {slice_of(name, bytes), slice_of(value, bytes), known_field(name), false};
        std::int8_t& first = out.first[static_cast<std::size_t>(field.known)];
        if (first < 0) first = static_cast<std::int8_t>(out.field_count);
        ++out.field_count;
        note(field, value, out, counts);
    }
}

/// RFC 9112 section 6.3, the part that requests and responses share.
WireRefusal parse_framing(std::string_view bytes, const Counts& counts, Head& out) {
    http::Framing& framing = out.framing;
    if (counts.codings != 0) {
        if (counts.lengths != 0) return malformed("Both Content-Length and Transfer-Encoding are given.");
        if (counts.codings > 1 || !http::iequals(out.value(Known::transfer_encoding, bytes), "chunked")) {
            return malformed("Transfer-Encoding is not exactly \"chunked\".");
        }
        if (framing.minor_version == 0) return malformed("HTTP/1.0 has no Transfer-Encoding.");
        framing.chunked = true;
    } else if (counts.lengths != 0) {
        if (counts.lengths > 1) return malformed("Content-Length is given several times.");
        framing.content_length = parse_length(out.value(Known::content_length, bytes));
        if (!framing.content_length) return malformed("Content-Length is not a number.");
    }
    return {};
}

WireRefusal parse_target(std::string_view bytes, std::string_view target, RequestHead& out) {
    out.query = out.authority = {};
    if (target == "*" && out.method == http::Method::options) {
        out.path = slice_of(target, bytes);
        return {};
    }
    for (const char c : target) // RFC 3986 has neither controls nor bytes above ASCII; a fragment is never sent
        if (c <= ' ' || c >= 0x7f || c == '#') return malformed("The request target has a character that must be escaped.");
    if (target.front() != '/') {
        const std::size_t scheme = target.find("://");
        if (scheme == std::string_view::npos || !(http::iequals(target.substr(0, scheme), "http") || http::iequals(target.substr(0, scheme), "https"))) {
            return malformed("The request target is neither a path nor an http URL.");
        }
        target.remove_prefix(scheme + 3);
        const std::string_view authority = target.substr(0, target.find_first_of("/?"));
        if (!http::is_authority(authority)) return malformed("The request target's host is malformed.");
        out.authority = slice_of(authority, bytes);
        target.remove_prefix(authority.size());
    }
    const std::size_t question = std::min(target.find('?'), target.size());
    out.path = slice_of(target.substr(0, question), bytes);
    out.query = slice_of(target.substr(question), bytes);
    return {};
}

} // namespace

bool RequestHead::websocket_handshake(std::string_view head) const {
    return method == http::Method::get && framing.minor_version >= 1 && !framing.has_body() && connection_upgrade && websocket &&
           value(Known::sec_websocket_version, head) == "13" && value(Known::sec_websocket_key, head).size() == 24;
}

WireRefusal parse_request_head(std::string_view head, RequestHead& out) {
    std::string_view rest = head;
    if (rest.starts_with("\r\n")) rest.remove_prefix(2); // one empty line is forgiven (RFC 9112 section 2.2); the scanner allows no second
    const std::string_view line = take_line(rest);
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || last <= first + 1) return malformed("The request line is malformed.");
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const int version = parse_version(line.substr(last + 1));
    if (!http::is_token(method) || version == -1) return malformed("The request line is malformed.");
    if (version == -2) return {505, "http-version-not-supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
    if (target.size() > head_limits.target) return {414, "uri-too-long", "The request target is too long."};
    out.framing = {};
    out.framing.minor_version = static_cast<unsigned>(version);
    out.method = http::method_from(method);
    out.method_text = slice_of(method, head);
    if (method == "CONNECT" || method == "TRACE") return {405, "method-not-allowed", "This method is not spoken here."};
    if (const auto refusal = parse_target(head, target, out)) return refusal;

    Counts counts;
    if (const auto refusal = parse_fields(head, rest, out, counts)) return refusal;
    if (counts.hosts > 1) return malformed("Host is given several times.");
    if (counts.authorizations > 1) return malformed("Authorization is given several times.");
    if (counts.hosts == 0 && version >= 1) return malformed("There is no Host.");
    if (counts.hosts != 0 && !http::is_authority(out.value(Known::host, head))) return malformed("Host is malformed.");
    if (const auto refusal = parse_framing(head, counts, out)) return refusal;
    out.framing.keep_alive = !counts.close && (version >= 1 || counts.keep_alive);
    if (counts.unknown_expectation) return {417, "expectation-failed", "The only expectation known is 100-continue."};
    out.framing.expect_continue = out.has(Known::expect) && version >= 1 && out.framing.has_body();
    return {};
}

WireRefusal parse_response_head(std::string_view head, http::Method method, ResponseHead& out) {
    std::string_view rest = head;
    const std::string_view line = take_line(rest);
    const int version = parse_version(line.substr(0, 8));
    if (version < 0 || line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ') || !http::is_field_value(line)) {
        return malformed("The status line is malformed.");
    }
    out.status = 0;
    for (const char c : line.substr(9, 3)) {
        if (!ascii::is_digit(c)) return malformed("The status is not a number.");
        out.status = out.status * 10 + (c - '0');
    }
    if (out.status < 100) return malformed("The status is out of range.");
    out.status_text = slice_of(line.substr(9), head);
    out.framing = {};
    out.framing.minor_version = static_cast<unsigned>(version);

    Counts counts;
    if (const auto refusal = parse_fields(head, rest, out, counts)) return refusal;
    const bool bodiless = method == http::Method::head || out.status < 200 || out.status == 204 || out.status == 304;
    if (const auto refusal = parse_framing(head, counts, out)) return refusal;
    const bool sized = out.framing.chunked || out.framing.content_length.value_or(0) != 0;
    if (out.status < 200 && sized) return malformed("An interim response has a body.");
    // Nor has a 204 (RFC 9110 section 8.6): who announces one may send it as well, in front of the next response.
    out.framing.keep_alive = !counts.close && (version >= 1 || counts.keep_alive) && !(out.status == 204 && sized);
    if (bodiless) { // whatever the fields say (RFC 9112 section 6.3, rules 1 and 2)
        out.framing.chunked = false;
        out.framing.content_length.reset();
    } else if (!out.framing.chunked && !out.framing.content_length) {
        out.framing.until_close = true;
        out.framing.keep_alive = false;
    }
    return {};
}

} // namespace gravity::gateway
