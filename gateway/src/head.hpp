#pragma once

#include <gravity/http/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The heads of HTTP/1.1 messages, parsed in place: what is found is kept as offsets into the received bytes, nothing is copied. Pure.
/// common's parser (http/wire.hpp) makes strings for handlers; a proxy sends nearly all of it on as it came.
namespace gravity::gateway {

/// A piece of the head. 16 bits are enough: a head has at most 32 KiB.
struct Slice {
    std::uint16_t at = 0;
    std::uint16_t size = 0;
    std::string_view in(std::string_view head) const { return head.substr(at, size); }
    bool empty() const { return size == 0; }
};

/// The fields this gateway acts on.
enum class Known : std::uint8_t {
    other,
    authorization,
    client_cert, // Client-Cert, Client-Cert-Chain: this gateway's to say
    connection,
    content_length,
    content_type,
    date,
    dpop, // a proof (RFC 9449): the service's to check
    expect,
    forwarded,
    host,
    keep_alive,
    proxy, // Proxy-Authenticate, Proxy-Authorization, Proxy-Connection ...: between two neighbours only
    sec_websocket_key,
    sec_websocket_version,
    te,
    traceparent,
    tracestate,
    trailer,
    transfer_encoding,
    upgrade,
    via,
    x_api_key,
    x_forwarded, // X-Forwarded-For, -Host, -Proto, -Port, -Prefix, X-Real-IP
    x_forwarded_for,
    x_request_timeout_ms,
    count_
};
Known known_field(std::string_view name);

struct Field {
    Slice name;
    Slice value;
    Known known = Known::other;
    bool hop = false; // named by Connection (RFC 9110 section 7.6.1): ends here
};

inline constexpr std::size_t max_fields = 100;
/// 32 KiB for all, 8 KiB for the target.
inline constexpr http::HeadLimits head_limits{.bytes = 32 * 1024, .target = 8 * 1024, .fields = max_fields};

/// What requests and responses share. Several kilobytes: one per thread, filled anew for each message.
struct Head {
    std::array<Field, max_fields> fields;
    std::size_t field_count = 0;
    http::Framing framing;
    bool connection_upgrade = false; // Connection lists "upgrade"
    bool websocket = false;          // Upgrade lists "websocket"

    /// The value of the first field of that kind; empty if there is none.
    std::string_view value(Known known, std::string_view head) const {
        const std::int8_t at = first[static_cast<std::size_t>(known)];
        return at < 0 ? std::string_view() : fields[static_cast<std::size_t>(at)].value.in(head);
    }
    bool has(Known known) const { return first[static_cast<std::size_t>(known)] >= 0; }
    /// Has one, and Connection does not end it here.
    bool passes_on(Known known) const { return has(known) && !fields[static_cast<std::size_t>(first[static_cast<std::size_t>(known)])].hop; }

    std::array<std::int8_t, static_cast<std::size_t>(Known::count_)> first{}; // index of the first field of a kind, or -1
};

struct RequestHead : Head {
    http::Method method = http::Method::get;
    Slice method_text;
    Slice path;      // raw; "*" for OPTIONS *
    Slice query;     // with its '?'; empty if there is none
    Slice authority; // of an absolute-form target: it stands for Host (RFC 9112 section 3.2.2)

    std::string_view host(std::string_view head) const { return authority.empty() ? value(Known::host, head) : authority.in(head); }
    /// The opening handshake of RFC 6455 section 4.1, and nothing less.
    bool websocket_handshake(std::string_view head) const;
};

struct ResponseHead : Head {
    int status = 0;
    Slice status_text; // "200 OK"
};

/// Parses a complete head as http::HeadScanner found it (so every line ends with CR LF). Refused is what RFC 9112 sections 6.1 to 6.3 and 11.2
/// warn of: both lengths, two of one, any coding but exactly "chunked", codings in HTTP/1.0, a space before a colon, folded lines, control
/// characters, no, two or a bad Host, two Authorization fields (two parties might believe different ones), and Connection naming a field that frames or
/// routes the message.
http::WireRefusal parse_request_head(std::string_view head, RequestHead& out);

/// The same for the response to a request of this method; what it refuses is the upstream's fault (502).
http::WireRefusal parse_response_head(std::string_view head, http::Method method, ResponseHead& out);

/// Appends one field as it goes on the wire.
inline void field_line(std::string& head, std::string_view name, std::string_view value) { head.append(name).append(": ").append(value).append("\r\n"); }

} // namespace gravity::gateway
