#pragma once

#include <gravity/http/message.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Heads of HTTP/2 messages as those of HTTP/1.1 and back (RFC 9113 section 8). Pure.
namespace gravity::gateway {

/// The head of a request as its fields come.
class Http2RequestHead {
public:
    /// In the order of the message, pseudo-fields too. The caller has made sure that the name is a token in lower case, that the value has no control
    /// characters, and that the pseudo-fields are those that a request has, once each.
    void add(std::string_view name, std::string_view value);
    /// As HTTP/1.1. `ends`: no body follows. What is no request there either (two different hosts, a target with a space) still is none.
    std::string text(bool ends) const;
    /// A body follows of which nobody said how long it is: it has to be sent in chunks.
    bool chunked(bool ends) const { return !ends && !sized_; }
    http::Method method() const { return http::method_from(method_); }

private:
    std::string method_, authority_, path_, lines_, cookie_;
    bool has_host_ = false, sized_ = false;
};

using FieldList = std::vector<std::pair<std::string_view, std::string_view>>;

/// The head of an answer as the session wrote it.
struct Http2AnswerHead {
    int status = 0;
    FieldList fields; // `:status` first, names in lower case, without what concerns an HTTP/1.1 connection
    bool chunked = false;
    std::uint64_t length = 0; // of a body that is not chunked
};
/// Of bytes that end with an empty line. Refers to them and to `names`, which it fills.
Http2AnswerHead read_answer_head(std::string_view bytes, std::string& names);
/// The same of the lines of a trailer, each of which ends with CR LF.
FieldList http2_trailer(std::string_view lines, std::string& names);

} // namespace gravity::gateway
