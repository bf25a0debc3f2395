#include "regain_api.hpp"

#include "account_pages.hpp"
#include "followed_links.hpp"
#include "new_password.hpp"
#include "pages.hpp"
#include "passkey_pages.hpp"
#include "password_pool.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "regain.hpp"
#include "regain_pages.hpp"
#include "regain_store.hpp"
#include "relying_party.hpp"
#include "second_factor.hpp"
#include "sessions.hpp"
#include "told_pages.hpp"
#include "trusted_devices.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>

#include <charconv>

namespace gravity::issuer::regain {
namespace {

using oauth::Form;
using recovery::Followed;
using recovery::link_gone;
using recovery::text_in;

constexpr std::int64_t code_seconds = 600; // between a code and what is set up by it
constexpr std::string_view not_taken = "This passkey could not be taken. It has to make sure that it is you, by a finger or a PIN, say. Please try again.";
constexpr std::string_view not_now = "This needs a code first, or the time that you wait.";

/// Whoever has come by a link, and how far they are.
struct Guest {
    Followed followed;
    std::string token;
    std::string proven; // a code was right, a short while ago, in this browser
    std::optional<Regaining> waiting;

    // Somebody does, by another address of theirs: it may not be who has this one.
    bool other_waits() const { return waiting && waiting->canonical != followed.link.canonical; }
    bool may_go_on() const { return !proven.empty() || (waiting && !other_waits() && waiting->good_from <= now()); }
    std::string bound_to() const { return "link " + hex_encode(followed.hash.view()); }
    pg::Scope scope() const { return pg::Scope::project(followed.project, followed.link.identity_id.to_string()); }
    ByLink by() const { return {followed.hash, !proven.empty()}; }
};

// What a code has proven goes to the browser that typed it and comes back with the next form: whoever else has the link has nothing by it.
auth::Authenticator authenticator_of_codes(Ctx& ctx) { return ctx.get<auth::MasterKeys>().authenticator("regain"); }

std::string proof_of_code(Ctx& ctx, const Guest& guest) {
    return authenticator_of_codes(ctx).sign(std::to_string(now().unix_seconds() + code_seconds), guest.bound_to());
}

bool is_proof_of_code(Ctx& ctx, const Guest& guest, const std::string& text) {
    const auto until = authenticator_of_codes(ctx).verify(text, guest.bound_to());
    if (!until) return false;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(until->data(), until->data() + until->size(), seconds);
    return error == std::errc() && end == until->data() + until->size() && now().unix_seconds() < seconds;
}

// Nothing for who has a password by now: they have no need of this.
Task<std::optional<Guest>> guest_of(Ctx& ctx, std::string token) {
    std::optional<Guest> guest;
    auto followed = co_await recovery::followed_by(ctx, token, LinkPurpose::regain);
    if (!followed) co_return guest;
    guest = Guest{*std::move(followed), std::move(token), {}, {}};
    const IdentityId id = guest->followed.link.identity_id;
    bool alone = false;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        alone = tx.one(has_passkeys_alone, id) && tx.one(has_address, id, guest->followed.link.canonical);
        guest->waiting = tx.maybe(regaining_of, id, now());
    };
    pg::Scope scope = guest->scope();
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (!alone) guest.reset();
    co_return guest;
}

Web shown_to(Ctx& ctx, const Guest& guest, std::string_view fault, int status) {
    if (guest.may_go_on()) return pages::regain_choice({guest.token, guest.proven, ctx.find<webauthn::RelyingParty>() != nullptr}, fault, status);
    pages::RegainWays ways{guest.token, {}, guest.other_waits(), ctx.get<Settings>().recovery_wait_hours};
    if (guest.waiting) ways.wait_until = guest.waiting->good_from;
    return pages::regain(ways, fault, status);
}

// ---- what the page's forms do

Task<Web> proving(Ctx& ctx, const Guest& guest, const Form& form) {
    CodeClaim claim{guest.followed.link.identity_id, text_in(form, "code"), address_of(ctx), device_of(ctx)};
    pg::Scope scope = guest.scope();
    const auto proven = co_await prove_by_code(ctx, std::move(scope), std::move(claim));
    if (!proven) co_return shown_to(ctx, guest, "This code is not right.", 400);
    Guest now = guest;
    now.proven = proof_of_code(ctx, guest);
    co_return shown_to(ctx, now, {}, 200);
}

std::optional<Regaining> begun_by_link(Tx& tx, ProjectId project, Bytes link, Means by) { return begin_by_link(tx, project, link, by); }

Task<Web> waiting(Ctx& ctx, const Guest& guest, const Form&) {
    if (!ctx.get<Mails>().offered()) co_return recovery::no_links(); // nobody would be told
    Means by = means_of(ctx);
    pg::Scope scope = guest.scope();
    const auto begun = co_await ctx.in_scope(std::move(scope), begun_by_link, guest.followed.project, guest.followed.hash, std::move(by));
    if (!begun) co_return link_gone(ctx);
    co_return pages::regain_begun(begun->good_from);
}

std::optional<std::vector<std::string>> set_by_link(Tx& tx, ByLink by, std::string hash, Means means) {
    return password_by_link(tx, by, std::move(hash), means);
}

Task<Web> setting_password(Ctx& ctx, const Guest& guest, const Form& form) {
    if (!guest.may_go_on()) co_return shown_to(ctx, guest, not_now, 409);
    const Secret<> wanted(text_in(form, "new_password"));
    check_new_password(wanted, *guest.followed.identity, ctx.get<Settings>());
    std::string hash = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), wanted);
    Means means = means_of(ctx);
    pg::Scope scope = guest.scope();
    const auto codes = co_await ctx.in_scope(std::move(scope), set_by_link, guest.by(), std::move(hash), std::move(means));
    if (!codes) co_return link_gone(ctx);
    co_return pages::regained_by_password(*codes);
}

