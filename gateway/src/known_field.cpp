#include "head.hpp"

namespace gravity::gateway {
namespace {

struct Name {
    std::string_view text;
    Known known;
};

Known among(std::string_view name, std::initializer_list<Name> candidates) {
    for (const Name& candidate : candidates)
        if (http::iequals(name, candidate.text)) return candidate.known;
    return Known::other;
}

} // namespace

// The length leaves at most four candidates, mostly none.
Known known_field(std::string_view name) {
    using enum Known;
    switch (name.size()) {
    case 2: return among(name, {{"te", te}});
    case 3: return among(name, {{"via", via}});
    case 4: return among(name, {{"host", host}, {"date", date}, {"dpop", dpop}});
    case 6: return among(name, {{"expect", expect}});
    case 7: return among(name, {{"upgrade", upgrade}, {"trailer", trailer}});
    case 9: return among(name, {{"forwarded", forwarded}, {"x-real-ip", x_forwarded}, {"x-api-key", x_api_key}});
    case 10: return among(name, {{"connection", connection}, {"keep-alive", keep_alive}, {"tracestate", tracestate}});
    case 11: return among(name, {{"traceparent", traceparent}, {"client-cert", client_cert}});
    case 12: return among(name, {{"content-type", content_type}});
    case 13: return among(name, {{"authorization", authorization}});
    case 14: return among(name, {{"content-length", content_length}});
    case 15: return among(name, {{"x-forwarded-for", x_forwarded_for}});
    case 16: return among(name, {{"x-forwarded-host", x_forwarded}, {"x-forwarded-port", x_forwarded}, {"proxy-connection", proxy}});
    case 17:
        return among(name, {{"transfer-encoding", transfer_encoding},
                            {"sec-websocket-key", sec_websocket_key},
                            {"x-forwarded-proto", x_forwarded},
                            {"client-cert-chain", client_cert}});
    case 18: return among(name, {{"proxy-authenticate", proxy}, {"x-forwarded-prefix", x_forwarded}});
    case 19: return among(name, {{"proxy-authorization", proxy}});
    case 20: return among(name, {{"x-request-timeout-ms", x_request_timeout_ms}});
    case 21: return among(name, {{"sec-websocket-version", sec_websocket_version}});
    case 25: return among(name, {{"proxy-authentication-info", proxy}});
    default: return other;
    }
}

} // namespace gravity::gateway
