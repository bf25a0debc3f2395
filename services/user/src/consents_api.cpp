#include "consents_api.hpp"

#include "consents_store.hpp"
#include "problems.hpp"
#include "who.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>

namespace gravity::user {

bool TextHash::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.size() != 64 || !std::all_of(in.begin(), in.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); })) {
        why = "must be 64 hexadecimal digits, letters in lower case";
        return false;
    }
    out = in;
    return true;
}

} // namespace gravity::user

namespace gravity::user::consent_texts {

Created<ConsentText> create(Tx& tx, Body<NewConsentText> in) {
    ConsentText text;
    static_cast<NewConsentText&>(text) = *in;
    text.sha256 = TextHash::parse(hex_encode(sha256(in->text.view()))).or_throw();
    text.created_at = tx.now();
    const std::string at = "/api/v1/consent-texts/" + text.sha256.str();
    if (auto made = tx.maybe(insert_consent_text, text)) return {*std::move(made), at};
    // The same once more is the same; the words of one thing are not those of another.
    const ConsentText there = tx.one(get_consent_text, text.sha256);
    if (there.purpose != text.purpose || there.label != text.label || there.language != text.language) throw Refusal(text_exists);
    return {there, at};
}

Page<ConsentTextSummary> list(Tx& tx, Params<ListConsentTexts> query) { return tx.page(list_consent_texts, *query); }
ConsentText get(Tx& tx, Path<"sha256", TextHash> sha256) { return tx.one(get_consent_text, *sha256); }

} // namespace gravity::user::consent_texts

namespace gravity::user::consents {
namespace {

// Of whoever it is of, their id: what is left of them once they are erased, when their subject is not.
std::string actor_of(const Caller& caller, const User& user) { return caller.subject == user.subject.str() ? user.id.to_string() : caller.subject; }

Consent ended(Tx& tx, Consent consent, Timestamp at, std::string by, const std::optional<Evidence>& how, const std::optional<ConsentId>& replaced_by) {
    consent.withdrawn_at = at;
    consent.withdrawn_by = std::move(by);
    consent.withdrawal = how;
    consent.replaced_by = replaced_by;
    return tx.one(end_consent, consent);
}

// To the same text once more nothing is added; of another text for the same purpose the older consent ends where the newer one begins.
Consent given(Tx& tx, std::string by, const User& user, const NewConsent& in) {
    const auto text = tx.maybe(get_consent_text, in.text_sha256);
    if (!text) throw Refusal(no_such_text).with_faults({{"/text_sha256", "there is no such text"}});
    const auto open = tx.maybe(get_open_consent, user.id, text->purpose);
    if (open && open->text_sha256 == in.text_sha256) return *open;
    Consent consent;
    consent.id = tx.new_id<ConsentId>();
    consent.version = Version(1);
    consent.user_id = user.id;
    consent.purpose = text->purpose;
    consent.text_sha256 = in.text_sha256;
    consent.given_at = open ? std::max(tx.now(), open->given_at) : tx.now();
    consent.evidence = in.evidence;
    consent.actor = std::move(by);
    if (open) ended(tx, *open, consent.given_at, consent.actor, {}, consent.id);
    consent = tx.one(insert_consent, consent);
    tx.emit(ConsentGiven{consent.id, user.id, consent.purpose, consent.text_sha256}, user.id.to_string());
    return consent;
}

Consent withdrawn(Tx& tx, const Caller& caller, const ConsentId& id, const std::optional<Evidence>& how) {
    const User me = lock_me(tx, caller);
    const Consent before = tx.one(get_consent_of_user, id, me.id);
    if (before.withdrawn_at) return before; // who asks twice gets the same answer
    tx.emit(ConsentWithdrawn{before.id, me.id, before.purpose}, me.id.to_string());
    return ended(tx, before, tx.now(), me.id.to_string(), how, {});
}

} // namespace

Created<Consent> give(Tx& tx, Caller caller, Body<NewConsent> in) {
    const User me = lock_me(tx, caller);
    return given(tx, me.id.to_string(), me, *in);
}

Page<Consent> list_own(Tx& tx, Caller caller, Params<ListOwnConsents> query) {
    ListConsents all;
    static_cast<PageQuery&>(all) = *query;
    all.user_id = find_me(tx, caller).id;
    all.purpose = query->purpose;
    all.in_force = query->in_force;
    return tx.page(list_consents, all);
}

Consent get_own(Tx& tx, Caller caller, Path<"id", ConsentId> id) {
    return tx.one(get_consent_of_user, *id, find_me(tx, caller).id);
}

NoContent withdraw(Tx& tx, Caller caller, Path<"id", ConsentId> id) {
    withdrawn(tx, caller, *id, std::nullopt);
    return {};
}

Consent withdraw_with(Tx& tx, Caller caller, Path<"id", ConsentId> id, Body<Withdrawal> in) { return withdrawn(tx, caller, *id, in->evidence); }

Created<Consent> record(Tx& tx, Caller caller, Path<"id", UserId> id, Body<NewConsent> in) {
    const User user = lock_person(tx, *id);
    Consent consent = given(tx, actor_of(caller, user), user, *in);
    const std::string at = "/api/v1/consents/" + consent.id.to_string();
    return {std::move(consent), at};
}

Page<Consent> list(Tx& tx, Params<ListConsents> query) { return tx.page(list_consents, *query); }
Consent get(Tx& tx, Path<"id", ConsentId> id) { return tx.one(get_consent, *id); }

} // namespace gravity::user::consents
