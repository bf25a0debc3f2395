#include "account_pages.hpp"

#include "pages.hpp"

namespace gravity::issuer::pages {
namespace {

std::string alert(std::string_view fault) { return fault.empty() ? "" : "<p role=\"alert\">" + escaped(fault) + "</p>"; }

std::string form_to(std::string_view action, std::string_view proof) {
    return "<form method=\"post\" action=\"/account/security" + std::string(action) + "\">" + hidden("proof", proof);
}

std::string password_field(std::string_view id, std::string_view name, std::string_view label, std::string_view autocomplete) {
    return "<label for=\"" + std::string(id) + "\">" + std::string(label) + "</label><input type=\"password\" id=\"" + std::string(id) + "\" name=\"" +
           std::string(name) + "\" autocomplete=\"" + std::string(autocomplete) + "\" required>";
}

std::string code_field(std::string_view id, std::string_view label) {
    return "<label for=\"" + std::string(id) + "\">" + std::string(label) + "</label><input type=\"text\" id=\"" + std::string(id) +
           "\" name=\"code\" inputmode=\"text\" autocomplete=\"one-time-code\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\" required>";
}

std::string button(std::string_view text) { return "<button type=\"submit\">" + std::string(text) + "</button></form>"; }

constexpr std::string_view code_label = "Code of your app, or a recovery code";

} // namespace

Web security(const Security& security, std::string_view fault, int status) {
    const bool app = security.recovery_codes.has_value();
    const auto proving = [&](std::string_view id) {
        const std::string text(id);
        return password_field(text + "-password", "password", "Your password", "current-password") + (app ? code_field(text + "-code", code_label) : "");
    };
    std::string content = "<p>" + escaped(security.name) + "</p>" + alert(fault);
    if (security.unconfirmed) content += form_to("/addresses", security.proof) + button("Confirm your e-mail address");
    content += "<h2>Password</h2>" + form_to("/password", security.proof) + proving("change") +
               password_field("new", "new_password", "New password", "new-password") + button("Change password") + "<h2>Codes of an app</h2>";
    if (!app) {
        content += "<p>An app on your phone makes codes that nobody who knows your password has.</p>";
        content += form_to("/totp", security.proof) + button("Set up an app");
    } else {
        content += "<p>An app is set up. " + std::to_string(*security.recovery_codes) + " recovery codes are left.</p>";
        content += form_to("/recovery-codes", security.proof) + proving("renew") + button("New recovery codes");
        content += form_to("/totp/remove", security.proof) + proving("remove") + button("Remove the app");
    }
    return page(status, "Your security", content);
}

Web enrolling(const Enrolling& enrolling, std::string_view fault, int status) {
    std::string grouped;
    for (std::size_t at = 0; at < enrolling.secret.size(); at += 4) grouped += (at == 0 ? "" : " ") + enrolling.secret.substr(at, 4);
    std::string content = alert(fault) + "<p>Have your app <a href=\"" + escaped(enrolling.uri) + "\">open this link</a>, or type this key into it:</p>";
    content += "<p><code>" + grouped + "</code></p>" + form_to("/totp/confirm", enrolling.proof) + hidden("sealed", enrolling.sealed);
    content += code_field("code", "The code that it shows") + password_field("password", "password", "Your password", "current-password") + button("Go on");
    return page(status, "Set up an app", content);
}

Web recovery_codes(const std::vector<std::string>& codes) {
    std::string content = "<p>Each of these signs you in once instead of a code of your app. "
                          "Keep them where you find them without it: they are shown this once.</p><ul>";
    for (const std::string& code : codes) content += "<li><code>" + escaped(code) + "</code></li>";
    return page(200, "Recovery codes", content + "</ul><p><a href=\"/account/security\">Your security</a></p>");
}

Web code(std::string_view flow, std::string_view fault, int status, const std::string& target) {
    const std::string form = "<form method=\"post\" action=\"/login/code\">" + hidden("flow", flow) + code_field("code", code_label) + button("Sign in");
    const std::string content = alert(fault) + form;
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

Web confirm(std::string_view token, std::string_view address) {
    return page(200, "Confirm your e-mail address",
                "<p>" + escaped(address) + "</p><form method=\"post\" action=\"/login/confirm\">" + hidden("token", token) + button("It is mine"));
}

Web notice(std::string_view title, std::string_view explanation) { return page(200, title, "<p>" + escaped(explanation) + "</p>"); }

Web done(std::string_view title, std::string_view explanation) {
    return page(200, title, "<p>" + escaped(explanation) + "</p><p><a href=\"/account/security\">Your security</a></p>");
}

} // namespace gravity::issuer::pages
