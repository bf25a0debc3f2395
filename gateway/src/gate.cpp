#include "gate.hpp"

#include "caller_limits.hpp"
#include "cors.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/scope.hpp>
#include <gravity/http/socket_token.hpp>
#include <gravity/resilience/backoff.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::gateway {
namespace {

constexpr Problem no_route{404, "no-route", "No service has this path"};
constexpr Problem certificate_missing{403, "client-certificate-required", "The route is for clients with a certificate"};
constexpr Problem keys_missing{503, "keys-unavailable", "Tokens cannot be checked at the moment"};
constexpr Problem two_credentials{400, "two-credentials", "A request shows one API key, or one token, and not both"};
constexpr Problem bad_key{401, "invalid-api-key", "The API key is not good here"};
constexpr Problem keys_unavailable{503, "api-keys-unavailable", "API keys cannot be checked at the moment"};

/// What one caller is held against: the token's subject in its project, else the address (of IPv6 the network of one subscriber).
void write_key(const auth::Claims* claims, const boost::asio::ip::address& peer, std::string& key) {
    if (claims) {
        key.assign("s").append(claims->project.is_set() ? claims->project.to_string() : std::string()).append("/").append(claims->subject);
    } else if (peer.is_v4()) {
        const auto bytes = peer.to_v4().to_bytes();
        key.assign("4").append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    } else {
        const auto bytes = peer.to_v6().to_bytes();
        key.assign("6").append(reinterpret_cast<const char*>(bytes.data()), 8);
    }
}

/// The same as a key of the store: of the caller's project, else of none.
std::string shared_key(const auth::Claims* claims, const boost::asio::ip::address& peer) {
    constexpr std::string_view nobody = "00000000-0000-0000-0000-000000000000";
    std::string key = "gateway:{";
    key.append(claims && claims->project.is_set() ? claims->project.to_string() : std::string(nobody)).append("}:limit:");
    if (claims) return key.append("s").append(claims->subject);
    std::string address;
    write_key(nullptr, peer, address);
    return key.append(1, address.front()).append(hex_encode(std::string_view(address).substr(1)));
}

void append_number(std::string& out, std::uint64_t number) {
    char text[20];
    out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

std::uint64_t whole_seconds(resilience::Span time) { return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(time).count()); }

struct Credentials {
    std::string_view token;
    bool by_dpop = false; // by the scheme DPoP, else Bearer
};

Credentials credentials_of(const RequestHead& head, std::string_view bytes) {
    if (head.has(Known::authorization) || !head.websocket_handshake(bytes)) {
        const std::string_view value = head.value(Known::authorization, bytes), bound = dpop_token(value);
        return bound.empty() ? Credentials{bearer_token(value)} : Credentials{bound, true};
    }
    for (std::size_t i = 0; i < head.field_count; ++i) // of a page; the field goes on as it is, so the service finds it there too
        if (http::iequals(head.fields[i].name.in(bytes), "Sec-WebSocket-Protocol"))
            if (const auto token = http::token_of_protocols(head.fields[i].value.in(bytes)); !token.empty()) return {token};
    return {};
}

Refusal unauthenticated(std::string_view challenge, std::string_view detail) {
    return Refusal(problems::unauthenticated, std::string(detail)).with_header("WWW-Authenticate", std::string(challenge));
}

constexpr std::string_view bare_challenge = "Bearer realm=\"gravity\""; // where no token came (RFC 6750 section 3)

/// RFC 9449 section 7.1. The proof itself is for the service: only it knows by which address clients reach it, and which proofs it has seen.
constexpr std::string_view bearer_challenge = "Bearer error=\"invalid_token\"",
                           dpop_challenge = "DPoP error=\"invalid_token\", algs=\"ES256 EdDSA Ed25519 RS256\"",
                           proof_challenge = "DPoP error=\"invalid_dpop_proof\", algs=\"ES256 EdDSA Ed25519 RS256\"";

std::string_view token_of_scheme(std::string_view authorization, std::string_view scheme) {
    if (authorization.size() <= scheme.size() || !http::iequals(authorization.substr(0, scheme.size()), scheme)) return {};
    authorization.remove_prefix(scheme.size());
    while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
    return authorization;
}

std::size_t count_of(const RequestHead& head, Known known) {
    const auto end = head.fields.begin() + static_cast<std::ptrdiff_t>(head.field_count);
    return static_cast<std::size_t>(std::count_if(head.fields.begin(), end, [known](const Field& field) { return field.known == known; }));
}

/// Why the token may not come in this way, or nothing.
std::optional<Refusal> wrong_scheme(const auth::Claims& claims, bool by_dpop, const RequestHead& head) {
    if (claims.key_thumbprint.empty() == !by_dpop) {
        if (!by_dpop || count_of(head, Known::dpop) == 1) return std::nullopt;
        return unauthenticated(proof_challenge, "A token that is bound to a key comes with one proof of it.");
    }
    if (by_dpop) return unauthenticated(dpop_challenge, "The token is bound to no key: it is a bearer token.");
    return unauthenticated(bearer_challenge, "The token is bound to a key: it is no bearer token.");
}

/// FNV-1a: the same in every process, so that a caller has the same place everywhere.
std::uint64_t stable_hash(std::string_view text) {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    return hash ^ (hash >> 32);
}

/// What a document's rule makes of the request before anybody is asked who he is. False: its path is none that may be routed.
bool follow_rule(const Route& route, std::string_view bytes, const RequestHead& head, std::string_view path, Admission& out) {
    if (route.rule->rewrite_path.kind != PathEdit::Kind::none) {
        rewritten_path(route, path, out.rewritten);
        if (route.guarded && is_internal(out.rewritten)) return false;
        out.upstream_path = out.rewritten;
    }
    if (!route.rule->cors) return true;
    out.preflight = is_preflight(bytes, head);
    if (out.preflight) write_preflight(*route.rule->cors, bytes, head, out.extra_lines);
    else write_cors(*route.rule->cors, bytes, head, out.extra_lines);
    return true;
}

} // namespace

