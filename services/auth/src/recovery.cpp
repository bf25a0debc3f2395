#include "recovery.hpp"

#include "failures.hpp"
#include "identities_store.hpp"
#include "links.hpp"
#include "links_store.hpp"
#include "login_budgets.hpp"
#include "login_names.hpp"
#include "mailed_codes.hpp"
#include "mailed_codes_store.hpp"
#include "new_password.hpp"
#include "password_pool.hpp"
#include "reads.hpp"
#include "sign_in_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::recovery {
namespace {

const Duration recovery_life = Duration::minutes(30);

// What is wanted of a flow, and with which secrets.
struct Asked {
    std::optional<NameSought> name;
    std::string typed;
    FreshLink link;
    Bytes flow;
    std::optional<FreshCode> code;
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
    if (to && (!tx.maybe(lock_identity, to->identity_id) || !room_for(tx, to->identity_id, LinkPurpose::recovery))) to.reset();
    const bool by_code = kept_with(tx, asked, to);
    if (!to) return;
    const Timestamp until = tx.now() + recovery_life;
    tx.exec(insert_link, asked.link.hash, to->identity_id, LinkPurpose::recovery, to->canonical, until);
    std::optional<std::string> code;
    if (by_code) code = asked.code->code;
    tx.emit(RecoveryRequested{to->identity_id, to->value, asked.link.link, std::move(code), until}, to->identity_id.to_string());
}

bool code_proven(Tx& tx, Bytes flow, std::string kept) {
    if (!right_code(tx, flow, CodePurpose::recovery, kept)) return false;
    tx.exec(prove_mailed_code, flow, tx.now());
    return true;
}

bool set_anew(Tx& tx, Bytes flow, std::string hash) {
    const auto code = tx.maybe(take_proven_code, flow);
    if (!code || !code->identity_id) return false;
    recover(tx, *code->identity_id, code->canonical, std::move(hash));
    tx.exec(turn_flow, flow, FlowKind::sign_in);
    return true;
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
    asked.flow = flow.hash;
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

Task<bool> set_by_code(Ctx& ctx, const RunningFlow& flow, Secret<> password) {
    std::optional<Identity> identity;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        const auto code = tx.maybe(mailed_code_of, flow.hash, CodePurpose::recovery);
        if (code && code->proven_at && code->identity_id) identity = tx.maybe(get_identity, *code->identity_id);
    };
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    co_await ctx.get<Reads>().run(ctx, scope, std::move(work));
    if (!identity || identity->state != IdentityState::active) co_return false;
    check_new_password(password, *identity, ctx.get<Settings>());
    std::string hash = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), std::move(password));
    const bool done = co_await ctx.in_scope(std::move(scope), set_anew, flow.hash, std::move(hash));
    co_return done;
}

void recover(Tx& tx, IdentityId identity, const std::string& address, std::string hash) {
    set_password(tx, identity, std::move(hash));
    end_other_sessions(tx, identity, std::nullopt);
    tx.exec(delete_links, identity, LinkPurpose::recovery);
    tx.exec(delete_codes_of, identity);
    tx.exec(confirm_address, identity, address, tx.now());
    tx.emit(CredentialRecovered{identity}, identity.to_string());
}

} // namespace gravity::issuer::recovery
