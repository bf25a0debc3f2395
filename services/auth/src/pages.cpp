#include "pages.hpp"

#include "redirects.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/html.hpp>

namespace gravity::issuer::pages {
namespace {

constexpr std::string_view style =
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:10vh auto;padding:0 1rem;overflow-wrap:anywhere;color:#1a1a1a;background:#fff}"
    "a{color:#0b4f9e}svg{display:block;max-width:100%;height:auto}"
    "label{display:block;margin:1rem 0 .25rem}input[type=text],input[type=password]{box-sizing:border-box;width:100%;font:inherit;padding:.5rem;"
    "border:1px solid #595959;border-radius:.25rem}button{font:inherit;margin:1.5rem .5rem 0 0;padding:.5rem 1.25rem;border:1px solid #0b4f9e;"
    "border-radius:.25rem;background:#0b4f9e;color:#fff}button.other{background:#fff;color:#0b4f9e}[role=alert]{color:#9e0b0f;font-weight:600}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#181818}a{color:#8cbcf2}input{color:#eee;background:#262626}"
    "button.other{background:#181818;color:#8cbcf2}"
    "[role=alert]{color:#ff9d9f}}";

std::vector<std::string> targets(const std::string& target) {
    if (target.empty()) return {};
    return {target};
}

} // namespace

std::string_view explained(std::string_view scope) {
    if (scope == "openid") return "that it is you who signed in";
    if (scope == "profile") return "your user name";
    if (scope == "email") return "your e-mail address";
    if (scope == "phone") return "your phone number";
    if (scope == "roles") return "which roles you have";
    if (scope == "offline_access") return "all this later too, while you are away";
    return {};
}

std::string hidden(std::string_view name, std::string_view value) {
    return "<input type=\"hidden\" name=\"" + std::string(name) + "\" value=\"" + html_escape(value) + "\">";
}

Web page(int status, std::string_view title, std::string_view content, const std::vector<std::string>& form_targets, std::string_view script) {
    static const std::string style_hash = base64_encode(sha256(style));
    std::string policy = "default-src 'none'; style-src 'sha256-" + style_hash + "'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
    for (const std::string& target : form_targets) policy += " " + target;
    if (!script.empty()) policy += "; script-src 'self'";
    const std::string loaded = script.empty() ? std::string() : "<script src=\"" + std::string(script) + "\" defer></script>";
    const std::string head = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">";
    Web web{"text/html; charset=utf-8", head + "<title>" + html_escape(title) + "</title><style>" + std::string(style) + "</style>" + loaded +
                                            "</head><body><main><h1>" + html_escape(title) + "</h1>" + std::string(content) + "</main></body></html>"};
    web.status = status;
    web.headers = {{"Content-Security-Policy", policy}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
    web.headers.emplace_back("X-Frame-Options", "DENY");
    web.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return web;
}

Web login(std::string_view flow, std::string_view client, std::string_view name, std::string_view fault, int status, const std::string& target,
          OtherWays others) {
    std::string content = "<p>to go on to " + html_escape(client) + "</p>";
    if (!fault.empty()) content += "<p role=\"alert\">" + html_escape(fault) + "</p>";
    content += "<form method=\"post\" action=\"/login\">" + hidden("flow", flow) +
               "<label for=\"name\">E-mail address, phone number or user name</label><input type=\"text\" id=\"name\" name=\"login_name\" value=\"" +
               html_escape(name) +
               "\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"254\" required>"
               "<label for=\"password\">Password</label>"
               "<input type=\"password\" id=\"password\" name=\"password\" autocomplete=\"current-password\" required>"
               "<button type=\"submit\">Sign in</button></form>";
    if (others.passkey) content += "<p><a href=\"/login/passkey?flow=" + html_escape(flow) + "\">Sign in with a passkey</a></p>";
    if (others.recovery) content += "<p><a href=\"/login/recover?flow=" + html_escape(flow) + "\">Forgotten your password?</a></p>";
    if (others.sign_up) content += "<p><a href=\"/login/sign-up?flow=" + html_escape(flow) + "\">New here? Sign up</a></p>";
    return page(status, "Sign in", content, targets(target));
}

Web consent(std::string_view flow, std::string_view client, const std::vector<std::string>& scopes, const std::string& target, std::string_view user_code) {
    std::string known, acts;
    for (const std::string& scope : scopes) {
        const std::string_view what = explained(scope);
        (what.empty() ? acts : known) += "<li>" + (what.empty() ? "<code>" + html_escape(scope) + "</code>" : std::string(what)) + "</li>";
    }
    std::string content;
    if (!user_code.empty())
        content += "<p>A device shows the code <strong>" + html_escape(user_code) +
                   "</strong>. Go on only if it is in front of you: somebody else who sent you this code would be signed in as you.</p>";
    content += "<p>" + html_escape(client) + " asks to know:</p><ul>" + known + "</ul>";
    if (!acts.empty()) content += "<p>and to act in your name where this is needed:</p><ul>" + acts + "</ul>";
    content += "<form method=\"post\" action=\"/login/consent\">" + hidden("flow", flow) +
               "<button type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>"
               "<button type=\"submit\" name=\"decision\" value=\"deny\" class=\"other\">Refuse</button></form>";
    return page(200, "Allow " + std::string(client) + "?", content, targets(target));
}

Web device(std::string_view user_code, std::string_view fault, int status) {
    std::string content;
    if (!fault.empty()) content += "<p role=\"alert\">" + html_escape(fault) + "</p>";
    content += "<form method=\"post\" action=\"/login/device\"><label for=\"code\">Code that your device shows</label>"
               "<input type=\"text\" id=\"code\" name=\"user_code\" value=\"" +
               html_escape(user_code) +
               "\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" maxlength=\"64\" required>"
               "<button type=\"submit\">Go on</button></form>";
    return page(status, "Sign in on a device", content);
}

Web device_answered(bool allowed) {
    if (allowed) return page(200, "Done", "<p>Your device is signed in. You may close this page.</p>");
    return page(200, "Refused", "<p>The device is not signed in. You may close this page.</p>");
}

Web sign_out(std::string_view proof, std::string_view client_id, std::string_view redirect, std::string_view state, const std::string& target) {
    const std::string content = "<form method=\"post\" action=\"/oauth2/logout\">" + hidden("proof", proof) + hidden("client_id", client_id) +
                                hidden("post_logout_redirect_uri", redirect) + hidden("state", state) + "<button type=\"submit\">Sign out</button></form>";
    return page(200, "Sign out?", content, targets(target));
}

Web signed_out() { return page(200, "Signed out", "<p>You may close this page.</p>"); }

Web fault(int status, std::string_view explanation) { return page(status, "This does not work", "<p role=\"alert\">" + html_escape(explanation) + "</p>"); }

Web refused(const Refusal& refusal, std::string_view explanation) {
    Web web = fault(refusal.problem().status, explanation);
    for (const auto& header : refusal.headers()) web.headers.push_back(header);
    return web;
}

Web with_trace(Web web, std::string_view trace_id) {
    const auto end = web.body.rfind("</main>");
    if (web.status >= 400 && end != std::string::npos)
        web.body.insert(end, "<p>If you ask for help, say: <code>" + html_escape(trace_id) + "</code></p>");
    return web;
}

Web to(std::string location) {
    Web web{"text/html; charset=utf-8", ""};
    web.status = 303;
    web.headers = {{"Location", std::move(location)}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
    return web;
}

Web on_from_form(std::string location) {
    if (!is_ipv6_redirect(location)) return to(std::move(location));
    Web web = page(200, "Going back", "<p>Your browser takes you back to the application.</p><p><a href=\"" + html_escape(location) + "\">Go on</a></p>");
    web.headers.emplace_back("Refresh", "0; url=" + location); // of characters that a redirect may have: no blank and no line ends in it
    return web;
}

} // namespace gravity::issuer::pages