struct Gate::Limiter {
    explicit Limiter(const GateOptions& options) : callers(options.requests_per_second, options.burst) {
        policy = "RateLimit-Policy: \"caller\";q=";
        append_number(policy, options.burst);
        policy += ";w=";
        append_number(policy, std::max<std::uint64_t>(options.burst / options.requests_per_second, 1));
        policy += "\r\n";
    }
    CallerLimits callers;
    std::string policy; // the whole line
};

Gate::Gate(GateOptions options, std::shared_ptr<auth::Verifier> verifier, std::function<void()> on_unknown_key, ApiKeys* keys, SharedLimits* shared)
    : options_(options), verifier_(std::move(verifier)), on_unknown_key_(std::move(on_unknown_key)), keys_(keys), shared_(shared) {
    if (options.requests_per_second != 0) limiter_ = std::make_unique<Limiter>(options);
}

Gate::~Gate() = default;

std::string_view bearer_token(std::string_view authorization) { return token_of_scheme(authorization, "bearer "); }
std::string_view dpop_token(std::string_view authorization) { return token_of_scheme(authorization, "dpop "); }

std::optional<Refusal> Gate::admit(const Snapshot& snapshot, std::string_view bytes, const RequestHead& head, std::string_view path,
                                   const Peer& peer, std::chrono::steady_clock::time_point now, Admission& out, Count count) {
    const Snapshot::Match match = snapshot.match({path, head.host(bytes), head.method_text.in(bytes), head.query.in(bytes), &head, bytes});
    if (!match.route) return Refusal(no_route);
    out.route = match.route;
    out.upstream_path = match.upstream_path;
    out.preflight = out.awaits_key = false;
    out.awaits_permit.clear();
    out.key.reset();
    if (match.route->rule && !follow_rule(*match.route, bytes, head, path, out)) return Refusal(no_route);
    if (out.preflight) return limit(nullptr, peer.address, now, count, out.extra_lines); // browsers send it without credentials
    // Whoever guesses tokens or tries certificates is limited by where he is.
    const auto turn_away = [&](Refusal denied) {
        auto limited = limit(nullptr, peer.address, now, count, out.extra_lines);
        return limited ? std::move(*limited) : std::move(denied);
    };
    if (const CertificateRule& rule = match.route->certificate; rule.needed) {
        if (!peer.certificate) return turn_away(Refusal(certificate_missing));
        if (!rule.allows(peer.certificate->names)) return turn_away(Refusal(problems::forbidden, "The certificate has none of the route's names."));
    }
    std::shared_ptr<const auth::Claims> claims;
    if (match.access == Access::jwt) {
        if (keys_ && head.has(Known::x_api_key)) {
            if (auto denied = authenticate_key(bytes, head, peer, now, out)) return turn_away(*std::move(denied));
            if (out.awaits_key) { // which costs more than anything here
                std::string nobody_reads;
                return limit(nullptr, peer.address, now, count, nobody_reads);
            }
            claims = out.key->claims;
        } else if (auto denied = authenticate(bytes, head, peer, claims)) {
            return turn_away(*std::move(denied));
        }
        if (!match.route->scope.empty() && !scope_allows(claims->scopes, match.route->scope)) {
            return Refusal(problems::forbidden, "The token lacks the scope " + match.route->scope + ".")
                .with_header("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"" + match.route->scope + "\"");
        }
    }
    if (match.route->document && match.route->document->sticky) {
        std::string key;
        write_key(claims.get(), peer.address, key);
        out.caller = stable_hash(key);
    }
    return limit_admitted(claims.get(), peer.address, now, count, out);
}

