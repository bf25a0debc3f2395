#include "passkeys.hpp"

#include "failures.hpp"
#include "identities_store.hpp"
#include "login_budgets.hpp"
#include "passkeys_store.hpp"
#include "password_sign_in.hpp"
#include "problems.hpp"
#include "second_factor.hpp"
#include "second_factor_store.hpp"
#include "sign_in_store.hpp"
#include "trusted_devices.hpp"
#include "trusted_devices_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>

namespace gravity::issuer {
namespace {

constexpr std::size_t challenge_bytes = 32, handle_bytes = 32;

struct PasskeyAttempt {
    PasskeyClaim claim;
    webauthn::Assertion assertion;
    std::string network;
    std::string account; // what failures are counted under, for events of nobody's passkey
};

void note_refused_passkey(std::string_view why) { log::debug("passkey refused", {{"reason", why}}); }

// What does not hold, and why, for operators.
struct PasskeyFault {
    LoginFailure failure{};
    std::string why{};
};

// Whether what the passkey says holds for whom it has to; nothing if it does.
std::optional<PasskeyFault> held_against(const PasskeyAtDoor& door, const PasskeyAttempt& attempt, const Parsed<webauthn::PasskeyUse>& use) {
    const auto refuse = [](std::string_view why) { return PasskeyFault{LoginFailure::passkey_refused, std::string(why)}; };
    const std::string& handle = attempt.assertion.user_handle;
    if (!use) return refuse(use.why());
    if (attempt.claim.identity && *attempt.claim.identity != door.identity_id) return refuse("is somebody else's");
    if (handle.empty() ? !attempt.claim.identity : handle != door.handle.view()) return refuse("does not say that it is theirs"); // section 7.2 step 6
    if (attempt.claim.verification && !use->user_verified) return refuse("has not verified its owner");
    if (use->backup_eligible != door.backup_eligible) return refuse("may be copied now, or no more");
    if (door.state != IdentityState::active) return PasskeyFault{LoginFailure::not_active};
    if (!webauthn::may_follow(use->sign_count, door.sign_count)) return PasskeyFault{LoginFailure::passkey_suspected, "its counter went back"};
    return std::nullopt;
}

struct PasskeyTried {
    std::optional<IdentityId> proven;
    std::optional<PasskeyFault> fault;
    std::optional<IdentityId> whose; // that was not proven
};

PasskeyTried try_passkey(Tx& tx, const webauthn::RelyingParty* party, PasskeyAttempt attempt) {
    const webauthn::Assertion& assertion = attempt.assertion;
    const bool asked = tx.exec(take_challenge, attempt.claim.purpose, attempt.claim.bound_to, Bytes(assertion.client.challenge), tx.now()) == 1;
    const auto door = tx.maybe(passkey_at_door, party->id, Bytes(assertion.id));
    const auto failed = [&](PasskeyFault fault) {
        std::optional<IdentityId> whose = door ? std::optional(door->identity_id) : std::nullopt;
        std::string subject = whose ? whose->to_string() : attempt.account;
        tx.emit(LoginFailed{whose, LoginMethod::passkey, fault.failure, attempt.network}, std::move(subject));
        return PasskeyTried{{}, std::move(fault), whose};
    };
    if (!door) return failed({LoginFailure::unknown_passkey});
    if (!asked) return failed({LoginFailure::passkey_refused, "does not answer what was asked"});
    const auto use = webauthn::verify_assertion(*party, assertion, door->public_key.view());
    if (auto fault = held_against(*door, attempt, use)) {
        if (fault->failure == LoginFailure::passkey_suspected) {
            tx.exec(suspect_passkey, door->credential_id, tx.now());
            tx.emit(PasskeySuspected{door->credential_id, door->identity_id, use->sign_count, door->sign_count});
        }
        return failed(*std::move(fault));
    }
    tx.exec(use_passkey, door->credential_id, use->sign_count, use->backed_up, use->user_verified);
    if (attempt.claim.meant && *attempt.claim.meant != door->identity_id.to_string()) {
        tx.emit(LoginFailed{door->identity_id, LoginMethod::passkey, LoginFailure::not_meant, attempt.network}, door->identity_id.to_string());
        return {door->identity_id, {}, {}};
    }
    tx.exec(note_use, door->credential_id, tx.now());
    tx.emit(LoginSucceeded{door->identity_id, door->credential_id, LoginMethod::passkey, attempt.network}, door->identity_id.to_string());
    return {door->identity_id, {}, {}};
}

Task<std::optional<TrustedDevice>> device_for_use_of(Ctx& ctx, pg::Scope scope, std::string raw_id, std::optional<Bytes> shown) {
    const std::string party = ctx.get<webauthn::RelyingParty>().id;
    FindDevice find = [&](Tx& tx, const Bytes& hash) { return tx.maybe(device_for_passkey, hash, party, Bytes(raw_id), now()); };
    auto device = co_await trusted_device(ctx, std::move(scope), std::move(shown), std::move(find));
    co_return device;
}

void check_room(Tx& tx, IdentityId identity) {
    if (tx.one(count_passkeys, identity) >= max_passkeys) throw Refusal(too_many_passkeys);
}

Credential insert_named(Tx& tx, const PasskeyWanted& wanted) {
    Credential row;
    row.id = tx.new_id<CredentialId>();
    row.identity_id = wanted.identity;
    row.type = CredentialType::passkey;
    row.created_at = tx.now();
    row.name = wanted.name;
    return tx.one(insert_passkey_credential, row);
}

} // namespace

std::string fresh_challenge(Tx& tx, ChallengePurpose purpose, const std::string& bound_to) {
    std::string challenge = random_bytes(challenge_bytes);
    tx.exec(put_challenge, purpose, bound_to, Bytes(challenge), tx.now() + Duration::seconds(webauthn::ceremony_seconds));
    return challenge;
}

Json begin_passkey(Tx& tx, const webauthn::RelyingParty& party, const Identity& identity, const std::string& bound_to) {
    if (!tx.maybe(hold_active_identity, identity.id)) throw Refusal(problems::conflict);
    check_room(tx, identity.id);
    tx.exec(insert_handle, identity.id, Bytes(random_bytes(handle_bytes)));
    const Bytes handle = tx.one(handle_of, identity.id);
    const webauthn::User user{std::string(handle.view()), identity.login_names.empty() ? "account" : identity.login_names.front().value.str()};
    const std::string challenge = fresh_challenge(tx, ChallengePurpose::registration, bound_to);
    return webauthn::creation_options(party, user, challenge, tx.all(passkeys_known, identity.id, party.id));
}

std::optional<PasskeyMade> make_passkey(Tx& tx, const webauthn::RelyingParty& party, const PasskeyWanted& wanted) {
    if (!tx.maybe(lock_identity, wanted.identity)) return std::nullopt; // two at once wait for one another: there are no more than there may be
    const Bytes challenge(wanted.registration.client.challenge);
    if (tx.exec(take_challenge, ChallengePurpose::registration, wanted.bound_to, challenge, tx.now()) != 1) return std::nullopt;
    const auto made = webauthn::verify_registration(party, wanted.registration);
    if (!made) {
        note_refused_passkey(made.why());
        return std::nullopt;
    }
    if (wanted.alone && !made->user_verified) {
        note_refused_passkey("has not verified its owner");
        return std::nullopt;
    }
    check_room(tx, wanted.identity);
    const bool first = !tx.one(second_factors_of, wanted.identity).any();
    const Credential credential = insert_named(tx, wanted);
    tx.exec(insert_passkey, StoredPasskey{credential.id, party.id, Bytes(made->id), Bytes(made->public_key), made->sign_count, made->user_verified,
                                          made->backup_eligible, made->backed_up, wanted.registration.transports});
    tx.exec(untrust_devices_of, wanted.identity);
    tx.emit(CredentialAdded{credential.id, credential.identity_id, credential.type});
    PasskeyMade answer;
    if (first) answer.recovery_codes = fresh_recovery_codes(tx, wanted.identity);
    return answer;
}

Task<std::optional<IdentityId>> prove_by_passkey(Ctx& ctx, pg::Scope scope, PasskeyClaim claim) {
    std::optional<IdentityId> proven;
    auto assertion = webauthn::read_assertion(claim.response);
    if (!assertion) {
        FailedCheck unread{"passkey_refused", std::string(assertion.why()), {}, claim.identity};
        ctx.get<Failures>().note(ctx, scope.project_id, std::move(unread));
        co_return proven; // nobody's: nothing was tried
    }
    LoginBudgets& budgets = ctx.get<LoginBudgets>();
    LoginBudgets::Keys keys = budgets.keys_of(scope.project_id, "passkey " + base64url_encode(assertion->id), claim.address);
    const auto device = co_await device_for_use_of(ctx, scope, assertion->id, claim.device);
    if (device) keys = budgets.keys_of_device(scope.project_id, *device, "passkeys");
    co_await budgets.take(ctx, scope, keys);
    std::string network = claim.address.network();
    PasskeyAttempt attempt{std::move(claim), *std::move(assertion), std::move(network), keys.account};
    const webauthn::RelyingParty* const party = &ctx.get<webauthn::RelyingParty>();
    const PasskeyTried tried = co_await ctx.in_scope(scope, try_passkey, party, std::move(attempt));
    proven = tried.proven;
    if (proven) co_await budgets.give_back(ctx, scope, keys);
    if (tried.fault) {
        FailedCheck check{std::string(meta::enum_name(tried.fault->failure)), {}, {}, tried.whose};
        if (!tried.fault->why.empty()) check.detail = tried.fault->why;
        ctx.get<Failures>().note(ctx, scope.project_id, std::move(check));
    }
    co_return proven;
}

} // namespace gravity::issuer
