#include "password_sign_in.hpp"

#include "credentials_store.hpp"
#include "failures.hpp"
#include "login_budgets.hpp"
#include "login_names.hpp"
#include "password_pool.hpp"
#include "reads.hpp"
#include "trusted_devices.hpp"
#include "trusted_devices_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

namespace gravity::issuer {
namespace {

constexpr int most_rounds = 4;

struct Attempt {
    std::optional<NameSought> name;
    LoginBudgets::Keys keys;
    std::string network;
    Secret<> password;
    std::optional<std::string> meant;
};

void note_failure(Tx& tx, LoginFailed failed, std::string account) {
    std::string subject = failed.identity_id ? failed.identity_id->to_string() : std::move(account);
    tx.emit(failed, std::move(subject));
}

bool note_success(Tx& tx, CredentialId credential, LoginSucceeded succeeded, std::string verified, std::string kept) {
    if (tx.exec(use_password, credential, verified, kept, tx.now()) == 0) return false;
    std::string subject = succeeded.identity_id.to_string();
    tx.emit(succeeded, std::move(subject));
    return true;
}

std::optional<LoginFailure> failure_of(const std::optional<PasswordAtDoor>& door, bool matches) {
    if (!door) return LoginFailure::unknown_name;
    if (!door->hash) return LoginFailure::no_password;
    if (!matches) return LoginFailure::wrong_password;
    if (door->state != IdentityState::active) return LoginFailure::not_active;
    return std::nullopt;
}

Task<std::optional<PasswordAtDoor>> at_door(Ctx& ctx, pg::Scope scope, std::optional<NameSought> name) {
    std::optional<PasswordAtDoor> door;
    const NameSought wanted = name.value_or(NameSought{LoginKind::username, {}}); // a text that can be no name is looked for all the same
    std::function<void(Tx&)> work = [&](Tx& tx) { door = tx.maybe(password_at_door, wanted.kind, wanted.canonical); };
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    co_return door;
}

// What was verified may have changed until it is noted: another sign-in took over an imported hash, somebody set a password. Then it is verified anew.
Task<std::optional<SignedIn>> tried(Ctx& ctx, pg::Scope scope, Attempt attempt) {
    PasswordPool& pool = ctx.get<PasswordPool>();
    for (int round = 0; round < most_rounds; ++round) {
        const auto door = co_await at_door(ctx, scope, attempt.name);
        std::string hash = door ? door->hash.value_or("") : "";
        const PasswordVerdict verdict = co_await pool.verify(ctx.deadline(), hash, attempt.password);
        if (const auto failure = failure_of(door, verdict.matches)) {
            FailedCheck check{std::string(meta::enum_name(*failure)), {}, {}, {}};
            if (door) check.identity_id = door->identity_id;
            ctx.get<Failures>().note(ctx, scope.project_id, std::move(check));
            LoginFailed failed{door ? std::optional(door->identity_id) : std::nullopt, LoginMethod::password, *failure, attempt.network};
            co_await ctx.in_scope(scope, note_failure, std::move(failed), attempt.keys.account);
            co_return std::nullopt;
        }
        if (attempt.meant && *attempt.meant != door->identity_id.to_string()) {
            LoginFailed failed{door->identity_id, LoginMethod::password, LoginFailure::not_meant, attempt.network};
            co_await ctx.in_scope(scope, note_failure, std::move(failed), attempt.keys.account);
            co_return SignedIn{door->identity_id, *door->credential_id};
        }
        LoginSucceeded succeeded{door->identity_id, *door->credential_id, LoginMethod::password, attempt.network};
        std::string kept = verdict.better.value_or(hash);
        const bool noted = co_await ctx.in_scope(scope, note_success, *door->credential_id, std::move(succeeded), std::move(hash), std::move(kept));
        if (noted) co_return SignedIn{door->identity_id, *door->credential_id};
    }
    throw Refusal(problems::conflict);
}

Task<std::optional<TrustedDevice>> device_at_door(Ctx& ctx, pg::Scope scope, std::optional<NameSought> name, std::optional<Bytes> shown) {
    if (!name) shown.reset();
    FindDevice find = [&](Tx& tx, const Bytes& hash) { return tx.maybe(device_for_name, hash, name->kind, name->canonical, now()); };
    auto device = co_await trusted_device(ctx, std::move(scope), std::move(shown), std::move(find));
    co_return device;
}

} // namespace

Task<std::optional<SignedIn>> sign_in_by_password(Ctx& ctx, pg::Scope scope, PasswordClaim claim) {
    const PasswordPool::Turn turn = ctx.get<PasswordPool>().turn(claim.device.has_value());
    LoginBudgets& budgets = ctx.get<LoginBudgets>();
    Attempt attempt;
    attempt.name = sought(claim.login_name);
    attempt.keys = budgets.keys_of(scope.project_id, attempt.name ? attempt.name->canonical : claim.login_name, claim.address);
    const auto device = co_await device_at_door(ctx, scope, attempt.name, claim.device);
    if (turn.reserved() && !device) throw PasswordPool::no_turn();
    if (device) attempt.keys = budgets.keys_of_device(scope.project_id, *device, "passwords");
    attempt.network = claim.address.network();
    attempt.password = std::move(claim.password);
    attempt.meant = std::move(claim.meant);
    const LoginBudgets::Keys keys = attempt.keys;
    co_await budgets.take(ctx, scope, keys);

    std::optional<SignedIn> signed_in;
    std::exception_ptr untried;
    try {
        signed_in = co_await tried(ctx, scope, std::move(attempt));
    } catch (const Refusal&) { // nothing was told of the password
        untried = std::current_exception();
    }
    if (signed_in || untried) co_await budgets.give_back(ctx, scope, keys);
    if (untried) std::rethrow_exception(untried);
    co_return signed_in;
}

} // namespace gravity::issuer
