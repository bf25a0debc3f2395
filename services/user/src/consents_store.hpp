#pragma once

#include "consents_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of consents, by name. Their text is in consents_store.cpp and nowhere else. None deletes: what was said stays said.
namespace gravity::user {

/// Nothing where the text is there.
extern const Sql<ConsentText(ConsentText)> insert_consent_text;
extern const Sql<ConsentText(TextHash)> get_consent_text;
extern const Sql<ConsentTextSummary(ListConsentTexts)> list_consent_texts;

/// Their user is locked by whoever gives or takes back.
extern const Sql<Consent(Consent)> insert_consent;
extern const Sql<Consent(ConsentId)> get_consent;
extern const Sql<Consent(ConsentId, UserId)> get_consent_of_user;
extern const Sql<Consent(UserId, Purpose)> get_open_consent;
/// As its members say that it ended.
extern const Sql<Consent(Consent)> end_consent;
extern const Sql<Consent(ListConsents)> list_consents;
extern const Sql<void(UserId)> forget_evidence;

} // namespace gravity::user
