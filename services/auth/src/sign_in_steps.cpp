#include "sign_in_steps.hpp"

#include "failures.hpp"
#include "passkeys.hpp"
#include "passkeys_store.hpp"
#include "password_sign_in.hpp"
#include "second_factor.hpp"
#include "sign_in_store.hpp"
#include "trusted_devices.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::authorization {
namespace {

pg::Scope in_browser(const OpenFlow& open) { return pg::Scope::project(open.flow.project, "browser"); }

FactorsHeld note_password(Tx& tx, Bytes flow, IdentityId identity) {
    if (!tx.maybe(hold_active_identity, identity)) throw Refusal(problems::conflict); // as where a session begins
    const FactorsHeld factors = tx.one(second_factors_of, identity);
    if (factors.any()) tx.exec(note_first_factor, flow, identity, tx.now());
    return factors;
}

std::string bound_to(const OpenFlow& open) { return "flow " + hex_encode(open.flow.hash.view()); }

Json asked_of(Tx& tx, const webauthn::RelyingParty* party, std::string flow, std::optional<IdentityId> identity) {
    webauthn::Asking asking;
    asking.verification = !identity; // alone it stands for two factors: something had, and a PIN or a finger
    if (identity) asking.allowed = tx.all(passkeys_known, *identity, party->id);
    return webauthn::request_options(*party, fresh_challenge(tx, ChallengePurpose::sign_in, flow), asking);
}

} // namespace

Task<std::optional<IdentityId>> try_password(Ctx& ctx, const OpenFlow& open, std::string name, Secret<> password) {
    PasswordClaim claim{std::move(name), std::move(password), address_of(ctx), device_of(ctx), open.flow.request.subject};
    pg::Scope scope = in_browser(open);
    const auto signed_in = co_await sign_in_by_password(ctx, std::move(scope), std::move(claim));
    std::optional<IdentityId> identity;
    if (signed_in) identity = signed_in->identity;
    co_return identity;
}

Task<BehindPassword> behind_password(Ctx& ctx, const OpenFlow& open, IdentityId identity) {
    BehindPassword behind;
    behind.arrived = somebody_else(ctx, open, identity);
    if (behind.arrived) co_return behind;
    pg::Scope scope = pg::Scope::project(open.flow.project, identity.to_string());
    behind.asked_for = co_await ctx.in_scope(std::move(scope), note_password, open.flow.hash, identity);
    if (behind.asked_for.any()) co_return behind;
    const AuthorizeRequest& request = open.flow.request;
    if (request.two_factors.value_or(false)) { // RFC 9470 section 5
        ctx.get<Failures>().note(ctx, open.flow.project, {"unmet_authentication_requirements", {}, open.visit.client.id, identity});
        const AuthorizeError unmet("unmet_authentication_requirements", "The person has one factor only");
        behind.arrived = Arrived{refusal(ctx, way_back_of(request), unmet), {}};
        co_return behind;
    }
    std::vector<std::string> amr{"pwd"};
    behind.arrived = co_await arrived(ctx, open, identity, std::move(amr));
    co_return behind;
}

Task<std::optional<Arrived>> try_code(Ctx& ctx, const OpenFlow& open, std::string code) {
    std::optional<Arrived> there;
    CodeClaim claim{*open.flow.identity, std::move(code), address_of(ctx), device_of(ctx)};
    pg::Scope scope = in_browser(open);
    const auto proven = co_await prove_by_code(ctx, std::move(scope), std::move(claim));
    if (!proven) co_return there;
    std::vector<std::string> amr{"pwd"};
    amr.insert(amr.end(), proven->begin(), proven->end());
    there = co_await arrived(ctx, open, *open.flow.identity, std::move(amr));
    co_return there;
}

Task<Json> passkey_question(Ctx& ctx, const OpenFlow& open) {
    const webauthn::RelyingParty* const party = &ctx.get<webauthn::RelyingParty>();
    pg::Scope scope = in_browser(open);
    Json options = co_await ctx.in_scope(std::move(scope), asked_of, party, bound_to(open), open.flow.identity);
    co_return options;
}

Task<std::optional<ByPasskey>> try_passkey(Ctx& ctx, const OpenFlow& open, std::string response) {
    std::optional<ByPasskey> by;
    const std::optional<IdentityId>& identity = open.flow.identity;
    PasskeyClaim claim{ChallengePurpose::sign_in, bound_to(open), identity, !identity, std::move(response), address_of(ctx), device_of(ctx),
                       open.flow.request.subject};
    pg::Scope scope = in_browser(open);
    const auto proven = co_await prove_by_passkey(ctx, std::move(scope), std::move(claim));
    if (!proven) co_return by;
    std::vector<std::string> amr{"pop", "user", "mfa"}; // RFC 8176: a key that was possessed, and somebody who was there
    if (identity) amr.insert(amr.begin(), "pwd");
    Arrived there = co_await arrived(ctx, open, *proven, std::move(amr));
    by = ByPasskey{*proven, std::move(there)};
    co_return by;
}

} // namespace gravity::issuer::authorization
