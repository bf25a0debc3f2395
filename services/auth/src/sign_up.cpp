#include "sign_up.hpp"

#include "credentials_store.hpp"
#include "failures.hpp"
#include "identities_store.hpp"
#include "links_store.hpp"
#include "login_budgets.hpp"
#include "login_names.hpp"
#include "mailed_codes.hpp"
#include "mailed_codes_store.hpp"
#include "mails.hpp"
#include "new_password.hpp"
#include "password_pool.hpp"
#include "password_sign_in.hpp"
#include "roles_store.hpp"
#include "sign_in_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/http/ctx.hpp>

#include <stdexcept>

namespace gravity::issuer {
namespace {

const Duration told_life = Duration::minutes(30);

// Whoever has the address is told, instead of whoever typed it.
void store_wish(Tx& tx, MailedCode wish, std::string code, const Mails* mails, std::string network) {
    const auto owner = tx.maybe(identity_by_address, wish.canonical);
    if (owner) wish.code.reset();
    if (!keep_code(tx, wish)) return;
    if (owner)
        mails->send(tx, RegistrationRepeated{*owner, wish.value}, owner->to_string(), network);
    else
        mails->send(tx, RegistrationRequested{wish.value, std::move(code), tx.now() + told_life}, wish.value, network);
}

LoginName by_address(const std::string& address) {
    LoginName name;
    name.kind = LoginKind::email;
    name.value = Text<1, 254>::parse(address).or_throw();
    return name;
}

struct Newcomer {
    Bytes flow;
    std::string kept; // what was typed, as codes are kept
    std::string role;
    std::string network;
};

IdentityId make_identity(Tx& tx, const MailedCode& wish, const Newcomer& newcomer) {
    const auto id = tx.new_id<IdentityId>();
    tx.exec(insert_identity, id, FirstState::active, tx.now());
    tx.exec(insert_login_names, id, stored({by_address(wish.value)}));
    tx.emit(IdentityCreated{id, IdentityState::active});
    const Credential password = tx.one(insert_password, fresh_password(tx, id), *wish.password);
    tx.emit(CredentialAdded{password.id, id, password.type});
    tx.exec(confirm_address, id, wish.canonical, tx.now());
    tx.emit(AddressConfirmed{id, wish.canonical}, id.to_string());
    if (const auto role = tx.maybe(role_by_name, newcomer.role)) tx.exec(grant_to_identity, *role, id, tx.now());
    tx.emit(LoginSucceeded{id, password.id, LoginMethod::password, newcomer.network}, id.to_string());
    return id;
}

std::optional<IdentityId> sign_newcomer_up(Tx& tx, Newcomer newcomer) {
    const auto wish = right_code(tx, newcomer.flow, CodePurpose::registration, newcomer.kept);
    if (!wish) return std::nullopt;
    tx.exec(delete_mailed_code, newcomer.flow);
    tx.exec(turn_flow, newcomer.flow, FlowKind::sign_in);
    return make_identity(tx, *wish, newcomer);
}

} // namespace

SignUpPolicy::SignUpPolicy(const Settings& settings, bool mail_is_sent) {
    for (const std::string_view item : ascii::split(settings.sign_up_projects, ',')) {
        const std::string_view text = ascii::trim(item);
        if (text.empty()) continue;
        if (text == "*") {
            all_ = true;
            continue;
        }
        const auto project = ProjectId::parse(text);
        if (!project) throw std::invalid_argument("setting AUTH_SIGN_UP_PROJECTS: \"" + std::string(text) + "\" is no UUID");
        projects_.insert(*project);
    }
    if ((all_ || !projects_.empty()) && !*settings.links_in_events && !mail_is_sent)
        throw std::invalid_argument("setting AUTH_SIGN_UP_PROJECTS needs SMTP_URL or AUTH_LINKS_IN_EVENTS: who signs up is sent a code");
}

Task<void> ask_to_sign_up(Ctx& ctx, const RunningFlow& flow, std::string address, Secret<> password) {
    const auto email = Email::parse(address);
    const auto name = email ? sought(email->view()) : std::nullopt;
    if (!name)
        throw Refusal(problems::invalid, "This is no e-mail address.").with_faults({{"/login_name", "must be an e-mail address such as ada@example.com"}});
    Identity newcomer; // as far as it counts for a password
    newcomer.login_names.push_back(by_address(email->str()));
    check_new_password(password, newcomer, ctx.get<Settings>());
    LoginBudgets& budgets = ctx.get<LoginBudgets>();
    LoginBudgets::Keys keys = budgets.keys_of(flow.project, "registration of " + name->canonical, address_of(ctx));
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    co_await budgets.take(ctx, scope, std::move(keys)); // for good, as a link that is asked for
    FreshCode fresh = fresh_code(ctx, flow);
    MailedCode wish;
    wish.flow = flow.hash;
    wish.purpose = CodePurpose::registration;
    wish.canonical = name->canonical;
    wish.value = email->str();
    wish.password = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), password); // before anybody is looked for: it takes its time for everybody
    wish.code = std::move(fresh.kept);
    const Mails* const mails = &ctx.get<Mails>();
    std::string network = address_of(ctx).network();
    co_await ctx.in_scope(std::move(scope), store_wish, std::move(wish), std::move(fresh.code), mails, std::move(network));
}

Task<std::optional<IdentityId>> sign_up(Ctx& ctx, const RunningFlow& flow, std::string code) {
    const IpAddress address = address_of(ctx);
    LoginBudgets& budgets = ctx.get<LoginBudgets>();
    const LoginBudgets::Keys keys = budgets.keys_of(flow.project, "mailed code of " + flow.id.to_string(), address);
    pg::Scope scope = pg::Scope::project(flow.project, "browser");
    co_await budgets.take(ctx, scope, keys);
    Newcomer newcomer{flow.hash, kept_form(ctx, flow, code), ctx.get<Settings>().sign_up_role, address.network()};
    const auto made = co_await ctx.in_scope(scope, sign_newcomer_up, std::move(newcomer));
    if (made)
        co_await budgets.give_back(ctx, scope, keys);
    else
        ctx.get<Failures>().note(ctx, flow.project, {"wrong_code", "mailed to who signs up", flow.request.client_id, {}});
    co_return made;
}

} // namespace gravity::issuer
