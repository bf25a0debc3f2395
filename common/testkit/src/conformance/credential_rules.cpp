#include "conformance/bench.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>

namespace gravity::testkit {
namespace {

using http::Method;
using http::Route;

bool is_protected(Bench&, const Route& route) { return is_api(route) && !route.scope.empty(); }
bool any_api(Bench&, const Route& route) { return is_api(route); }

// A request whose path need not exist: credentials are looked at before rows.
Probe unauthorised(Bench& bench, const Route& route) {
    Probe probe{.method = std::string(http::to_string(route.method)), .target = {}};
    for (const auto segment : segments_of(route.path)) probe.target += "/" + filled(segment, Uuid::v7().to_string());
    if (bench.json_body(route) != nullptr) bench.put_body(probe, route, Json::object());
    return probe;
}

void expect_challenge(Bench& bench, const Answer& answer, std::string_view challenge, const std::string& what) {
    if (!bench.expect(answer, 401, "unauthenticated", what)) return;
    if (!std::string_view(answer.header("WWW-Authenticate")).starts_with(challenge))
        bench.fail(what + ": WWW-Authenticate is \"" + answer.header("WWW-Authenticate") + "\", not " + std::string(challenge));
}

void no_token(Bench& bench, const Route& route) {
    const Answer answer = bench.send(&route, unauthorised(bench, route));
    expect_challenge(bench, answer, "Bearer realm=", "without a token");
}

Json changed(Json claims, std::string_view name, Json value) {
    claims[name] = std::move(value);
    return claims;
}

std::string unsigned_part(const Json& header, const Json& claims) { return base64url_encode(header.dump()) + "." + base64url_encode(claims.dump()); }

// Every way a token can be bad, by what is wrong with it.
std::vector<std::pair<std::string, std::string>> bad_tokens(Bench& bench) {
    const auto seconds = now().unix_seconds();
    const Json good = bench.claims(bench.service().project(), bench.owner_scopes());
    const auto with = [&](std::string_view name, Json value) { return bench.token(changed(good, name, std::move(value))); };
    Json without_subject = good, without_expiry = good;
    without_subject.as_object().erase("sub");
    without_expiry.as_object().erase("exp");

    const std::string signed_token = bench.token(good);
    const auto last_dot = signed_token.rfind('.');
    const auto first_dot = signed_token.find('.');
    const std::string signature = signed_token.substr(last_dot);
    const std::string head = signed_token.substr(0, first_dot);
    std::string flipped = signed_token;
    flipped[last_dot + 5] = flipped[last_dot + 5] == 'A' ? 'B' : 'A';

    const auto keys = Json::parse(bench.service().jwks()).or_throw();
    const std::string kid = keys.at_pointer("/keys/0/kid")->as_string();
    const auto somebody = auth::Signer::generate();                                 // a key nobody has published
    const auto impostor = auth::Signer::generate(auth::Algorithm::es256, kid);      // another key by the published name
    const Json none = Json::object({{"alg", "none"}, {"typ", "at+jwt"}, {"kid", kid}});
    const std::string symmetric = unsigned_part(Json::object({{"alg", "HS256"}, {"typ", "at+jwt"}, {"kid", kid}}), good);
    return {
        {"expired", with("exp", seconds - 3600)},
        {"not valid yet", with("nbf", seconds + 3600)},
        {"of another issuer", with("iss", "somebody else")},
        {"for another audience", with("aud", "another platform")},
        {"without sub", bench.token(without_subject)},
        {"without exp", bench.token(without_expiry)},
        {"with alg none", unsigned_part(none, good) + "."},
        {"signed by the public key as an HMAC secret", symmetric + "." + base64url_encode(hmac_sha256(keys.at_pointer("/keys/0/x")->as_string(), symmetric))},
        {"of an unknown key", somebody.token(good.dump(), "at+jwt")},
        {"of an impostor's key", impostor.token(good.dump(), "at+jwt")},
        {"with changed claims", head + "." + base64url_encode(changed(good, "sub", "root").dump()) + signature},
        {"with a changed signature", flipped},
        {"without a signature", signed_token.substr(0, last_dot) + "."},
        {"cut off", signed_token.substr(0, signed_token.size() / 2)},
        {"that is none", "not-a-token"},
    };
}

void bad_token(Bench& bench, const Route& route) {
    for (const auto& [what, token] : bad_tokens(bench)) {
        Probe probe = unauthorised(bench, route);
        probe.token = token;
        const Answer answer = bench.send(&route, probe);
        expect_challenge(bench, answer, "Bearer error=\"invalid_token\"", "with a token " + what);
    }
    Probe basic = unauthorised(bench, route);
    basic.headers.emplace_back("Authorization", "Basic " + base64_encode("root:root"));
    // Where access keys are taken by Basic, that is what is asked for.
    expect_challenge(bench, bench.send(&route, basic), route.options.keys == AcceptKeys::no ? "Bearer" : "Basic", "with Basic credentials");
}

// What a scope grants beyond itself: admin includes write, and that read.
void wrong_scope(Bench& bench, const Route& route) {
    const std::string noun = route.scope.substr(0, route.scope.rfind(':'));
    std::vector<std::string> lesser{"conformance:admin"};
    if (route.scope.ends_with(":write") || route.scope.ends_with(":admin")) lesser.push_back(noun + ":read");
    if (route.scope.ends_with(":admin")) lesser.push_back(noun + ":write");
    for (const auto& scopes : lesser) {
        Probe probe = unauthorised(bench, route);
        probe.token = bench.token(bench.claims(bench.service().project(), scopes));
        const Answer answer = bench.send(&route, probe);
        if (!bench.expect(answer, 403, "forbidden", "with the scope " + scopes)) continue;
        const std::string challenge = answer.header("WWW-Authenticate");
        if (challenge.find("insufficient_scope") == std::string::npos || challenge.find(route.scope) == std::string::npos)
            bench.fail("with the scope " + scopes + ": WWW-Authenticate does not name " + route.scope + " but is \"" + challenge + "\"");
    }
}

void no_project(Bench& bench, const Route& route) {
    Json claims = bench.claims(bench.service().project(), bench.owner_scopes());
    claims.as_object().erase("project");
    Probe probe = unauthorised(bench, route);
    probe.token = bench.token(claims);
    bench.expect(bench.send(&route, probe), 403, "forbidden", "with a token that names no project");
}

bool fits(const std::string& path_template, const std::vector<std::string_view>& path) {
    const auto wanted = segments_of(path_template);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].ends_with("...}")) return true;
        if (i >= path.size()) return false;
        const auto open = wanted[i].find('{'), close = wanted[i].find('}');
        const bool takes = open == std::string_view::npos
                               ? wanted[i] == path[i]
                               : path[i].size() + (close - open + 1) > wanted[i].size() && path[i].starts_with(wanted[i].substr(0, open)) &&
                                     path[i].ends_with(wanted[i].substr(close + 1));
        if (!takes) return false;
    }
    return wanted.size() == path.size();
}

