#include "sign_up_api.hpp"

#include "account_pages.hpp"
#include "oauth.hpp"
#include "pages.hpp"
#include "problems.hpp"
#include "redirects.hpp"
#include "sign_in_steps.hpp"
#include "sign_up.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::authorization {
namespace {

using oauth::Form;

std::string said(const Form& form, std::string_view name) { return form.find(name) != nullptr ? *form.find(name) : std::string(); }

bool signs_up_here(Ctx& ctx, const OpenFlow& open) { return ctx.get<SignUpPolicy>().offered(open.flow.project); }

Web no_sign_up() { return pages::fault(404, "Nobody signs up by themselves here. Please ask whoever runs the application."); }

Task<Web> shown_sign_up(Ctx& ctx, const Form& form, const OpenFlow& open) {
    if (!signs_up_here(ctx, open)) co_return no_sign_up();
    co_return pages::sign_up(form.required("flow"), {}, {}, 200);
}

// What is wrong with what was typed is told; whether somebody has the address is not.
Task<Web> wished(Ctx& ctx, const Form& form, const OpenFlow& open) {
    if (!signs_up_here(ctx, open)) co_return no_sign_up();
    const std::string flow = form.required("flow"), address = said(form, "login_name"), password = said(form, "new_password");
    if (address.empty() || address.size() > 1000 || password.empty())
        co_return pages::sign_up(flow, address.substr(0, 254), "Please enter your e-mail address and a password.", 400);
    std::optional<Refusal> refused;
    try {
        Secret<> chosen(password);
        co_await ask_to_sign_up(ctx, open.flow, address, std::move(chosen));
    } catch (const Refusal& refusal) {
        refused = refusal;
    }
    if (!refused) co_return pages::sign_up_code(flow, {}, 200, redirect_origin(open.flow.request.redirect_uri));
    if (refused->problem().status != problems::invalid.status) co_return pages::refused(*refused, "This does not work at the moment. Please try again later.");
    co_return pages::sign_up(flow, address.substr(0, 254), refused->detail(), refused->problem().status);
}

Task<Web> typed_code(Ctx& ctx, const Form& form, const OpenFlow& open) {
    if (!signs_up_here(ctx, open)) co_return no_sign_up();
    std::optional<IdentityId> identity;
    std::optional<Refusal> refused;
    try {
        identity = co_await sign_up(ctx, open.flow, said(form, "code"));
    } catch (const Refusal& refusal) {
        refused = refusal;
    }
    if (refused && refused->problem().slug == login_name_taken.slug) co_return pages::fault(409, "Somebody was given this address meanwhile.");
    if (refused) co_return pages::refused(*refused, "This does not work at the moment. Please try again later.");
    if (!identity)
        co_return pages::sign_up_code(form.required("flow"), "This code is not right. After five that were not, ask for another.", 400,
                                      redirect_origin(open.flow.request.redirect_uri));
    const BehindPassword behind = co_await behind_password(ctx, open, *identity); // which they have just chosen
    co_return page_of(*behind.arrived, form.required("flow"));
}

} // namespace

Task<Web> sign_up_page(Ctx& ctx) { return with_flow(ctx, ctx.request().query, shown_sign_up); }
Task<Web> ask_to_sign_up_by_form(Ctx& ctx, RawBody body) { return with_flow(ctx, std::move(body.bytes), wished); }
Task<WebSeeOther> sign_up_by_code(Ctx& ctx, RawBody body) { return sent_on(with_flow(ctx, std::move(body.bytes), typed_code)); }

} // namespace gravity::issuer::authorization
