#include "white_space.hpp"

#include <gravity/http/multipart.hpp>

#include <algorithm>

namespace gravity::http {
namespace {

/// A value of the form  thing; a=b; c="d"  (RFC 9110 section 5.6.6). Nothing if it is malformed or a name comes twice.
struct Parameters {
    std::string first;
    Headers values; // names without regard to case, as there
};
std::optional<Parameters> parse_parameters(std::string_view text) {
    Parameters all;
    const std::size_t end = std::min(text.find(';'), text.size());
    all.first = trim_ows(text.substr(0, end));
    text.remove_prefix(end);
    while (!text.empty()) {
        text.remove_prefix(1); // the semicolon
        text = trim_ows(text);
        if (text.empty()) break;
        if (text.front() == ';') continue;
        const std::size_t equals = text.find('=');
        if (equals == text.npos) return std::nullopt;
        const std::string_view name = text.substr(0, equals);
        if (!is_token(name) || all.values.has(name)) return std::nullopt;
        text.remove_prefix(equals + 1);
        std::string value;
        if (!text.empty() && text.front() == '"') {
            std::size_t i = 1;
            for (; i < text.size() && text[i] != '"'; ++i) {
                // Only these two are escaped: some browsers send a Windows path with single backslashes.
                if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
                value += text[i];
            }
            if (i >= text.size()) return std::nullopt;
            text.remove_prefix(i + 1);
        } else {
            const std::size_t stop = std::min(text.find(';'), text.size());
            value = trim_ows(text.substr(0, stop));
            if (!is_token(value)) return std::nullopt;
            text.remove_prefix(stop);
        }
        text = trim_ows(text);
        if (!text.empty() && text.front() != ';') return std::nullopt;
        all.values.add(name, value);
    }
    return all;
}

bool is_boundary(std::string_view text) { // RFC 2046 section 5.1.1
    return !text.empty() && text.size() <= 70 && text.back() != ' ' && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
    });
}

} // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
    const auto parsed = parse_parameters(content_type);
    if (!parsed || !iequals(parsed->first, "multipart/form-data")) return std::nullopt;
    const auto boundary = parsed->values.get("boundary");
    if (!boundary || !is_boundary(*boundary)) return std::nullopt;
    return std::string(*boundary);
}

MultipartParser::MultipartParser(std::string_view boundary, MultipartLimits limits)
    : delimiter_("\r\n--" + std::string(boundary)), limits_(limits), pending_("\r\n") {} // as if a line had ended before the first byte

void MultipartParser::fail(int status, std::string_view slug, std::string_view detail) {
    refusal_ = {status, slug, detail};
    state_ = State::failed;
}

WireRefusal MultipartParser::feed(std::string_view bytes, const Sink& sink) {
    if (state_ == State::failed) return refusal_;
    total_ += bytes.size();
    if (total_ > limits_.total_bytes) {
        fail(413, "form-too-large", "The form is too large.");
        return refusal_;
    }
    if (state_ == State::epilogue) return {}; // ignored (RFC 2046 section 5.1.1)
    pending_ += bytes;
    try {
        while (step(sink)) {}
    } catch (...) {
        fail(400, "malformed-form", "The form was given up.");
        throw;
    }
    pending_.erase(0, at_);
    at_ = 0;
    return state_ == State::failed ? refusal_ : WireRefusal{};
}

bool MultipartParser::step(const Sink& sink) {
    switch (state_) {
    case State::preamble:
    case State::body: return step_to_delimiter(sink);
    case State::delimiter: return step_delimiter();
    case State::headers: return step_headers(sink);
    default: return false;
    }
}

void MultipartParser::emit(std::string_view data, const Sink& sink) {
    if (state_ != State::body || data.empty()) return;
    part_bytes_ += data.size();
    if (part_bytes_ > limits_.part_bytes) return fail(413, "part-too-large", "A part of the form is too large.");
    sink.data(data);
}

bool MultipartParser::step_to_delimiter(const Sink& sink) {
    const std::string_view rest = std::string_view(pending_).substr(at_);
    const std::size_t found = rest.find(delimiter_);
    if (found == rest.npos) {
        const std::size_t safe = rest.size() - std::min(rest.size(), delimiter_.size() - 1); // the tail may be a delimiter's beginning
        emit(rest.substr(0, safe), sink);
        at_ += safe;
        return false;
    }
    emit(rest.substr(0, found), sink);
    if (state_ == State::failed) return false;
    if (state_ == State::body) sink.end();
    at_ += found + delimiter_.size();
    state_ = State::delimiter;
    return true;
}

bool MultipartParser::step_delimiter() {
    const std::string_view rest = std::string_view(pending_).substr(at_);
    if (rest.size() < 2) return false;
    if (rest.substr(0, 2) == "--") {
        state_ = State::epilogue;
        at_ = pending_.size();
        return false;
    }
    const std::size_t end = rest.find("\r\n");
    const std::string_view padding = rest.substr(0, end);
    const bool blank = padding.find_first_not_of(end == rest.npos ? " \t\r" : " \t") == padding.npos;
    if (!blank || padding.size() > 64) {
        fail(400, "malformed-form", "A boundary of the form is malformed.");
        return false;
    }
    if (end == rest.npos) return false;
    at_ += end; // this CRLF stays: before a head without fields it is the first half of the empty line
    state_ = State::headers;
    return true;
}

bool MultipartParser::step_headers(const Sink& sink) {
    const std::string_view rest = std::string_view(pending_).substr(at_);
    const std::size_t end = rest.find("\r\n\r\n");
    if (std::min(end, rest.size()) > limits_.header_bytes) {
        fail(413, "part-header-too-large", "The head of a part of the form is too large.");
        return false;
    }
    if (end == rest.npos) return false;
    if (++parts_ > limits_.parts) {
        fail(413, "too-many-parts", "The form has too many parts.");
        return false;
    }
    MultipartPart part;
    if (!parse_headers(rest.substr(0, end + 2), part)) {
        fail(400, "malformed-form", "The head of a part of the form is malformed.");
        return false;
    }
    at_ += end + 4;
    part_bytes_ = 0;
    state_ = State::body;
    sink.part(std::move(part));
    return true;
}

bool MultipartParser::parse_headers(std::string_view head, MultipartPart& part) {
    head.remove_prefix(2); // the CRLF that ended the boundary's line
    bool disposed = false;
    while (!head.empty()) {
        const std::size_t end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        const std::size_t colon = std::min(line.find(':'), line.size());
        const std::string_view name = line.substr(0, colon);
        if (colon == line.size() || !is_token(name)) return false; // folded lines fail here too
        const std::string_view value = trim_ows(line.substr(colon + 1));
        if (!is_field_value(value)) return false;
        part.headers.add(name, value);
        if (iequals(name, "content-type")) part.content_type = value;
        if (!iequals(name, "content-disposition")) continue;
        const auto disposition = parse_parameters(value);
        if (disposed || !disposition || !iequals(disposition->first, "form-data")) return false;
        disposed = true;
        const auto field = disposition->values.get("name");
        if (!field) return false;
        part.name = *field;
        if (const auto filename = disposition->values.get("filename")) {
            const std::size_t slash = filename->find_last_of("/\\");
            part.filename = std::string(slash == filename->npos ? *filename : filename->substr(slash + 1));
        }
    }
    return disposed;
}

} // namespace gravity::http
