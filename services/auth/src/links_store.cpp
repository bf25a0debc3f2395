#include "links_store.hpp"

namespace gravity::issuer {

const Sql<Addressee(std::string)> addressee_by_address{"link.addressee", R"sql(
    select i.id as identity_id, n.canonical, n.value from login_name n join identity i on i.id = n.identity_id
    where n.kind = 'email' and n.canonical = $1 and i.state = 'active')sql"};
const Sql<Addressee(IdentityId)> addresses_to_confirm{"link.to_confirm", R"sql(
    select i.id as identity_id, n.canonical, n.value from login_name n join identity i on i.id = n.identity_id
    where i.id = $1 and n.kind = 'email' and i.state = 'active'
      and not exists (select from confirmed_address a where a.identity_id = i.id and a.canonical = n.canonical)
    order by n.canonical)sql"};
const Sql<std::int64_t(IdentityId, LinkPurpose, Timestamp)> count_links{"link.count", R"sql(
    select count(*) from link where identity_id = $1 and purpose = $2 and expires_at > $3)sql"};
const Sql<void(Bytes, IdentityId, LinkPurpose, std::string, Timestamp)> insert_link{"link.insert", R"sql(
    insert into link (hash, identity_id, purpose, canonical, expires_at) values ($1, $2, $3, $4, $5))sql"};
const Sql<Link(Bytes, LinkPurpose, Timestamp)> live_link{"link.live", R"sql(
    select l.* from link l join identity i on i.id = l.identity_id
    where l.hash = $1 and l.purpose = $2 and l.expires_at > $3 and i.state = 'active')sql"};
const Sql<Link(Bytes, LinkPurpose, Timestamp)> take_link{"link.take", R"sql(
    delete from link l using identity i
    where l.hash = $1 and l.purpose = $2 and l.expires_at > $3 and i.id = l.identity_id and i.state = 'active' returning l.*)sql"};
const Sql<void(IdentityId, LinkPurpose)> delete_links{"link.delete", "delete from link where identity_id = $1 and purpose = $2"};

const Sql<void(IdentityId, std::string, Timestamp)> confirm_address{"confirmed_address.insert", R"sql(
    insert into confirmed_address (identity_id, canonical, confirmed_at)
    select n.identity_id, n.canonical, $3 from login_name n where n.identity_id = $1 and n.kind = 'email' and n.canonical = $2
    on conflict on constraint confirmed_address_pkey do nothing)sql"};
const Sql<void(IdentityId)> forget_confirmed{"confirmed_address.forget", R"sql(
    delete from confirmed_address a where a.identity_id = $1
      and not exists (select from login_name n where n.identity_id = a.identity_id and n.kind = 'email' and n.canonical = a.canonical))sql"};

const Sql<std::int64_t(Timestamp, int)> forget_links{"link.forget", R"sql(
    with gone as (delete from link where hash in (select hash from link where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
