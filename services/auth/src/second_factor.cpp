#include "second_factor.hpp"

#include "failures.hpp"
#include "login_budgets.hpp"
#include "opaque.hpp"
#include "password_sign_in.hpp"
#include "second_factor_store.hpp"
#include "sign_in_store.hpp"
#include "totp.hpp"
#include "trusted_devices.hpp"
#include "trusted_devices_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/log/log.hpp>

namespace gravity::issuer {
namespace {

constexpr std::size_t recovery_bytes = 13, recovery_digits = 20; // 100 of their bits

std::string fresh_recovery_code() {
    const std::string text = totp::base32(random_bytes(recovery_bytes)).substr(0, recovery_digits);
    std::string code;
    for (std::size_t at = 0; at < recovery_digits; at += 5) code += (code.empty() ? "" : "-") + text.substr(at, 5);
    return code;
}

// As it was made, of what was typed; "" if it can be none.
std::string typed_recovery_code(std::string_view text) {
    std::string code;
    for (const char c : text.substr(0, 64)) {
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        if ((upper >= 'A' && upper <= 'Z') || (upper >= '2' && upper <= '7'))
            code += upper;
        else if (c != '-' && c != ' ')
            return {};
    }
    return code.size() == recovery_digits ? code : std::string();
}

Bytes recovery_hash(std::string_view code) { return opaque_hash(typed_recovery_code(code)); }

struct CodeTried {
    LoginMethod method = LoginMethod::totp;
    std::optional<CredentialId> credential; // none by a recovery code
    std::optional<std::vector<std::string>> proven;
};

CodeTried try_recovery_code(Tx& tx, const CodeClaim& claim) {
    CodeTried tried{LoginMethod::recovery_code, {}, {}};
    if (tx.exec(use_recovery_code, claim.identity, recovery_hash(claim.code)) == 1) tried.proven = std::vector<std::string>{"mfa"};
    return tried;
}

std::optional<std::vector<std::string>> taken(Tx& tx, const auth::MasterKeys& keys, const StoredTotp& stored, const std::string& code) {
    const auto secret = keys.open(stored.secret, stored.credential_id.to_string());
    if (!secret) {
        log::error("the secret of an app cannot be opened", {{"credential", stored.credential_id.to_string()}, {"reason", secret.why()}});
        return std::nullopt;
    }
    const auto step = totp::step_of(secret->reveal(), code, tx.now().unix_seconds(), stored.last_step);
    if (!step || tx.exec(use_step, stored.credential_id, *step) == 0) return std::nullopt; // whoever came first has it
    return std::vector<std::string>{"otp", "mfa"};
}

CodeTried try_app(Tx& tx, const auth::MasterKeys& keys, const CodeClaim& claim) {
    CodeTried tried;
    const auto stored = tx.maybe(totp_of, claim.identity);
    if (!stored) return tried;
    tried.credential = stored->credential_id;
    tried.proven = taken(tx, keys, *stored, claim.code);
    if (tried.proven) tx.exec(note_use, stored->credential_id, tx.now());
    return tried;
}

CodeTried try_code(Tx& tx, const auth::MasterKeys* keys, CodeClaim claim, std::string network) {
    CodeTried tried = typed_recovery_code(claim.code).empty() ? try_app(tx, *keys, claim) : try_recovery_code(tx, claim);
    const std::string subject = claim.identity.to_string();
    if (tried.proven)
        tx.emit(LoginSucceeded{claim.identity, tried.credential, tried.method, std::move(network)}, subject);
    else
        tx.emit(LoginFailed{claim.identity, tried.method, LoginFailure::wrong_code, std::move(network)}, subject);
    return tried;
}

Task<std::optional<TrustedDevice>> device_for_codes(Ctx& ctx, pg::Scope scope, IdentityId identity, std::optional<Bytes> shown) {
    FindDevice find = [&](Tx& tx, const Bytes& hash) { return tx.maybe(device_for_identity, hash, identity, now()); };
    auto device = co_await trusted_device(ctx, std::move(scope), std::move(shown), std::move(find));
    co_return device;
}

} // namespace

Task<std::optional<std::vector<std::string>>> prove_by_code(Ctx& ctx, pg::Scope scope, CodeClaim claim) {
    LoginBudgets& budgets = ctx.get<LoginBudgets>();
    LoginBudgets::Keys keys = budgets.keys_of_codes(scope.project_id, claim.identity.to_string(), claim.address);
    const auto device = co_await device_for_codes(ctx, scope, claim.identity, claim.device);
    if (device) keys = budgets.keys_of_device(scope.project_id, *device, "codes");
    co_await budgets.take(ctx, scope, keys);
    const auth::MasterKeys* const sealed_by = &ctx.get<auth::MasterKeys>();
    std::string network = claim.address.network();
    const IdentityId identity = claim.identity;
    const CodeTried done = co_await ctx.in_scope(scope, try_code, sealed_by, std::move(claim), std::move(network));
    if (done.proven)
        co_await budgets.give_back(ctx, scope, keys);
    else
        ctx.get<Failures>().note(ctx, scope.project_id, {"wrong_code", std::string(meta::enum_name(done.method)), {}, identity});
    co_return done.proven;
}

std::optional<std::vector<std::string>> enrol_totp(Tx& tx, const auth::MasterKeys& keys, const Enrolment& enrolment) {
    const auto step = totp::step_of(enrolment.secret.reveal(), enrolment.code, tx.now().unix_seconds(), 0);
    if (!step || !tx.maybe(hold_active_identity, enrolment.identity)) return std::nullopt;
    Credential row;
    row.id = tx.new_id<CredentialId>();
    row.identity_id = enrolment.identity;
    row.type = CredentialType::totp;
    row.created_at = tx.now();
    const Credential made = tx.one(insert_totp_credential, row);
    tx.exec(insert_totp, made.id, keys.seal(enrolment.secret.reveal(), made.id.to_string()), *step); // the code that proved it is not good again
    tx.exec(untrust_devices_of, enrolment.identity);
    tx.emit(CredentialAdded{made.id, made.identity_id, made.type});
    return fresh_recovery_codes(tx, enrolment.identity);
}

std::vector<std::string> fresh_recovery_codes(Tx& tx, IdentityId identity) {
    std::vector<std::string> codes;
    tx.exec(delete_recovery_codes, identity);
    for (std::size_t i = 0; i < recovery_code_count; ++i) {
        codes.push_back(fresh_recovery_code());
        tx.exec(insert_recovery_code, identity, recovery_hash(codes.back()));
    }
    return codes;
}

std::vector<std::string> add_recovery_codes(Tx& tx, IdentityId identity) {
    std::vector<std::string> codes;
    tx.exec(delete_regained_codes, identity);
    for (std::size_t i = 0; i < recovery_code_count; ++i) {
        codes.push_back(fresh_recovery_code());
        tx.exec(insert_regained_code, identity, recovery_hash(codes.back()));
    }
    return codes;
}

std::optional<std::vector<std::string>> renew_recovery_codes(Tx& tx, IdentityId identity) {
    if (!tx.one(second_factors_of, identity).any()) return std::nullopt;
    tx.exec(untrust_devices_of, identity);
    return fresh_recovery_codes(tx, identity);
}

bool remove_totp(Tx& tx, IdentityId identity) {
    const auto removed = tx.maybe(delete_totp, identity);
    if (removed) note_removal(tx, *removed);
    return removed.has_value();
}

void note_removal(Tx& tx, const Credential& credential) {
    tx.exec(forget_recovery_codes, credential.identity_id);
    tx.exec(untrust_devices_of, credential.identity_id);
    tx.emit(CredentialRemoved{credential.id, credential.identity_id, credential.type});
}

} // namespace gravity::issuer
