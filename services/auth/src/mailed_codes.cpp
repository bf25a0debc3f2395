#include "mailed_codes.hpp"

#include "mailed_codes_store.hpp"
#include "sign_in_store.hpp"

#include <gravity/auth/sealed.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer {
namespace {

const Duration mail_patience = Duration::minutes(30);

} // namespace

std::string kept_form(Ctx& ctx, const RunningFlow& flow, std::string_view typed) {
    return ctx.get<auth::MasterKeys>().authenticator("mailed code").sign({}, hex_encode(flow.hash.view()) + " " + typed_mailed_code(typed));
}

FreshCode fresh_code(Ctx& ctx, const RunningFlow& flow) {
    std::string code = fresh_mailed_code();
    std::string kept = kept_form(ctx, flow, code);
    return {std::move(code), std::move(kept)};
}

bool keep_code(Tx& tx, const MailedCode& code) {
    tx.exec(prolong_flow, code.flow, tx.now() + mail_patience);
    const bool often = tx.one(count_mailed, code.purpose, code.canonical, code.flow, tx.now()) >= most_mails;
    const bool sent = tx.one(put_mailed_code, code) <= most_codes_of_flow && !often;
    if (!sent) tx.exec(void_mailed_code, code.flow);
    return sent;
}

std::optional<MailedCode> right_code(Tx& tx, const Bytes& flow, CodePurpose purpose, const std::string& kept) {
    auto code = tx.maybe(try_mailed_code, flow, purpose, most_tries_of_code);
    if (!code || !code->code || !constant_time_equal(*code->code, kept)) return std::nullopt;
    return code;
}

} // namespace gravity::issuer
