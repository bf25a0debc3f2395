#include "mailed_codes_store.hpp"

namespace gravity::issuer {

const Sql<MailedCode(Bytes, CodePurpose)> mailed_code_of{"mailed_code.of", "select * from mailed_code where flow = $1 and purpose = $2"};
const Sql<std::int64_t(CodePurpose, std::string, Bytes, Timestamp)> count_mailed{"mailed_code.count", R"sql(
    select count(*) from mailed_code m join login_flow f on f.hash = m.flow
    where m.purpose = $1 and m.canonical = $2 and m.flow <> $3 and f.expires_at > $4)sql"};
const Sql<int(MailedCode)> put_mailed_code{"mailed_code.put", R"sql(
    insert into mailed_code as m (flow, purpose, canonical, value, identity_id, password, code)
    values ($flow, $purpose, $canonical, $value, $identity_id, $password, $code)
    on conflict on constraint mailed_code_pkey do update
    set purpose = excluded.purpose, canonical = excluded.canonical, value = excluded.value, identity_id = excluded.identity_id,
        password = excluded.password, code = excluded.code, sends = m.sends + 1, tries = 0, proven_at = null, factor_at = null
    returning sends)sql"};
const Sql<void(Bytes)> void_mailed_code{"mailed_code.void", "update mailed_code set code = null where flow = $1"};
const Sql<MailedCode(Bytes, CodePurpose, int)> try_mailed_code{"mailed_code.try", R"sql(
    update mailed_code set tries = tries + 1 where flow = $1 and purpose = $2 and proven_at is null and tries < $3 returning *)sql"};
const Sql<void(Bytes, Timestamp)> prove_mailed_code{"mailed_code.prove", "update mailed_code set proven_at = $2 where flow = $1"};
const Sql<void(Bytes, IdentityId, Timestamp)> note_factor_behind{"mailed_code.note_factor", R"sql(
    update mailed_code set factor_at = $3 where flow = $1 and identity_id = $2 and proven_at is not null)sql"};
const Sql<MailedCode(Bytes)> take_proven_code{"mailed_code.take_proven", R"sql(
    delete from mailed_code where flow = $1 and proven_at is not null returning *)sql"};
const Sql<void(Bytes)> delete_mailed_code{"mailed_code.delete", "delete from mailed_code where flow = $1"};
const Sql<void(IdentityId)> delete_codes_of{"mailed_code.delete_of", "delete from mailed_code where identity_id = $1"};

const Sql<IdentityId(std::string)> identity_by_address{"login_name.identity_by_address", R"sql(
    select identity_id from login_name where kind = 'email' and canonical = $1)sql"};

} // namespace gravity::issuer
