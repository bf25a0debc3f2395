#include "recovery.hpp"

#include "failures.hpp"
#include "identities_store.hpp"
#include "links.hpp"
#include "links_store.hpp"
#include "login_budgets.hpp"
#include "login_names.hpp"
#include "mailed_codes.hpp"
#include "mailed_codes_store.hpp"
#include "mails.hpp"
#include "new_password.hpp"
#include "password_pool.hpp"
#include "reads.hpp"
#include "regain.hpp"
#include "regain_store.hpp"
#include "second_factor.hpp"
#include "sign_in_store.hpp"
#include "trusted_devices.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::recovery {
namespace {

const Duration recovery_life = Duration::minutes(30);

// What is wanted of a flow, and with which secrets.
struct Asked {
    std::optional<NameSought> name;
    std::string typed;
    FreshLink link, regain; // one of them, by what there is to recover
    Bytes flow;
    std::optional<FreshCode> code;
    const Mails* mails = nullptr;
    std::string network;
};

// Whether the code goes with the mail; kept it is in any case, so that nobody can tell.
bool kept_with(Tx& tx, const Asked& asked, const std::optional<Addressee>& to) {
    if (!asked.code) return false;
    MailedCode code;
    code.flow = asked.flow;
    code.purpose = CodePurpose::recovery;
    code.canonical = asked.name ? asked.name->canonical : asked.typed;
    code.value = asked.typed;
    if (to) {
        code.identity_id = to->identity_id;
        code.code = asked.code->kept;
    }
    return keep_code(tx, code);
}

void send_recovery(Tx& tx, Asked asked) {
    std::optional<Addressee> to;
    if (asked.name && asked.name->kind == LoginKind::email) to = tx.maybe(addressee_by_address, asked.name->canonical);
    if (to && !tx.maybe(lock_identity, to->identity_id)) to.reset();
    const bool regains = to && tx.one(has_passkeys_alone, to->identity_id);
    const LinkPurpose purpose = regains ? LinkPurpose::regain : LinkPurpose::recovery;
    if (to && !room_for(tx, to->identity_id, purpose)) to.reset();
    const bool by_code = kept_with(tx, asked, to);
    if (!to) return;
    const Timestamp until = tx.now() + recovery_life;
    const FreshLink& link = regains ? asked.regain : asked.link;
    tx.exec(insert_link, link.hash, to->identity_id, purpose, to->canonical, until);
    std::optional<std::string> code;
    if (by_code) code = asked.code->code;
    const RecoveryRequested event{to->identity_id, to->value, link.link, std::move(code), until};
    asked.mails->send(tx, event, to->identity_id.to_string(), asked.network);
}

bool code_proven(Tx& tx, Bytes flow, std::string kept) {
    if (!right_code(tx, flow, CodePurpose::recovery, kept)) return false;
    tx.exec(prove_mailed_code, flow, tx.now());
    return true;
}

// Whose code was right, by a flow, if they may sign in; locked, so that of what is done by it one thing is.
std::optional<MailedCode> proven_in(Tx& tx, const Bytes& flow) {
    const auto code = tx.maybe(mailed_code_of, flow, CodePurpose::recovery);
    if (!code || !code->proven_at || !code->identity_id) return std::nullopt;
    const auto locked = tx.maybe(lock_identity, *code->identity_id);
    if (!locked || locked->state != IdentityState::active) return std::nullopt;
    auto still = tx.maybe(mailed_code_of, flow, CodePurpose::recovery);
    if (!still || !still->proven_at || still->identity_id != code->identity_id) return std::nullopt; // the flow asked for another mail meanwhile
    return still;
}

std::optional<std::vector<std::string>> set_anew(Tx& tx, Bytes flow, std::string hash, Means means) {
    const auto code = proven_in(tx, flow);
    if (!code) return std::nullopt;
    const bool regains = tx.one(has_passkeys_alone, *code->identity_id);
    if (regains && !regain::may_add(tx, *code->identity_id, code->canonical, code->factor_at.has_value())) return std::nullopt;
    if (!tx.maybe(take_proven_code, flow)) return std::nullopt;
    std::vector<std::string> codes;
    if (regains)
        codes = regain::add_password(tx, *code->identity_id, code->canonical, std::move(hash), means);
    else
        recover(tx, *code->identity_id, code->canonical, std::move(hash), means);
    tx.exec(turn_flow, flow, FlowKind::sign_in);
    return codes;
}

// Whose factor it was: the flow may be about somebody else by now.
bool note_factor(Tx& tx, Bytes flow, IdentityId identity) { return tx.exec(note_factor_behind, flow, identity, tx.now()) == 1; }

std::optional<Regaining> begin_by_code(Tx& tx, ProjectId project, Bytes flow, Means by) {
    const auto code = proven_in(tx, flow);
    if (!code || !regain::may_wait(tx, *code->identity_id, code->canonical)) return std::nullopt;
    if (!tx.maybe(take_proven_code, flow)) return std::nullopt;
    return regain::begin_to_wait(tx, project, *code->identity_id, code->canonical, by);
}

// Whose it is that has proven their mailbox in this flow, if they may sign in.
Task<std::optional<Identity>> proven_identity(Ctx& ctx, const RunningFlow& flow) {
    std::optional<Identity> identity;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        const auto code = tx.maybe(mailed_code_of, flow.hash, CodePurpose::recovery);
        if (code && code->proven_at && code->identity_id) identity = tx.maybe(get_identity, *code->identity_id);
    };
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (identity && identity->state != IdentityState::active) identity.reset();
    co_return identity;
}

} // namespace

