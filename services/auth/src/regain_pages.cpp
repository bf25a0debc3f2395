#include "regain_pages.hpp"

#include "page_parts.hpp"
#include "pages.hpp"

#include <gravity/base/html.hpp>

namespace gravity::issuer::pages {
namespace {

constexpr std::string_view regain_title = "Get back into your account";

std::string regain_form(std::string_view action, std::string_view token) {
    return "<form method=\"post\" action=\"/login/regain" + std::string(action) + "\">" + hidden("token", token);
}

std::string moment_text(Timestamp at) { return html_escape(at.truncated_to_seconds().to_string()); }

} // namespace

Web regain(const RegainWays& ways, std::string_view fault, int status) {
    std::string content = alert(fault) + "<p>You sign in by passkeys. If you have lost them, set up another way in here. "
                                         "Nothing that you have is removed.</p>" +
                          "<h2>By a code</h2>" + regain_form("/code", ways.token) + code_field("code", code_label) + button("Go on") + "<h2>By waiting</h2>";
    if (ways.other_waits)
        content += "<p>Somebody waits already, by another of your addresses, and goes on by that one alone. If it is not you, stop it: by the link that was "
                   "sent to all your addresses that we can reach, or by signing in.</p>";
    else if (ways.wait_until)
        content += "<p>You are waiting already. Go on from <strong>" + moment_text(*ways.wait_until) + "</strong> on: a link will be sent to you then.</p>";
    else
        content += "<p>Without a code you wait for " + std::to_string(ways.hours) +
                   (ways.hours == 1 ? " hour" : " hours") + ". All your addresses that we can reach are told, so that you can stop it if it is not you.</p>" +
                   regain_form("/wait", ways.token) + button("Begin to wait");
    return page(status, regain_title, content);
}

Web regain_choice(const RegainChoice& choice, std::string_view fault, int status) {
    std::string content = alert(fault);
    if (choice.passkeys_offered)
        content += "<h2>A passkey</h2><p>It signs you in by the device that you make it on.</p>" + regain_form("/passkey", choice.token) +
                   hidden("proven", choice.proven) + button("Make a passkey");
    content += "<h2>A password</h2><p>With it come recovery codes: to sign in you need the password and one of them.</p>" +
               regain_form("/password", choice.token) + hidden("proven", choice.proven) +
               password_field("new", "new_password", "New password", "new-password") + button("Set password");
    return page(status, regain_title, content);
}

Web regain_begun(Timestamp from) {
    return page(200, "Now you wait",
                "<p>Go on from <strong>" + moment_text(from) +
                    "</strong> on: a link will be sent to you then. All your addresses that we can reach are told, with a link that stops it.</p>");
}

Web regained_by_password(const std::vector<std::string>& codes) {
    std::string content = "<p>Please go back to where you came from, and sign in by your password and one of these codes. Each is good once. Keep them "
                          "where you find them: they are shown this once.</p><ul>";
    for (const std::string& code : codes) content += "<li><code>" + html_escape(code) + "</code></li>";
    return page(200, "Your password is set", content + "</ul>");
}

Web stop_regaining(std::string_view token) {
    return page(200, "Was this not you?",
                "<p>Somebody who reads your mail wants to set up another way into your account. If it is not you, stop it, and look after your mailbox.</p>" +
                    regain_form("/cancel", token) + button("Stop it"));
}

} // namespace gravity::issuer::pages
