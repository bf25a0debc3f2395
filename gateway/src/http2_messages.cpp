#include "http2_messages.hpp"

#include "head.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::gateway {
namespace {

/// Names in lower case one after the other: they must not move any more once they are referred to.
std::string_view lower(std::string_view name, std::string& names) {
    const std::size_t at = names.size();
    for (const char c : name) names += ascii::lower(c);
    return std::string_view(names).substr(at);
}

} // namespace

void Http2RequestHead::add(std::string_view name, std::string_view value) {
    if (name == ":method") method_ = value;
    else if (name == ":authority") authority_ = value;
    else if (name == ":path") path_ = value;
    else if (name.starts_with(':')) return; // :scheme is what the connection is
    else if (name == "cookie") cookie_.append(cookie_.empty() ? "" : "; ").append(value); // section 8.2.3
    else if (name == "host" && http::iequals(value, authority_)) return;
    else {
        has_host_ |= name == "host";
        sized_ |= name == "content-length";
        field_line(lines_, name, value);
    }
}

std::string Http2RequestHead::text(bool ends) const {
    std::string out;
    out.reserve(64 + method_.size() + path_.size() + authority_.size() + lines_.size() + cookie_.size());
    out.append(method_).append(" ").append(path_.empty() ? authority_ : path_).append(" HTTP/1.1\r\n"); // CONNECT has no path
    if (!authority_.empty() || !has_host_) field_line(out, "host", authority_);
    out.append(lines_);
    if (!cookie_.empty()) field_line(out, "cookie", cookie_);
    if (chunked(ends)) out.append("transfer-encoding: chunked\r\n");
    return out += "\r\n";
}

FieldList http2_trailer(std::string_view lines, std::string& names) {
    FieldList fields;
    names.clear();
    names.reserve(lines.size());
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
        const std::string_view line = ascii::trim(lines.substr(0, end));
        lines.remove_prefix(end);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && colon != 0) fields.emplace_back(lower(line.substr(0, colon), names), ascii::trim(line.substr(colon + 1)));
    }
    return fields;
}

Http2AnswerHead read_answer_head(std::string_view bytes, std::string& names) {
    Http2AnswerHead head;
    const std::string_view status = bytes.substr(std::string_view("HTTP/1.1 ").size(), 3);
    std::from_chars(status.data(), status.data() + status.size(), head.status);
    head.fields = http2_trailer(bytes.substr(bytes.find('\n') + 1), names);
    std::erase_if(head.fields, [&](const auto& field) {
        switch (known_field(field.first)) {
        case Known::connection:
        case Known::keep_alive:
        case Known::proxy:
        case Known::upgrade: return true;
        case Known::transfer_encoding: head.chunked = true; return true;
        case Known::content_length: std::from_chars(field.second.data(), field.second.data() + field.second.size(), head.length); return false;
        default: return false;
        }
    });
    head.fields.insert(head.fields.begin(), {":status", status});
    return head;
}

} // namespace gravity::gateway
