#pragma once

#include "head.hpp"
#include "http_route.hpp"

#include <gravity/trace/context.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The heads that go out: what came in, less what ends here, plus what this gateway has to say. Pure. A head is copied into one buffer rather
/// than gathered from slices: a kilobyte copied costs less than twenty entries of a gathered write.
namespace gravity::gateway {

/// Changes that a document asks for: a rule's and its backend's. Null: none.
using Edits = std::array<const FieldEdits*, 2>;

/// "00-<trace>-<span>-<flags>" (W3C Trace Context, section 3.2), without memory of its own: each request has one.
std::array<char, 55> traceparent_of(const trace::Context& context);

/// What a request gets on its way, beyond what the client sent.
struct RequestFacts {
    std::string_view path;              // normalised, prefix removed where the route says so
    std::string_view peer_address;      // of the connection
    std::string_view default_host;      // for who sent no Host (HTTP/1.0): HTTP/1.1 must have one
    std::string_view host;              // instead of the client's; empty: his
    Edits edits{};
    std::string_view authorization;     // instead of the credentials that the client showed: of an API key; empty: his
    bool trusted_peer = false;          // a proxy whose X-Forwarded-* and Forwarded are believed
    bool secure = false;                // the client came over TLS
    bool http2 = false;                 // and spoke HTTP/2
    std::string_view client_cert;       // and showed this certificate, as the field has it (RFC 9440); empty: none
    std::string_view traceparent;       // this gateway's own span
    bool continues_trace = false;       // the client's own: its tracestate goes along
    std::uint32_t timeout_ms = 0;       // what is left for the upstream
    bool websocket = false;             // an accepted handshake: Connection and Upgrade go on
    bool trailers = false;              // the client takes trailer fields
};

/// Writes the request head to `out` (whose capacity is reused).
///
/// Left out: hop-by-hop fields (RFC 9110 section 7.6.1) and all that Connection names, names with an underscore (which CGI-like servers cannot
/// tell from a hyphen, a known way to forge a field), X-Forwarded-* and Forwarded of peers that are not trusted, Client-Cert and Client-Cert-Chain of anybody.
void write_request_head(std::string_view bytes, const RequestHead& head, const RequestFacts& facts, std::string& out);

struct ResponseFacts {
    Edits edits{};
    bool own_cors = false;               // the gateway answers for the service's CORS fields
    unsigned client_minor = 1;           // HTTP/1.x of the client
    bool keep_alive = true;              // the client's connection goes on
    bool chunked = false;                // the body goes out chunked
    bool upgrade = false;                // 101: Connection and Upgrade go on
    bool trailers = false;               // of the chunked body go on
    std::string_view coding;             // it goes out compressed with this; empty: as it came
    bool varies = false;                 // Vary is to name Accept-Encoding besides
    std::string_view extra;              // complete lines to add (RateLimit ...), may be empty
    std::string_view date;               // used if the upstream sent none (RFC 9110 section 6.6.1)
};
void write_response_head(std::string_view bytes, const ResponseHead& head, const ResponseFacts& facts, std::string& out);

/// The field ends at this hop, whoever sent it (RFC 9110 section 7.6.1).
bool ends_here(const Field& field);

/// A field of that name which does not end here.
bool has_field(std::string_view bytes, const Head& head, std::string_view name);

/// The value of X-Request-Timeout-Ms; nothing if it is no number from 1 to 86,400,000.
std::optional<std::uint32_t> parse_timeout_ms(std::string_view text);

} // namespace gravity::gateway
