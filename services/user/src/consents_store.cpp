#include "consents_store.hpp"

#include "problems.hpp"

namespace gravity::user {

const Sql<ConsentText(ConsentText)> insert_consent_text{"consent_text.insert", R"sql(
    insert into consent_text (sha256, purpose, label, language, text, created_at) values ($sha256, $purpose, $label, $language, $text, $created_at)
    on conflict on constraint consent_text_pkey do nothing returning *)sql"};
const Sql<ConsentText(TextHash)> get_consent_text{"consent_text.get", "select * from consent_text where sha256 = $1"};
const Sql<ConsentTextSummary(ListConsentTexts)> list_consent_texts{"consent_text.list", R"sql(
    select sha256, purpose, label, language, created_at from consent_text
    where ($purpose::text is null or purpose = $purpose) and ($language::text is null or language = $language)
      and $page(created_at desc, sha256 desc))sql"};

const Sql<Consent(Consent)> insert_consent{
    "consent.insert",
    R"sql(
    insert into consent (id, user_id, purpose, text_sha256, given_at, evidence, actor)
    values ($id, $user_id, $purpose, $text_sha256, $given_at, $evidence, $actor)
    returning *)sql",
    {{"consent_text_fkey", no_such_text}}};
const Sql<Consent(ConsentId)> get_consent{"consent.get", "select * from consent where id = $1"};
const Sql<Consent(ConsentId, UserId)> get_consent_of_user{"consent.of_user", "select * from consent where id = $1 and user_id = $2"};
const Sql<Consent(UserId, Purpose)> get_open_consent{"consent.open", "select * from consent where user_id = $1 and purpose = $2 and withdrawn_at is null"};
const Sql<Consent(Consent)> end_consent{"consent.end", R"sql(
    update consent set withdrawn_at = greatest($withdrawn_at, given_at), withdrawal = $withdrawal, withdrawn_by = $withdrawn_by, replaced_by = $replaced_by,
           version = version + 1
    where id = $id and withdrawn_at is null returning *)sql"};
const Sql<Consent(ListConsents)> list_consents{"consent.list", R"sql(
    select * from consent
    where ($user_id::uuid is null or user_id = $user_id) and ($purpose::text is null or purpose = $purpose)
      and ($in_force::boolean is null or (withdrawn_at is null) = $in_force)
      and $page(given_at desc, id desc))sql"};
const Sql<void(UserId)> forget_evidence{"consent.forget_evidence", R"sql(
    update consent set evidence = null, withdrawal = null, version = version + 1 where user_id = $1 and num_nonnulls(evidence, withdrawal) > 0)sql"};

} // namespace gravity::user
