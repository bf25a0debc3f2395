#pragma once

#include <gravity/base/time.hpp>
#include <gravity/http/extract.hpp>

#include <optional>
#include <string_view>

/// When the person signed in whose token this is (`auth_time`, OpenID Connect Core section 2), for what is not to be done by whoever finds an open browser.
namespace gravity::user {

struct SignInTime {
    std::optional<Timestamp> at;
};

/// Of the token in a field Authorization that the platform has verified already: nothing is verified here.
std::optional<Timestamp> sign_in_time(std::string_view authorization);

/// Refuses (RFC 9470) unless it was within so many seconds; 0 asks for nothing.
void check_fresh(const SignInTime& signed_in, Timestamp now, int seconds);

} // namespace gravity::user

template <>
struct gravity::http::Extractor<gravity::user::SignInTime> {
    static user::SignInTime read(Input& in) { return {user::sign_in_time(in.request().headers.get("Authorization").value_or(""))}; }
    static void describe(Route&) {}
};
