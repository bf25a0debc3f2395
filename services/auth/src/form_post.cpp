#include "form_post.hpp"

#include "oauth.hpp"
#include "pages.hpp"
#include "sign_in_flow.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/html.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::authorization {
namespace {

constexpr std::string_view form_post_label = "form post";
constexpr std::string_view form_post_js = "\"use strict\";\ndocument.forms[0].submit();\n";

Web posting_page(const Json& answer) {
    const std::string& to = answer.find("to")->as_string();
    std::string content = "<form method=\"post\" action=\"" + html_escape(to) + "\">";
    for (const auto& [name, value] : answer.find("fields")->as_object()) content += pages::hidden(name, value.as_string());
    content += "<p>Your browser takes you back to the application.</p><button type=\"submit\">Go on</button></form>"; // for who has no scripts
    return pages::page(200, "Going back", content, {redirect_origin(to)}, "/login/form_post.js");
}

Web posted(Ctx& ctx) {
    const oauth::Form form = oauth::Form::parse(form_type, ctx.request().query);
    const std::string* const given = form.find("answer");
    if (given == nullptr) return pages::fault(400, flow_gone);
    const auto said = ctx.get<auth::MasterKeys>().open(*given, form_post_label);
    if (!said) return pages::fault(400, flow_gone);
    return posting_page(Json::parse(said->reveal()).or_throw()); // which was written here
}

Web the_script() {
    Web web{"text/javascript; charset=utf-8", std::string(form_post_js)};
    web.headers = {{"Cache-Control", "max-age=300"}, {"X-Content-Type-Options", "nosniff"}, {"Cross-Origin-Resource-Policy", "same-origin"}};
    return web;
}

} // namespace

std::string form_post_uri(Ctx& ctx, std::string_view redirect, const Parameters& parameters) {
    Json fields = Json::object();
    for (const auto& [name, value] : parameters)
        if (!value.empty()) fields[name] = value;
    const std::string said = Json::object({{"to", redirect}, {"fields", std::move(fields)}}).dump();
    // Sealed: addresses are kept in histories and logs, and the answer has the code, which a client asks for by a form so that it is in none of them.
    return "/oauth2/form_post?answer=" + ctx.get<auth::MasterKeys>().seal(said, form_post_label); // of characters that a query takes as they are
}

Task<Web> form_post(Ctx& ctx) {
    std::optional<std::string> fault;
    try {
        co_return posted(ctx);
    } catch (const oauth::Refused& refused) {
        fault = refused.description();
    }
    co_return pages::fault(400, *fault);
}

Task<Web> form_post_script(Ctx&) { co_return the_script(); }

} // namespace gravity::issuer::authorization
