#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// HTTP messages as values (RFC 9110). No I/O here.
namespace gravity::http {

/// The methods the platform routes; anything else is `other` and keeps its text.
enum class Method : std::uint8_t {
    get,
    head,
    post,
    put,
    patch,
    delete_,
    options,
    other
};

std::string_view to_string(Method method);
Method method_from(std::string_view text); // case-sensitive, RFC 9110 section 9.1

/// Fields in the order received; names compare without case (RFC 9110 section 5.1).
class Headers {
public:
    struct Entry {
        std::string name;
        std::string value;
    };

    /// Value of the first field of that name.
    std::optional<std::string_view> get(std::string_view name) const;
    /// All fields of that name joined with ", " (RFC 9110 section 5.3); empty if there is none.
    std::string joined(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    bool has(std::string_view name) const { return count(name) != 0; }

    void add(std::string_view name, std::string_view value);
    /// Replaces every field of that name.
    void set(std::string_view name, std::string_view value);
    void remove(std::string_view name);
    void clear() { entries_.clear(); }

    const std::vector<Entry>& entries() const { return entries_; }

private:
    std::vector<Entry> entries_;
};

/// Equal without regard to ASCII case.
bool iequals(std::string_view a, std::string_view b);

/// A request whose head has been read. The body is read separately (Exchange), so that a router can refuse before it.
struct Request {
    Method method = Method::get;
    std::string method_text;  // as received
    std::string path;         // raw path of the request target, still percent-encoded, begins with '/'; "*" for OPTIONS *
    std::string query;        // raw, without '?'
    Headers headers;
    std::string body;         // filled by Exchange::read_body
    std::string peer_address; // textual IP of the socket's peer
    std::uint16_t peer_port = 0;
    bool secure = false;      // arrived over TLS
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
};

/// Standard reason phrase of a status code; empty if unknown.
std::string_view reason_phrase(int status);

/// Percent-decoding of one path segment or query component (RFC 3986 section 2.1); nothing for a malformed escape.
/// With `plus_is_space` as application/x-www-form-urlencoded has it.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
/// Encodes everything but the unreserved characters of RFC 3986 section 2.3.
std::string percent_encode(std::string_view text);

struct QueryParameter {
    std::string name;
    std::string value;
};
/// The parameters of a query string or form body, decoded, in order; nothing if an escape is malformed or there are more than `max`.
std::optional<std::vector<QueryParameter>> parse_query(std::string_view query, std::size_t max = 256);

} // namespace gravity::http
