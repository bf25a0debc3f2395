#include "white_space.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/http/authority.hpp>
#include <gravity/http/wire.hpp>

#include <array>
#include <cstring>

namespace gravity::http {
namespace {

constexpr std::uint8_t token_char = 1, value_char = 2, target_char = 4, host_char = 8;

// One table look-up a byte, whatever the question.
constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> classes{};
    for (unsigned c = 0; c < 256; ++c) {
        const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const auto among = [c](std::string_view set) { return c < 128 && set.find(static_cast<char>(c)) != set.npos; };
        if (alphanumeric || among("!#$%&'*+-.^_`|~")) classes[c] |= token_char;
        if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes[c] |= value_char;
        if (c > 0x20 && c < 0x7f && c != '#') classes[c] |= target_char; // a fragment is never sent (RFC 9110 section 7.1)
        if (alphanumeric || among("-._~!$&'()*+;=%")) classes[c] |= host_char;
    }
    return classes;
}
constexpr std::array<std::uint8_t, 256> classes = make_classes();

bool all_of(std::string_view text, std::uint8_t kind) {
    for (const char c : text)
        if (!(classes[static_cast<unsigned char>(c)] & kind)) return false;
    return true;
}

WireRefusal malformed(std::string_view detail) { return {400, "malformed-request", detail}; }

std::string_view take_line(std::string_view& rest) { // the scanner has made sure that every line ends with CRLF
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end - 1);
    rest.remove_prefix(end + 1);
    return line;
}

/// Where the host ends: at its port's colon, or at the end. 0: it is none.
std::size_t host_end(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos) return 0;
        bool colon = false;
        for (const char c : text.substr(1, end - 1)) {
            if (!ascii::is_hex(c) && c != '.' && c != ':') return 0;
            colon |= c == ':';
        }
        return colon ? end + 1 : 0;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ':') return i;
        if (!(classes[static_cast<unsigned char>(text[i])] & host_char)) return 0;
        if (text[i] == '%' && (i + 2 >= text.size() || !ascii::is_hex(text[i + 1]) || !ascii::is_hex(text[i + 2]))) return 0;
    }
    return text.size();
}

bool is_port(std::string_view text) { // may be empty (RFC 3986 section 3.2.3)
    unsigned port = 0;
    for (const char c : text) {
        if (!ascii::is_digit(c)) return false;
        port = port * 10 + static_cast<unsigned>(c - '0');
        if (port > 65535) return false;
    }
    return true;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
    if (text.empty() || text.size() > 18) return std::nullopt; // 18 digits: no overflow, and no exabytes either
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

/// The version, after "HTTP/". -1: not a version; -2: a version that is not 1.x.
int parse_version(std::string_view text) {
    if (text.size() != 8 || text.substr(0, 5) != "HTTP/" || text[6] != '.') return -1;
    const char major = text[5], minor = text[7];
    if (major < '0' || major > '9' || minor < '0' || minor > '9') return -1;
    return major == '1' ? minor - '0' : -2;
}

struct FieldFacts {
    unsigned hosts = 0;
    unsigned content_lengths = 0;
    unsigned transfer_encodings = 0;
    std::string_view host, content_length, transfer_encoding;
    bool expects_continue = false, expects_other = false, close = false, keep_alive = false;

    void note(std::string_view name, std::string_view value) {
        switch (name.size()) { // most names are none of these: decide by length first
        case 4:
            if (iequals(name, "host")) ++hosts, host = value;
            break;
        case 6:
            if (iequals(name, "expect")) (iequals(value, "100-continue") ? expects_continue : expects_other) = true;
            break;
        case 10:
            if (iequals(name, "connection"))
                each_list_member(value, [this](std::string_view option) {
                    if (iequals(option, "close")) close = true;
                    if (iequals(option, "keep-alive")) keep_alive = true;
                });
            break;
        case 14:
            if (iequals(name, "content-length")) ++content_lengths, content_length = value;
            break;
        case 17:
            if (iequals(name, "transfer-encoding")) ++transfer_encodings, transfer_encoding = value;
            break;
        default: break;
        }
    }
};

WireRefusal parse_fields(std::string_view rest, const HeadLimits& limits, Headers& headers, FieldFacts& facts) {
    std::size_t count = 0;
    for (;;) {
        const std::string_view line = take_line(rest);
        if (line.empty()) return {};
        if (++count > limits.fields) return {431, "too-many-header-fields", "The request has too many header fields."};
        if (line.front() == ' ' || line.front() == '\t') return malformed("A header field is folded over several lines.");
        std::size_t colon = 0;
        while (colon < line.size() && (classes[static_cast<unsigned char>(line[colon])] & token_char)) ++colon;
        if (colon == 0 || colon == line.size() || line[colon] != ':')
            return malformed("A header field's name is not a token followed by a colon.");
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = trim_ows(line.substr(colon + 1));
        if (!all_of(value, value_char)) return malformed("A header field's value has a control character.");
        facts.note(name, value);
        headers.add(name, value);
    }
}

/// RFC 9112 section 6.3, for requests and responses; section 11.2 says why nothing is repaired.
WireRefusal parse_framing(const FieldFacts& facts, Framing& framing) {
    if (facts.transfer_encodings != 0) {
        if (facts.content_lengths != 0) return malformed("Both Content-Length and Transfer-Encoding are given.");
        if (facts.transfer_encodings > 1 || !iequals(facts.transfer_encoding, "chunked"))
            return malformed("Transfer-Encoding is not exactly \"chunked\".");
        if (framing.minor_version == 0) return malformed("HTTP/1.0 has no Transfer-Encoding.");
        framing.chunked = true;
    } else if (facts.content_lengths != 0) {
        if (facts.content_lengths > 1) return malformed("Content-Length is given several times.");
        framing.content_length = parse_length(facts.content_length);
        if (!framing.content_length) return malformed("Content-Length is not a number.");
    }
    framing.keep_alive = !facts.close && (framing.minor_version >= 1 || facts.keep_alive);
    return {};
}

/// Splits a request target (RFC 9112 section 3.2) into path and query; `authority` is set for the absolute form.
WireRefusal parse_target(std::string_view target, Request& out, std::string_view& authority) {
    if (target == "*" && out.method == Method::options) {
        out.path = "*";
        out.query.clear();
        return {};
    }
    if (target.front() != '/') {
        const std::size_t scheme = target.find("://");
        if (scheme == target.npos || !(iequals(target.substr(0, scheme), "http") || iequals(target.substr(0, scheme), "https")))
            return malformed("The request target is neither a path nor an http URL.");
        target.remove_prefix(scheme + 3);
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        authority = target.substr(0, end);
        if (!is_authority(authority)) return malformed("The request target's host is malformed.");
        target.remove_prefix(end);
    }
    const std::size_t question = std::min(target.find('?'), target.size());
    out.path.assign(target.substr(0, question));
    if (out.path.empty()) out.path = "/";
    out.query.assign(target.substr(std::min(question + 1, target.size())));
    return {};
}

} // namespace