Task<void> ask_to_recover(Ctx& ctx, const RunningFlow& flow, std::string name, By by) {
    Asked asked;
    asked.name = sought(name);
    asked.typed = std::move(name);
    LoginBudgets& budgets = ctx.get<LoginBudgets>();
    LoginBudgets::Keys keys = budgets.keys_of(flow.project, "recovery of " + (asked.name ? asked.name->canonical : asked.typed), address_of(ctx));
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    co_await budgets.take(ctx, scope, std::move(keys)); // for good: a link that is asked for counts as a sign-in that failed
    asked.link = fresh_link(ctx.get<Settings>(), flow.project, "/login/reset");
    asked.regain = fresh_link(ctx.get<Settings>(), flow.project, "/login/regain");
    asked.flow = flow.hash;
    asked.mails = &ctx.get<Mails>();
    asked.network = address_of(ctx).network();
    if (by == By::link_and_code) asked.code = fresh_code(ctx, flow);
    co_await ctx.in_scope(std::move(scope), send_recovery, std::move(asked));
}

Task<bool> prove_code(Ctx& ctx, const RunningFlow& flow, std::string code) {
    LoginBudgets& budgets = ctx.get<LoginBudgets>();
    const LoginBudgets::Keys keys = budgets.keys_of(flow.project, "mailed code of " + flow.id.to_string(), address_of(ctx));
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    co_await budgets.take(ctx, scope, keys);
    std::string kept = kept_form(ctx, flow, code);
    const bool right = co_await ctx.in_scope(scope, code_proven, flow.hash, std::move(kept));
    if (right)
        co_await budgets.give_back(ctx, scope, keys);
    else
        ctx.get<Failures>().note(ctx, flow.project, {"wrong_code", "mailed to who has forgotten their password", flow.request.client_id, {}});
    co_return right;
}

Task<bool> prove_factor(Ctx& ctx, const RunningFlow& flow, std::string code) {
    const auto identity = co_await proven_identity(ctx, flow);
    if (!identity) co_return false;
    CodeClaim claim{identity->id, std::move(code), address_of(ctx), device_of(ctx)};
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    const auto proven = co_await prove_by_code(ctx, scope, std::move(claim));
    if (!proven) co_return false;
    const bool noted = co_await ctx.in_scope(std::move(scope), note_factor, flow.hash, identity->id);
    co_return noted;
}

Task<std::optional<Regaining>> wait_by_code(Ctx& ctx, const RunningFlow& flow) {
    Means by = means_of(ctx);
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    auto begun = co_await ctx.in_scope(std::move(scope), begin_by_code, flow.project, flow.hash, std::move(by));
    co_return begun;
}

Task<std::optional<std::vector<std::string>>> set_by_code(Ctx& ctx, const RunningFlow& flow, Secret<> password) {
    std::optional<std::vector<std::string>> codes;
    const auto identity = co_await proven_identity(ctx, flow);
    if (!identity) co_return codes;
    check_new_password(password, *identity, ctx.get<Settings>());
    std::string hash = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), std::move(password));
    Means means = means_of(ctx);
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    codes = co_await ctx.in_scope(std::move(scope), set_anew, flow.hash, std::move(hash), std::move(means));
    co_return codes;
}

void recover(Tx& tx, IdentityId identity, const std::string& address, std::string hash, const Means& means) {
    set_password(tx, identity, std::move(hash));
    end_other_sessions(tx, identity, std::nullopt);
    tx.exec(delete_links, identity, LinkPurpose::recovery);
    tx.exec(delete_codes_of, identity);
    tx.exec(confirm_address, identity, address, tx.now());
    note_recovered(tx, identity, means);
}

} // namespace gravity::issuer::recovery
