#include "own_address.hpp"

#include "invitations_model.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/dpop.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::project {
namespace {

// The token has been verified before any handler runs: what it says is the issuer's word.
std::optional<UserInfo> told_by_token(const http::Request& request) {
    const auto presented = auth::presented_token(request);
    const auto parts = ascii::split(presented ? presented->token : std::string_view(), '.');
    const auto bytes = parts.size() == 3 ? base64url_decode(parts[1]) : std::nullopt;
    const auto payload = Json::parse(bytes.value_or("null"));
    const Json* const email = payload ? payload->find("email") : nullptr;
    const Json* const verified = payload ? payload->find("email_verified") : nullptr;
    if (email == nullptr || !email->is_string()) return std::nullopt;
    UserInfo info;
    info.email = email->as_string();
    info.email_verified = verified != nullptr && *verified == Json(true);
    return info;
}

Email confirmed(const UserInfo& info) {
    const auto address = info.email && info.email_verified.value_or(false) ? Email::parse(*info.email) : Parsed<Email>(ParseError{"none"});
    if (!address) throw Refusal(address_not_confirmed);
    return *address;
}

} // namespace

Task<Email> own_address(Ctx& ctx, const Caller& caller) {
    if (const auto told = told_by_token(ctx.request())) co_return confirmed(*told);
    auto& provider = ctx.get<Client<IdentityProvider>>();
    Reply<UserInfo> reply = co_await provider.call(ctx, IdentityProvider::userinfo);
    if (reply.status() == 401 || reply.status() == 403 || (reply && reply->sub != caller.subject)) throw Refusal(address_not_confirmed);
    const UserInfo info = std::move(reply).or_unavailable();
    co_return confirmed(info);
}

} // namespace gravity::project