bool is_authority(std::string_view text) {
    const std::size_t end = host_end(text);
    return end != 0 && (end == text.size() || (text[end] == ':' && is_port(text.substr(end + 1))));
}

bool is_token(std::string_view text) { return !text.empty() && all_of(text, token_char); }
bool is_field_value(std::string_view text) { return all_of(text, value_char); }

HeadScanner::Result HeadScanner::scan(std::string_view bytes, const HeadLimits& limits) {
    const std::size_t longest_start_line = limits.target + 64; // 64: a method and a version
    for (;;) {
        const auto* found = static_cast<const char*>(std::memchr(bytes.data() + looked_, '\n', bytes.size() - looked_));
        if (!found) {
            looked_ = bytes.size();
            if (has_start_line_ || bytes.size() <= longest_start_line) break;
            refusal_ = {414, "uri-too-long", "The request target is too long."};
            return Result::refused;
        }
        const auto at = static_cast<std::size_t>(found - bytes.data());
        if (!has_start_line_ && at > longest_start_line) {
            refusal_ = {414, "uri-too-long", "The request target is too long."};
            return Result::refused;
        }
        if (at == scanned_ || bytes[at - 1] != '\r') {
            refusal_ = malformed("A line does not end with CR LF.");
            return Result::refused;
        }
        const bool empty = at == scanned_ + 1;
        const bool leading = empty && !has_start_line_ && scanned_ == 0; // one is forgiven: RFC 9112 section 2.2
        if (empty && !has_start_line_ && !leading) {
            refusal_ = malformed("There is no request line.");
            return Result::refused;
        }
        scanned_ = looked_ = at + 1;
        if (scanned_ > limits.bytes) break;
        if (empty && !leading) return Result::complete;
        if (!empty) has_start_line_ = true;
    }
    if (bytes.size() > limits.bytes) {
        refusal_ = {431, "header-fields-too-large", "The request head is too large."};
        return Result::refused;
    }
    return Result::incomplete;
}