Web no_passkeys_here() { return pages::fault(404, "There are no passkeys here. Please ask whoever runs the application."); }

// It has to sign them in by itself, unlike one that is added to a password.
Json options_for(Tx& tx, const webauthn::RelyingParty* party, Identity identity, std::string bound_to) {
    Json options = begin_passkey(tx, *party, identity, bound_to);
    options["authenticatorSelection"] = Json::object({{"residentKey", "required"}, {"requireResidentKey", true}, {"userVerification", "required"}});
    return options;
}

Task<Web> beginning_passkey(Ctx& ctx, const Guest& guest, const Form&) {
    const webauthn::RelyingParty* const party = ctx.find<webauthn::RelyingParty>();
    if (party == nullptr) co_return no_passkeys_here();
    if (!guest.may_go_on()) co_return shown_to(ctx, guest, not_now, 409);
    pg::Scope scope = guest.scope();
    pages::PasskeyAsked asking{guest.proven, {}};
    asking.options = co_await ctx.in_scope(std::move(scope), options_for, party, *guest.followed.identity, guest.bound_to());
    co_return pages::regain_by_passkey(guest.token, asking);
}

bool made_by_link(Tx& tx, ByLink by, const webauthn::RelyingParty* party, PasskeyWanted wanted, Means means) {
    return passkey_by_link(tx, by, *party, wanted, means);
}

Task<Web> adding_passkey(Ctx& ctx, const Guest& guest, const Form& form) {
    const webauthn::RelyingParty* const party = ctx.find<webauthn::RelyingParty>();
    if (party == nullptr) co_return no_passkeys_here();
    if (!guest.may_go_on()) co_return shown_to(ctx, guest, not_now, 409);
    const auto name = Text<1, 64>::parse(text_in(form, "name"));
    if (!name) co_return shown_to(ctx, guest, "A passkey needs a name, of at most 64 characters.", 400);
    auto registration = webauthn::read_registration(text_in(form, "credential"));
    if (!registration) {
        log::debug("passkey refused", {{"reason", registration.why()}});
        co_return shown_to(ctx, guest, not_taken, 400);
    }
    PasskeyWanted wanted{guest.followed.link.identity_id, guest.bound_to(), name->str(), *std::move(registration), true};
    Means means = means_of(ctx);
    pg::Scope scope = guest.scope();
    const bool done = co_await ctx.in_scope(std::move(scope), made_by_link, guest.by(), party, std::move(wanted), std::move(means));
    if (!done) co_return shown_to(ctx, guest, not_taken, 400);
    co_return pages::notice("Your passkey is made", "It signs you in from now on. Please go back to where you came from, and sign in.");
}