void other_methods(Bench& bench, const Route& route) {
    const Probe like = unauthorised(bench, route);
    const auto path = segments_of(like.target);
    std::vector<std::string> allowed;
    for (const Route& other : bench.router().routes()) {
        const std::string method(http::to_string(other.method));
        if (fits(other.path, path) && std::find(allowed.begin(), allowed.end(), method) == allowed.end()) allowed.push_back(method);
    }
    if (std::find(allowed.begin(), allowed.end(), "GET") != allowed.end()) allowed.emplace_back("HEAD");
    allowed.emplace_back("OPTIONS");
    std::sort(allowed.begin(), allowed.end());
    const auto check_allow = [&](const Answer& answer, const std::string& method) {
        std::vector<std::string> told;
        const std::string field = answer.header("Allow");
        for (const auto item : ascii::split(field, ',')) told.emplace_back(ascii::trim(item));
        std::sort(told.begin(), told.end());
        if (told != allowed) bench.fail(method + ": Allow is \"" + field + "\"");
    };
    for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "PURGE"}) {
        if (std::find(allowed.begin(), allowed.end(), method) != allowed.end()) continue;
        const Answer answer = bench.send(nullptr, {.method = method, .target = like.target, .token = bench.owner().token()});
        if (bench.expect(answer, 405, "method-not-allowed", method)) check_allow(answer, method);
    }
    const Answer options = bench.send(nullptr, {.method = "OPTIONS", .target = like.target});
    if (bench.expect(options, 204, "", "OPTIONS")) check_allow(options, "OPTIONS");
}

constexpr Rule rules[] = {
    {"no-token", "without a token 401 with WWW-Authenticate: Bearer", &is_protected, &no_token},
    {"bad-token", "a bad token of whatever kind is a 401 that says invalid_token, on open routes too", &any_api, &bad_token},
    {"scope", "a token without the route's scope is a 403 that names the scope", &is_protected, &wrong_scope},
    {"project", "a token that names no project is a 403", &is_protected, &no_project},
    {"method", "another method is a 405 with Allow; OPTIONS tells the same", &any_api, &other_methods},
};

} // namespace

std::span<const Rule> credential_rules() { return rules; }

} // namespace gravity::testkit
