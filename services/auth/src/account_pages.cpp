#include "account_pages.hpp"

#include "among.hpp"
#include "page_parts.hpp"
#include "pages.hpp"
#include "qr_code.hpp"

#include <gravity/base/html.hpp>

#include <functional>

namespace gravity::issuer::pages {
namespace {

std::string form_to(std::string_view action, std::string_view proof) {
    return "<form method=\"post\" action=\"/account/security" + std::string(action) + "\">" + hidden("proof", proof);
}

std::string shown(const ShownPasskey& passkey) {
    std::string text = "<p><strong>" + html_escape(passkey.name.value_or("")) + "</strong>, of " + passkey.created_at.date().to_string();
    text += passkey.last_used_at ? ", last used on " + passkey.last_used_at->date().to_string() : ", not used yet";
    if (passkey.backed_up) text += ", kept on several devices";
    text += "</p>";
    if (passkey.suspected_at)
        text += "<p role=\"alert\">It was refused on " + passkey.suspected_at->date().to_string() +
                ": somebody may have a copy. Remove it, unless you know why.</p>";
    return text;
}

std::string passkeys(const Security& security, const std::function<std::string(std::string_view)>& proving) {
    if (!security.passkeys_offered && security.passkeys.empty()) return {};
    std::string content = "<h2>Passkeys</h2>";
    for (const ShownPasskey& passkey : security.passkeys)
        content += shown(passkey) + form_to("/passkeys/remove", security.proof) + hidden("id", passkey.id.to_string()) +
                   proving("passkey-" + passkey.id.to_string()) + button("Remove this passkey");
    if (!security.passkeys_offered) return content;
    content += "<p>A passkey signs you in by your device alone, with its lock or your fingerprint. Once you have one, your password alone does so no more.</p>";
    return content + form_to("/passkeys", security.proof) + proving("add") + button("Make a passkey");
}

// What somebody recognises a session by.
std::string how(const std::vector<std::string>& amr) {
    const bool passkey = among(amr, "pop"), password = among(amr, "pwd");
    if (passkey) return password ? "by password and passkey" : "by passkey";
    return among(amr, "mfa") ? "by password and code" : "by password";
}

std::string sessions(const Security& security) {
    std::string content = "<h2>Where you are signed in</h2>";
    for (const Session& session : security.sessions) {
        const bool here = session.id == security.here;
        const std::string since = session.auth_time.truncated_to_seconds().to_string();
        content += "<p>" + std::string(here ? "<strong>Here</strong>, since " : "Since ") + since + ", " + how(session.amr) + "</p>";
        if (!here) content += form_to("/sessions/end", security.proof) + hidden("id", session.id.to_string()) + button("Sign out there");
    }
    return content + form_to("/sessions/end-others", security.proof) + button("Sign out everywhere else");
}

std::string trusted_browsers(const Security& security) {
    if (security.devices.empty()) return {};
    std::string content = "<h2>Browsers that are trusted</h2><p>There you get in even while somebody else tries your password again and again.</p>";
    for (const TrustedDevice& device : security.devices) {
        const bool here = device.id == security.device_here;
        content += "<p>" + std::string(here ? "<strong>This one</strong>, since " : "Since ") + device.created_at.date().to_string() + ", signed in last on " +
                   device.last_used_at.date().to_string() + "</p>" + form_to("/devices/forget", security.proof) + hidden("id", device.id.to_string()) +
                   button("Trust it no more");
    }
    return content;
}

std::string applications(const Security& security) {
    if (security.applications.empty()) return {};
    std::string content = "<h2>Applications</h2>";
    for (const Application& application : security.applications) {
        std::string known;
        for (const std::string& scope : application.scopes) {
            const std::string_view what = explained(scope);
            known += "<li>" + (what.empty() ? "<code>" + html_escape(scope) + "</code>" : std::string(what)) + "</li>";
        }
        content += "<p><strong>" + html_escape(application.name) + "</strong> knows or may use:</p><ul>" + known + "</ul>" +
                   form_to("/applications/remove", security.proof) + hidden("id", application.id.to_string()) + button("Take it back");
    }
    return content;
}

} // namespace

Web security(const Security& security, std::string_view fault, int status) {
    const bool second = security.app || !security.passkeys.empty();
    const auto proving = [&](std::string_view id) {
        if (!security.proven.empty()) return hidden("proven", security.proven);
        const std::string text(id);
        return password_field(text + "-password", "password", "Your password", "current-password") + (second ? code_field(text + "-code", code_label) : "");
    };
    std::string content = "<p>" + html_escape(security.name) + "</p>" + alert(fault);
    if (security.passkeys_offered && !security.passkeys.empty() && security.proven.empty())
        content += "<p><a href=\"/account/security/passkey\">Prove by a passkey that it is you</a>, and you are not asked for anything else.</p>";
    if (security.regained_from)
        content += "<p role=\"alert\">Somebody who reads your mail wants to set up another way into your account, and may from " +
                   security.regained_from->truncated_to_seconds().to_string() + " on.</p>" + form_to("/recovery/stop", security.proof) + button("Stop it");
    if (security.unconfirmed) content += form_to("/addresses", security.proof) + button("Confirm your e-mail address");
    content += "<h2>Password</h2>" + form_to("/password", security.proof) + proving("change") +
               password_field("new", "new_password", "New password", "new-password") + button("Change password") + "<h2>Codes of an app</h2>";
    if (!security.app) {
        content += "<p>An app on your phone makes codes that nobody who knows your password has.</p>";
        content += form_to("/totp", security.proof) + (second ? proving("app") : "") + button("Set up an app");
    } else {
        content += "<p>An app is set up.</p>" + form_to("/totp/remove", security.proof) + proving("remove") + button("Remove the app");
    }
    content += passkeys(security, proving);
    if (second)
        content += "<h2>Recovery codes</h2><p>" + std::to_string(security.recovery_codes) + " recovery codes are left.</p>" +
                   form_to("/recovery-codes", security.proof) + proving("renew") + button("New recovery codes");
    return page(status, "Your security", content + sessions(security) + trusted_browsers(security) + applications(security));
}

Web enrolling(const Enrolling& enrolling, std::string_view fault, int status) {
    std::string grouped;
    for (std::size_t at = 0; at < enrolling.secret.size(); at += 4) grouped += (at == 0 ? "" : " ") + enrolling.secret.substr(at, 4);
    const auto picture = qr_code(enrolling.uri, "The same link as a picture");
    std::string content = alert(fault) + "<p>Have your app " + (picture ? "scan this picture, " : "") + "<a href=\"" + html_escape(enrolling.uri) +
                          "\">open this link</a>, or type this key into it:</p>" + picture.value_or("");
    content += "<p><code>" + grouped + "</code></p>" + form_to("/totp/confirm", enrolling.proof) + hidden("sealed", enrolling.sealed);
    content += code_field("code", "The code that it shows") +
               (enrolling.proven.empty() ? password_field("password", "password", "Your password", "current-password") : hidden("proven", enrolling.proven)) +
               button("Go on");
    return page(status, "Set up an app", content);
}

Web recovery_codes(const std::vector<std::string>& codes) {
    std::string content = "<p>Each of these signs you in once, behind your password, instead of a passkey or a code of your app. "
                          "Keep them where you find them without it: they are shown this once.</p><ul>";
    for (const std::string& code : codes) content += "<li><code>" + html_escape(code) + "</code></li>";
    return page(200, "Recovery codes", content + "</ul><p><a href=\"/account/security\">Your security</a></p>");
}

Web code(std::string_view flow, std::string_view fault, int status, const std::string& target, bool passkey) {
    const std::string form = "<form method=\"post\" action=\"/login/code\">" + hidden("flow", flow) + code_field("code", code_label) + button("Sign in");
    std::string content = alert(fault) + form;
    if (passkey) content += "<p><a href=\"/login/passkey?flow=" + html_escape(flow) + "\">Use a passkey instead</a></p>";
    return page(status, "One more step", content, target.empty() ? std::vector<std::string>{} : std::vector<std::string>{target});
}

Web recover(std::string_view flow, std::string_view fault, int status) {
    const std::string content = alert(fault) + "<form method=\"post\" action=\"/login/recover\">" + hidden("flow", flow) +
                                "<label for=\"name\">Your e-mail address</label><input type=\"text\" id=\"name\" name=\"login_name\" autocomplete=\"username\" "
                                "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"254\" required>" +
                                button("Send me a link");
    return page(status, "Forgotten your password?", content);
}

Web reset(std::string_view token, std::string_view fault, int status) {
    const std::string content = alert(fault) + "<form method=\"post\" action=\"/login/reset\">" + hidden("token", token) +
                                password_field("new", "new_password", "New password", "new-password") + button("Set password");
    return page(status, "Set your password", content);
}

Web sign_up(std::string_view flow, std::string_view address, std::string_view fault, int status) {
    const std::string content = alert(fault) + "<form method=\"post\" action=\"/login/sign-up\">" + hidden("flow", flow) +
                                "<label for=\"name\">Your e-mail address</label><input type=\"text\" id=\"name\" name=\"login_name\" value=\"" +
                                html_escape(address) +
                                "\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"254\" required>" +
                                password_field("new", "new_password", "A password", "new-password") + button("Sign up") +
                                "<p><a href=\"/login?flow=" + html_escape(flow) + "\">Sign in instead</a></p>";
    return page(status, "Sign up", content);
}

Web sign_up_code(std::string_view flow, std::string_view fault, int status, const std::string& target) {
    const std::string content = alert(fault) + "<p>A code is on its way to your e-mail address. If there is none, look for a mail that says why.</p>" +
                                "<form method=\"post\" action=\"/login/sign-up/code\">" + hidden("flow", flow) +
                                code_field("code", "The code that you were sent") + button("Go on") + "<p><a href=\"/login/sign-up?flow=" + html_escape(flow) +
                                "\">Send another</a></p>";
    return page(status, "Look into your mailbox", content, target.empty() ? std::vector<std::string>{} : std::vector<std::string>{target});
}

Web confirm(std::string_view token, std::string_view address) {
    return page(200, "Confirm your e-mail address",
                "<p>" + html_escape(address) + "</p><form method=\"post\" action=\"/login/confirm\">" + hidden("token", token) + button("It is mine"));
}

Web notice(std::string_view title, std::string_view explanation) { return page(200, title, "<p>" + html_escape(explanation) + "</p>"); }

Web done(std::string_view title, std::string_view explanation) {
    return page(200, title, "<p>" + html_escape(explanation) + "</p><p><a href=\"/account/security\">Your security</a></p>");
}

} // namespace gravity::issuer::pages