/// The limit of who may pass. Only here gateways that share it ask each other: whoever is turned away is not worth a question.
std::optional<Refusal> Gate::limit_admitted(const auth::Claims* claims, const boost::asio::ip::address& peer, std::chrono::steady_clock::time_point now,
                                            Count count, Admission& out) {
    if (const auto permit = std::exchange(out.permit, std::nullopt)) return decided(*permit, out.extra_lines);
    const bool alone = !limiter_ || !shared_ || count == Count::no || std::exchange(out.without_permit, false) || !shared_->working(now);
    if (alone) return limit(claims, peer, now, count, out.extra_lines);
    std::string caller = shared_key(claims, peer);
    if (const auto denied = shared_->denied(caller, now)) return decided(*denied, out.extra_lines);
    out.awaits_permit = std::move(caller);
    return std::nullopt;
}

std::optional<Refusal> Gate::authenticate_key(std::string_view bytes, const RequestHead& head, const Peer& peer, std::chrono::steady_clock::time_point now,
                                              Admission& out) {
    if (count_of(head, Known::x_api_key) != 1 || head.has(Known::authorization)) return Refusal(two_credentials);
    const std::string_view key = head.value(Known::x_api_key, bytes);
    // A 401 has a challenge (RFC 9110 section 11.6.1).
    const auto refused = [] { return Refusal(bad_key).with_header("WWW-Authenticate", std::string(bare_challenge)); };
    if (!ApiKeys::plausible(key)) return refused();
    ApiKeys::Sought sought = keys_->seek(key, peer.address, now);
    out.awaits_key = !sought.known;
    if (out.awaits_key) return std::nullopt;
    if (sought.outcome == KeyOutcome::unavailable) return Refusal(keys_unavailable).with_header("Retry-After", "1");
    if (sought.outcome == KeyOutcome::refused || revocations_.covers(*sought.grant->claims)) return refused();
    out.key = std::move(sought.grant);
    return std::nullopt;
}

std::optional<Refusal> Gate::authenticate(std::string_view bytes, const RequestHead& head, const Peer& peer, std::shared_ptr<const auth::Claims>& claims) {
    const auto [token, by_dpop] = credentials_of(head, bytes);
    if (token.empty()) return unauthenticated(bare_challenge, "A bearer token is needed."); // RFC 6750 section 3: no error code without credentials
    const std::string_view challenge = by_dpop ? dpop_challenge : bearer_challenge;
    if (!verifier_) return unauthenticated(challenge, "No issuer of tokens is configured.");
    auto verified = verifier_->verify(token, gravity::now().unix_seconds());
    if (verified) {
        claims = *std::move(verified);
        if (revocations_.covers(*claims)) return unauthenticated(challenge, "The token has been revoked.");
        if (auto denied = wrong_scheme(*claims, by_dpop, head)) return denied;
        // RFC 8705 section 3: whoever has stolen it has no key to the certificate.
        const std::string& bound_to = claims->certificate_thumbprint;
        if (!bound_to.empty() && (!peer.certificate || peer.certificate->thumbprint != bound_to))
            return unauthenticated(challenge, "The token is bound to a client certificate that the connection has not.");
        return std::nullopt;
    }
    if (verified.error() == auth::VerifyError::unknown_key && on_unknown_key_) on_unknown_key_();
    if (verified.error() == auth::VerifyError::no_keys) return Refusal(keys_missing).with_header("Retry-After", "1");
    return unauthenticated(challenge, verified.error() == auth::VerifyError::expired ? "The token has expired." : "The token is not valid here.");
}

std::optional<Refusal> Gate::limit(const auth::Claims* claims, const boost::asio::ip::address& peer, std::chrono::steady_clock::time_point now,
                                   Count count, std::string& lines) {
    if (!limiter_) return std::nullopt;
    thread_local std::string key; // its capacity is what is wanted
    write_key(claims, peer, key);
    return decided(count == Count::yes ? limiter_->callers.take(key, now) : limiter_->callers.peek(key, now), lines);
}

std::optional<Refusal> Gate::decided(const resilience::RateDecision& decision, std::string& lines) const {
    lines.append(limiter_->policy).append("RateLimit: \"caller\";r=");
    append_number(lines, decision.remaining);
    lines += ";t=";
    append_number(lines, whole_seconds(decision.allowed ? decision.reset_after : decision.retry_after));
    lines += "\r\n";
    if (decision.allowed) return std::nullopt;
    return Refusal(problems::rate_limited).with_header("Retry-After", std::to_string(resilience::retry_after_seconds(decision.retry_after)));
}

} // namespace gravity::gateway
