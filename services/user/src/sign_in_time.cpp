#include "sign_in_time.hpp"

#include "problems.hpp"

#include <gravity/base/encoding.hpp>

#include <string>

namespace gravity::user {

std::optional<Timestamp> sign_in_time(std::string_view authorization) {
    const auto blank = authorization.find(' '), first = authorization.find('.'), second = authorization.find('.', first + 1);
    if (blank == std::string_view::npos || first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
    const auto payload = base64url_decode(authorization.substr(first + 1, second - first - 1));
    if (!payload) return std::nullopt;
    const auto claims = Json::parse(*payload);
    const Json* const at = claims ? claims->find("auth_time") : nullptr;
    constexpr std::int64_t furthest = 253'402'300'799; // the year 9999
    if (at == nullptr || at->kind() != Json::Kind::integer || at->as_integer() < 0 || at->as_integer() > furthest) return std::nullopt;
    return Timestamp::from_unix_seconds(at->as_integer());
}

void check_fresh(const SignInTime& signed_in, Timestamp now, int seconds) {
    if (seconds == 0) return;
    if (signed_in.at && now - *signed_in.at <= Duration::seconds(seconds)) return;
    throw Refusal(sign_in_not_fresh)
        .with_header("WWW-Authenticate",
                     "Bearer error=\"insufficient_user_authentication\", error_description=\"A sign-in of just now is required\", max_age=\"" +
                         std::to_string(seconds) + "\"");
}

} // namespace gravity::user
