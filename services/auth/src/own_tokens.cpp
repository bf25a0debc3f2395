#include "own_tokens.hpp"

#include "problems.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/jws.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::issuer {
namespace {

auth::VerifierOptions verifier_options(const Settings& settings) {
    auth::VerifierOptions options;
    options.issuer = settings.public_url.str();
    options.audiences = {settings.token_audience.str()};
    options.allow_rs256 = true;
    options.types = {"at+jwt"};
    return options;
}

// What an unverified token says its issuer is: to know who is to look at it.
bool names_issuer(std::string_view token, const std::string& issuer) {
    const auto jws = auth::parse_jws(token);
    if (!jws) return false;
    const auto text = base64url_decode(jws->payload);
    const auto payload = text ? Json::parse(*text, {.max_depth = 16, .max_values = 4096}) : Parsed<Json>(ParseError{"no base64url"});
    if (!payload) return false;
    const Json* const named = payload->find("iss");
    return named != nullptr && named->is_string() && named->as_string() == issuer;
}

std::string origin_of(const std::string& url) { return url.substr(0, url.find('/', url.find("://") + 3)); }

} // namespace

OwnTokens::OwnTokens(const Keyring& keyring, const Settings& settings)
    : keyring_(keyring), issuer_(settings.public_url.str()), verifier_(verifier_options(settings)), gate_({origin_of(issuer_)}) {}

auth::Result<std::shared_ptr<const auth::Claims>> OwnTokens::verify(std::string_view token) {
    auto keys = keyring_.now();
    if (!keys) throw Refusal(keys_not_ready).with_header("Retry-After", "1");
    if (keys != keys_) {
        verifier_.set_keys(std::shared_ptr<const auth::KeySet>(keys, &keys->published));
        keys_ = std::move(keys);
    }
    return verifier_.verify(token, now().unix_seconds());
}

// How a client authenticates at an endpoint of OAuth is read there, and would be refused here, where only bearer tokens are known: whoever comes is a caller
// of no project who may nothing. Who registers clients comes with a token like any other caller.
Task<std::optional<Caller>> OwnTokens::caller_of(const http::Request& request) {
    if (request.path.starts_with("/oauth2/") && request.path != "/oauth2/register") co_return Caller{};
    const auto presented = auth::presented_token(request);
    if (!presented || !names_issuer(presented->token, issuer_)) co_return std::nullopt;
    const auto claims = verify(presented->token);
    if (!claims) throw Refusal(problems::unauthenticated).with_header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    gate_.admit(request, *presented, **claims, now().unix_seconds());
    co_return auth::caller_of(**claims);
}

} // namespace gravity::issuer
