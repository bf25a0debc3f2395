#include "login_flows_model.hpp"

#include <gravity/meta/errors.hpp>

namespace gravity::issuer {
namespace {

using Kind = FlowStepKind;

void add_passkey_steps(std::vector<Kind>& steps) {
    steps.push_back(Kind::passkey_challenge);
    steps.push_back(Kind::passkey);
}

std::vector<Kind> to_sign_in(const FlowFacts& facts) {
    std::vector<Kind> steps;
    if (facts.consent_due) steps.push_back(Kind::consent);
    if (facts.password_proven && facts.app) steps.push_back(Kind::totp);
    if (facts.password_proven) steps.push_back(Kind::recovery_code);
    if (facts.passkeys_offered && (facts.passkeys || !facts.password_proven)) add_passkey_steps(steps);
    steps.push_back(Kind::password); // anew, as somebody else perhaps
    return steps;
}

// Of who has lost their passkeys: codes of their app or of recovery, or time.
std::vector<Kind> to_regain(const FlowFacts& facts) {
    if (facts.may_add) return {Kind::new_password};
    std::vector<Kind> steps;
    if (facts.app) steps.push_back(Kind::totp);
    steps.push_back(Kind::recovery_code);
    if (!facts.wait_until && !facts.other_waits) steps.push_back(Kind::wait);
    return steps;
}

} // namespace

std::vector<FlowStepKind> next_steps(const FlowFacts& facts) {
    if (facts.kind == FlowKind::sign_in) return to_sign_in(facts);
    if (facts.kind == FlowKind::recovery && facts.code_proven && facts.regains) return to_regain(facts);
    if (facts.kind == FlowKind::recovery && facts.code_proven) return {Kind::new_password};
    std::vector<Kind> steps;
    if (facts.code_sent) steps.push_back(Kind::mail_code);
    steps.push_back(facts.kind == FlowKind::recovery ? Kind::address : Kind::account);
    return steps;
}

void check(const LoginStep& step, meta::Errors& errors) {
    const auto need = [&](std::string_view member, bool there) {
        if (!there) errors.reject(member, "is needed for this step");
    };
    switch (step.step) {
    case Kind::password:
    case Kind::account:
        need("login_name", step.login_name.has_value());
        need("password", step.password.has_value());
        break;
    case Kind::totp:
    case Kind::recovery_code:
    case Kind::mail_code: need("code", step.code.has_value()); break;
    case Kind::passkey: need("credential", step.credential.has_value()); break;
    case Kind::consent: need("allow", step.allow.has_value()); break;
    case Kind::address: need("login_name", step.login_name.has_value()); break;
    case Kind::new_password: need("password", step.password.has_value()); break;
    case Kind::passkey_challenge:
    case Kind::wait: break;
    }
}

} // namespace gravity::issuer