bool stopped(Tx& tx, Bytes link) { return cancel_by_link(tx, link); }

// ---- around them

std::string_view in_words(const Refusal& refusal) {
    if (refusal.problem().slug == too_many_attempts.slug) return "Too many attempts have failed. Please try again later.";
    for (const Problem& told : {passkey_exists, too_many_passkeys})
        if (refusal.problem().slug == told.slug) return told.title;
    return "This does not work at the moment.";
}

using Step = Task<Web> (*)(Ctx&, const Guest&, const Form&);
Task<Web> stepped(Ctx& ctx, std::string text, Step step) {
    const Form form = recovery::form_in(text);
    auto guest = co_await guest_of(ctx, text_in(form, "token"));
    if (!guest) co_return link_gone(ctx);
    std::string before = text_in(form, "proven");
    if (!before.empty() && is_proof_of_code(ctx, *guest, before)) guest->proven = std::move(before);
    std::optional<Refusal> refused;
    try {
        Web web = co_await step(ctx, *guest, form);
        co_return web;
    } catch (const Refusal& refusal) {
        refused = refusal;
    }
    if (refused->problem().status >= 500) throw *std::move(refused);
    if (refused->problem().slug == password_refused.slug) co_return shown_to(ctx, *guest, refused->detail(), refused->problem().status);
    co_return pages::refused(*refused, in_words(*refused));
}

Task<Web> step_by(Ctx& ctx, RawBody body, Step step) { return pages::told(ctx, stepped(ctx, std::move(body.bytes), step)); }

Task<Web> page_of_link(Ctx& ctx) {
    std::string token = text_in(recovery::form_in(ctx.request().query), "token");
    const auto guest = co_await guest_of(ctx, std::move(token));
    if (!guest) co_return link_gone(ctx);
    co_return shown_to(ctx, *guest, {}, 200);
}

Task<Web> page_to_stop(Ctx& ctx) {
    const std::string token = text_in(recovery::form_in(ctx.request().query), "token");
    const auto followed = co_await recovery::followed_by(ctx, token, LinkPurpose::cancellation);
    if (!followed) co_return link_gone(ctx);
    co_return pages::stop_regaining(token);
}

Task<Web> stopped_by_form(Ctx& ctx, RawBody body) {
    const std::string token = text_in(recovery::form_in(body.bytes), "token");
    const auto followed = co_await recovery::followed_by(ctx, token, LinkPurpose::cancellation);
    if (!followed) co_return link_gone(ctx);
    pg::Scope scope = pg::Scope::project(followed->project, followed->link.identity_id.to_string());
    const bool done = co_await ctx.in_scope(std::move(scope), stopped, followed->hash);
    if (!done) co_return link_gone(ctx);
    co_return pages::notice("It is stopped", "Nothing was changed. If it was not you, somebody reads your mail: look after your mailbox.");
}

} // namespace

Task<Web> link_page(Ctx& ctx) { return pages::told(ctx, page_of_link(ctx)); }
Task<Web> prove(Ctx& ctx, RawBody body) { return step_by(ctx, std::move(body), proving); }
Task<Web> wait(Ctx& ctx, RawBody body) { return step_by(ctx, std::move(body), waiting); }
Task<Web> set_password_by_form(Ctx& ctx, RawBody body) { return step_by(ctx, std::move(body), setting_password); }
Task<Web> begin_passkey_by_form(Ctx& ctx, RawBody body) { return step_by(ctx, std::move(body), beginning_passkey); }
Task<Web> add_passkey_by_form(Ctx& ctx, RawBody body) { return step_by(ctx, std::move(body), adding_passkey); }
Task<Web> stop_page(Ctx& ctx) { return pages::told(ctx, page_to_stop(ctx)); }
Task<Web> stop(Ctx& ctx, RawBody body) { return pages::told(ctx, stopped_by_form(ctx, std::move(body))); }

} // namespace gravity::issuer::regain
