#pragma once

#include "consents_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of texts that people agree to.
namespace gravity::user::consent_texts {

Created<ConsentText> create(Tx& tx, Body<NewConsentText> in);
Page<ConsentTextSummary> list(Tx& tx, Params<ListConsentTexts> query);
ConsentText get(Tx& tx, Path<"sha256", TextHash> sha256);

} // namespace gravity::user::consent_texts

/// Handlers of consents.
namespace gravity::user::consents {

/// One's own.
Created<Consent> give(Tx& tx, Caller caller, Body<NewConsent> in);
Page<Consent> list_own(Tx& tx, Caller caller, Params<ListOwnConsents> query);
Consent get_own(Tx& tx, Caller caller, Path<"id", ConsentId> id);
NoContent withdraw(Tx& tx, Caller caller, Path<"id", ConsentId> id);
Consent withdraw_with(Tx& tx, Caller caller, Path<"id", ConsentId> id, Body<Withdrawal> in);
/// Anybody's: what was said on paper or by telephone.
Created<Consent> record(Tx& tx, Caller caller, Path<"id", UserId> id, Body<NewConsent> in);
Page<Consent> list(Tx& tx, Params<ListConsents> query);
Consent get(Tx& tx, Path<"id", ConsentId> id);

} // namespace gravity::user::consents
