#include "devices_api.hpp"

#include "client_failures.hpp"
#include "client_login.hpp"
#include "devices_store.hpp"
#include "failures.hpp"
#include "opaque.hpp"
#include "pages.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "resources.hpp"
#include "sessions.hpp"
#include "sign_in_flow.hpp"
#include "told_pages.hpp"
#include "visits.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::devices {
namespace {

using oauth::Form;
using oauth::Refused;

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view not_known = "This code is not known, or no longer. Please look at your device again.";
const Duration device_life = Duration::minutes(10);
constexpr int first_interval = 5;
constexpr int most_tries = 5; // of finding a user code that no other device has

std::string kept_code(Ctx& ctx, std::string_view code) { return ctx.get<auth::MasterKeys>().authenticator("device user code").sign({}, code); }

struct NewDevice {
    DeviceId id;
    Bytes hash;
    ClientId client;
    std::vector<std::string> scopes;
    std::vector<std::string> kept_codes; // of which the first is taken that no other device has
};

// Which of the codes it has.
std::size_t store(Tx& tx, NewDevice device) {
    if (tx.exec(insert_device, device.id, device.hash, device.client, device.scopes, first_interval, tx.now() + device_life) != 1)
        throw Refused(oauth::invalid_client, "The client could not be authenticated"); // it was deleted meanwhile
    for (std::size_t i = 0; i < device.kept_codes.size(); ++i)
        if (tx.exec(list_device, device.kept_codes[i], device.id) == 1) return i;
    throw Refusal(problems::conflict);
}

Task<Web> begun(Ctx& ctx, const Form& form) {
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    check_grant(known.client, GrantType::device_code);
    check_resource(form, ctx.get<Settings>().token_audience.view());
    const auto visit = co_await visit_of(ctx, known.client.id);
    if (!visit) throw Refused(oauth::invalid_client, "The client could not be authenticated");
    const Secret<> code = fresh_opaque(device_code_prefix);
    NewDevice device{DeviceId(Uuid::v7()), opaque_hash(code.reveal()), known.client.id, {}, {}};
    try {
        device.scopes = asked_scopes(form, visit->client);
    } catch (const AuthorizeError& error) {
        throw Refused(oauth::invalid_scope, error.description());
    }
    std::vector<std::string> user_codes;
    for (int i = 0; i < most_tries; ++i) {
        user_codes.push_back(fresh_user_code());
        device.kept_codes.push_back(kept_code(ctx, user_codes.back()));
    }
    pg::Scope scope = scope_of(known);
    const std::size_t had = co_await ctx.in_scope(std::move(scope), store, std::move(device));
    const std::string shown = shown_user_code(user_codes[had]), place = ctx.get<Settings>().at("/login/device");
    co_return oauth::answer(Json::object({{"device_code", code.reveal()},
                                          {"user_code", shown},
                                          {"verification_uri", place},
                                          {"verification_uri_complete", place + "?user_code=" + shown},
                                          {"expires_in", device_life.count_ms() / 1000},
                                          {"interval", first_interval}}));
}

// ---- the page

struct Guess {
    std::string network; // an authentication code of it
    int limit = 0;
    Duration window;
    std::optional<std::string> kept; // nothing: what was typed can be no code
};
struct Guessed {
    std::optional<DeviceFound> found;
    std::optional<Duration> wait; // too many were none
};

// Counted before it is looked at, so that of any number at once no more are tried than may be.
Guessed look(Tx& tx, Guess guess) {
    Guessed guessed;
    tx.exec(forget_guesses, tx.now() - Duration::minutes(5));
    const BudgetUsed budget = tx.one(use_guess, guess.network, tx.now(), tx.now() + guess.window);
    if (budget.used > guess.limit) {
        guessed.wait = budget.ends_at - tx.now();
        return guessed;
    }
    if (guess.kept) guessed.found = tx.maybe(find_device, *guess.kept);
    if (guessed.found) tx.exec(give_guess_back, guess.network);
    return guessed;
}

Guess guess_of(Ctx& ctx, const std::optional<std::string>& code) {
    const Settings& settings = ctx.get<Settings>();
    const IpAddress address = address_of(ctx);
    Guess guess;
    guess.network = ctx.get<auth::MasterKeys>().authenticator("device guesses").sign({}, address.network());
    guess.limit = settings.login_network_attempts;
    guess.window = Duration::seconds(settings.login_window_seconds);
    if (code) guess.kept = kept_code(ctx, *code);
    return guess;
}

Web asked_again(std::string_view code, std::string_view fault, int status) { return pages::device(code, fault, status); }

Task<Web> led_on(Ctx& ctx, DeviceFound found, std::string code) {
    std::optional<Device> device;
    std::function<void(Tx&)> work = [&](Tx& tx) { device = tx.maybe(pending_device, found.device_id, now()); };
    pg::Scope scope = pg::Scope::project(found.project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (!device) co_return asked_again({}, not_known, 400);
    AuthorizeRequest request;
    request.client_id = device->client_id;
    request.scopes = device->scopes;
    request.device = DeviceAsking{device->id, shown_user_code(code)};
    const auto browser = co_await session_of(ctx);
    const bool signed_in = browser && browser->project == found.project;
    FlowWanted wanted{std::move(request)};
    const BegunFlow flow = co_await begin_flow(ctx, found.project, std::move(wanted));
    Web web = pages::to(std::string(signed_in ? "/login/consent" : "/login") + "?flow=" + flow.token);
    if (flow.cookie) web.headers.emplace_back("Set-Cookie", *flow.cookie);
    co_return web;
}

// It counts as a sign-in that begins.
Task<Web> led_on_if_it_may(Ctx& ctx, DeviceFound found, std::string code) {
    std::optional<Refusal> refused;
    try {
        Web web = co_await led_on(ctx, found, std::move(code));
        co_return web;
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != too_many_flows.status) throw;
        refused = refusal;
    }
    co_return pages::refused(*refused, "Too many sign-ins were begun. Please try again later.");
}

Task<Web> looked_up(Ctx& ctx, std::string text) {
    std::optional<std::string> typed;
    try {
        const Form form = Form::parse(form_type, text);
        if (const std::string* const value = form.find("user_code")) typed = *value;
    } catch (const Refused&) { // no form: no code in it
        typed.reset();
    }
    if (!typed) co_return asked_again({}, "Please enter the code that your device shows.", 400);
    const auto code = typed_user_code(*typed);
    Guess guess = guess_of(ctx, code);
    pg::Scope scope = pg::Scope::system("device look-up");
    const Guessed guessed = co_await ctx.in_scope(std::move(scope), look, std::move(guess));
    if (guessed.wait) {
        ctx.get<Failures>().note(ctx, {}, {std::string(too_many_attempts.slug), "codes of devices that are not known", {}, {}});
        Web web = asked_again({}, "Too many codes were not known. Please try again later.", too_many_attempts.status);
        web.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, (guessed.wait->count_ms() + 999) / 1000)));
        co_return web;
    }
    if (!guessed.found) {
        ctx.get<Failures>().note(ctx, {}, {"unknown_user_code", {}, {}, {}});
        co_return asked_again({}, not_known, 400);
    }
    Web web = co_await led_on_if_it_may(ctx, *guessed.found, *code);
    co_return web;
}

} // namespace

Task<Web> ask(Ctx& ctx, RawBody body) { return told_client(ctx, std::move(body), begun); }

// With the code in the address it has only to be confirmed (section 3.3.1).
Task<Web> page(Ctx& ctx) {
    std::string code;
    try {
        const Form form = Form::parse(form_type, ctx.request().query);
        if (const std::string* const given = form.find("user_code"))
            if (const auto typed = typed_user_code(*given)) code = shown_user_code(*typed);
    } catch (const Refused&) { // the person may type it
        code.clear();
    }
    co_return pages::device(code, {}, 200);
}

Task<WebSeeOther> typed(Ctx& ctx, RawBody body) { return authorization::sent_on(pages::told(ctx, looked_up(ctx, std::move(body.bytes)))); }

} // namespace gravity::issuer::devices
