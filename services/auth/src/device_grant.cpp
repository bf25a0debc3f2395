#include "devices_api.hpp"
#include "devices_store.hpp"
#include "opaque.hpp"
#include "person_tokens.hpp"
#include "proofs.hpp"
#include "sign_in_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

#include <algorithm>

namespace gravity::issuer::tokens {
namespace {

using oauth::Form;
using oauth::Refused;

// RFC 8628 section 3.5.
constexpr oauth::ErrorCode authorization_pending{"authorization_pending"};
constexpr oauth::ErrorCode slow_down{"slow_down"};
constexpr oauth::ErrorCode expired_token{"expired_token"};

constexpr int slower_by = 5, slowest = 60; // seconds

struct Polled {
    std::optional<Device> device;
    bool too_fast = false;
    std::optional<ApprovedDevice> approved; // this once
    bool good = false;                      // and who approved is signed in still
    HeldRoles held;
};

struct Poll {
    Bytes hash;
    FirstRefresh refresh;
};

// The device's row is what those wait for who ask at once.
Polled polled(Tx& tx, KnownClient known, Poll poll) {
    Polled polled;
    polled.device = tx.maybe(lock_device, poll.hash, known.client.id);
    if (!polled.device || polled.device->expires_at <= tx.now()) return polled;
    const Device& device = *polled.device;
    if (device.state == DeviceState::pending) {
        polled.too_fast = device.polled_at && tx.now() - *device.polled_at < Duration::seconds(device.interval_seconds);
        tx.exec(note_poll, device.id, polled.too_fast ? std::min(device.interval_seconds + slower_by, slowest) : device.interval_seconds, tx.now());
    }
    if (device.state != DeviceState::approved) return polled;
    polled.approved = tx.one(use_device, device.id);
    polled.good = tx.one(still_signed_in, polled.approved->identity_id, polled.approved->session_id, false, tx.now());
    if (!polled.good) return polled;
    if (wants_roles(polled.approved->scopes)) polled.held = tx.one(roles_held, polled.approved->identity_id);
    if (may_refresh(known)) begin_family(tx, known, *polled.approved, poll.refresh);
    return polled;
}

void check_polled(const Polled& polled) {
    if (!polled.device || polled.device->state == DeviceState::used) throw Refused(oauth::invalid_grant, "The device code is not valid");
    if (polled.device->state == DeviceState::denied) throw Refused(oauth::access_denied, "The person refused");
    if (polled.device->expires_at <= now()) throw Refused(expired_token, "The device code has expired");
    if (polled.too_fast) throw Refused(slow_down, "Asked again too soon: the interval is five seconds longer from now on");
    if (!polled.approved) throw Refused(authorization_pending, "The person has not answered yet");
    if (!polled.good) throw Refused(oauth::invalid_grant, "The person has signed out");
}

} // namespace

Task<Web> device_code(Ctx& ctx, const Form& form) {
    auto proof = ctx.get<Proofs>().read(ctx.request());
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    check_grant(known.client, GrantType::device_code);
    const Settings& settings = ctx.get<Settings>();
    const std::string code = form.required("device_code");
    std::string key = co_await ctx.get<Proofs>().use(ctx, known, std::move(proof));
    const Secret<> refresh = fresh_opaque(refresh_prefix);
    Poll poll{opaque_hash(code), first_refresh(settings, known, refresh.reveal(), key)};
    pg::Scope scope = scope_of(known);
    const Polled answer = co_await ctx.in_scope(std::move(scope), polled, known, std::move(poll));
    check_polled(answer);
    const Bearer bearer = bearer_of(*answer.approved, known, answer.held);
    auth::Claims claims = person_claims(settings, bearer, known, now());
    claims.key_thumbprint = std::move(key);
    std::string beside = may_refresh(known) ? refresh.reveal() : "";
    IdTokenAsked asked;
    Web web = co_await tokens_for(ctx, known, bearer.who, std::move(claims), std::move(asked), std::move(beside));
    co_return web;
}

} // namespace gravity::issuer::tokens
