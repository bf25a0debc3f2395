#pragma once

#include <gravity/http/web.hpp>
#include <gravity/json/json.hpp>

#include <string>
#include <string_view>

/// Pages that ask the browser for a passkey, with the one script that there is: browsers have no other way to it. As those of pages.hpp. Pure.
namespace gravity::issuer::pages {

/// Where the script is. It reads what to ask from the page's form, and sends the form with what the browser said.
inline constexpr std::string_view passkey_script_path = "/login/passkeys.js";
Web passkey_script();

/// Where somebody signs in by a passkey. `behind_password`: as a second factor, instead of which a code does too.
struct PasskeySignIn {
    std::string flow;
    Json options;
    bool behind_password = false;
};
Web passkey_sign_in(const PasskeySignIn& asking, std::string_view fault, int status, const std::string& target);

/// Where somebody who is signed in makes one; and where they prove by one that it is they.
struct PasskeyAsked {
    std::string proof; // that the form is sent back by the browser that has it
    Json options;
};
Web make_passkey(const PasskeyAsked& asking);
/// The same where somebody regains their account by a link with this token. `asking.proof`: what a code has proven there.
Web regain_by_passkey(std::string_view token, const PasskeyAsked& asking);
Web prove_by_passkey(const PasskeyAsked& asking, std::string_view fault, int status);

} // namespace gravity::issuer::pages