WireRefusal parse_request_head(std::string_view head, const HeadLimits& limits, Request& out, Framing& framing) {
    if (head.substr(0, 2) == "\r\n") head.remove_prefix(2);
    const std::string_view line = take_line(head);
    const std::size_t first = std::min(line.find(' '), line.size());
    const std::size_t last = line.rfind(' ');
    if (last == line.npos || last <= first + 1) return malformed("The request line is malformed.");
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const int version = parse_version(line.substr(last + 1));
    if (!is_token(method) || version == -1) return malformed("The request line is malformed.");
    if (version == -2) return {505, "http-version-not-supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
    if (target.size() > limits.target) return {414, "uri-too-long", "The request target is too long."};
    if (!all_of(target, target_char)) return malformed("The request target has a character that must be escaped.");

    framing = {};
    framing.minor_version = static_cast<unsigned>(version);
    out.headers.clear();
    out.method = method_from(method);
    out.method_text.assign(method);
    std::string_view authority;
    if (const auto refusal = parse_target(target, out, authority)) return refusal;
    FieldFacts facts;
    if (const auto refusal = parse_fields(head, limits, out.headers, facts)) return refusal;

    if (facts.hosts > 1) return malformed("Host is given several times.");
    if (facts.hosts == 0 && framing.minor_version >= 1) return malformed("There is no Host.");
    if (facts.hosts != 0 && !is_authority(facts.host)) return malformed("Host is malformed.");
    if (!authority.empty()) out.headers.set("Host", authority); // RFC 9112 section 3.2.2: the target's word wins
    if (const auto refusal = parse_framing(facts, framing)) return refusal;
    if (facts.expects_other) return {417, "expectation-failed", "The only expectation known is 100-continue."};
    framing.expect_continue = facts.expects_continue && framing.minor_version >= 1 && framing.has_body();
    return {};
}

WireRefusal parse_response_head(std::string_view head, const HeadLimits& limits, Method method, Response& out,
                                Framing& framing) {
    const std::string_view line = take_line(head);
    const int version = parse_version(line.substr(0, std::min<std::size_t>(8, line.size())));
    if (version < 0 || line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' '))
        return malformed("The status line is malformed.");
    out.status = 0;
    for (const char c : line.substr(9, 3)) {
        if (c < '0' || c > '9') return malformed("The status is not a number.");
        out.status = out.status * 10 + (c - '0');
    }
    if (out.status < 100) return malformed("The status is out of range.");
    if (!all_of(line, value_char)) return malformed("The status line has a control character.");

    framing = {};
    framing.minor_version = static_cast<unsigned>(version);
    out.headers.clear();
    FieldFacts facts;
    if (const auto refusal = parse_fields(head, limits, out.headers, facts)) return refusal;
    if (method == Method::head || out.status < 200 || out.status == 204 || out.status == 304) {
        framing.keep_alive = !facts.close && (version >= 1 || facts.keep_alive);
        // A 204 has neither (RFC 9110 section 8.6): who sends one may send the body as well, in front of the next response.
        const bool sized = facts.content_lengths != 0 && facts.content_length != "0";
        if (out.status == 204 && (sized || facts.transfer_encodings != 0)) framing.keep_alive = false;
        return {};
    }
    if (const auto refusal = parse_framing(facts, framing)) return refusal;
    if (!framing.chunked && !framing.content_length) {
        framing.until_close = true;
        framing.keep_alive = false;
    }
    return {};
}

ChunkDecoder::Step ChunkDecoder::decode(std::string_view input) {
    Step step;
    while (step.consumed < input.size() && where_ != Where::done && where_ != Where::malformed) {
        if (where_ == Where::data) {
            const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - step.consumed));
            step.data = input.substr(step.consumed, size);
            step.consumed += size;
            left_ -= size;
            if (left_ == 0) where_ = Where::data_cr;
            break;
        }
        take(input[step.consumed++]);
    }
    if (where_ == Where::done) step.state = State::done;
    if (where_ == Where::malformed) step.state = State::malformed;
    return step;
}

void ChunkDecoder::take(char c) {
    const bool plain = (classes[static_cast<unsigned char>(c)] & value_char) != 0;
    switch (where_) {
    case Where::size_first:
    case Where::size: {
        int digit = -1;
        if (c >= '0' && c <= '9') digit = c - '0';
        if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
        if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
        if (digit >= 0 && digits_ < 15) { // 15 digits cannot overflow
            left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
            ++digits_;
            where_ = Where::size;
        } else if (where_ == Where::size && c == '\r') {
            where_ = Where::size_lf;
        } else if (where_ == Where::size && c == ';') {
            where_ = Where::extension;
            extension_ = 1;
        } else {
            where_ = Where::malformed;
        }
        break;
    }
    case Where::extension:
        if (c == '\r') where_ = Where::size_lf;
        else if (!plain || ++extension_ > 16) where_ = Where::malformed;
        break;
    case Where::size_lf:
        digits_ = 0;
        where_ = c != '\n' ? Where::malformed : left_ == 0 ? Where::trailer_start
                                                           : Where::data;
        break;
    case Where::data_cr: where_ = c == '\r' ? Where::data_lf : Where::malformed; break;
    case Where::data_lf: where_ = c == '\n' ? Where::size_first : Where::malformed; break;
    case Where::trailer_start:
        if (c == '\r') where_ = Where::end_lf;
        else where_ = (classes[static_cast<unsigned char>(c)] & token_char) ? Where::trailer_name : Where::malformed;
        break;
    case Where::trailer_name:
        if (c == ':') where_ = Where::trailer_value;
        else if (!(classes[static_cast<unsigned char>(c)] & token_char)) where_ = Where::malformed;
        break;
    case Where::trailer_value:
        if (c == '\r') where_ = Where::trailer_lf;
        else if (!plain) where_ = Where::malformed;
        break;
    case Where::trailer_lf: where_ = c == '\n' ? Where::trailer_start : Where::malformed; break;
    case Where::end_lf: where_ = c == '\n' ? Where::done : Where::malformed; break;
    case Where::data:
    case Where::done:
    case Where::malformed: break;
    }
    if (where_ >= Where::trailer_start && where_ <= Where::trailer_lf && ++trailer_ > 4096) where_ = Where::malformed;
}

} // namespace gravity::http
