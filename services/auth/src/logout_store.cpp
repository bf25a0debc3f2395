#include "logout_store.hpp"

namespace gravity::issuer {

// Locked, so that it does not end meanwhile.
const Sql<void(SessionId, ClientId)> note_session_at_client{"session_client.note", R"sql(
    insert into session_client (session_id, client_id) select s.id, $2 from session s where s.id = $1 for key share
    on conflict on constraint session_client_pkey do nothing)sql"};
const Sql<SendLogout(SessionId)> logouts_to_send{"session_client.logouts", R"sql(
    select c.id as client_id, s.identity_id, s.id as session_id
    from session_client sc join session s on s.id = sc.session_id join client c on c.id = sc.client_id
    where sc.session_id = $1 and c.backchannel_logout_uri is not null and not c.disabled order by c.id)sql"};
const Sql<LogoutPlace(ClientId)> logout_place{"client.logout_place", R"sql(
    select backchannel_logout_uri, id_token_alg from client where id = $1 and backchannel_logout_uri is not null and not disabled)sql"};

} // namespace gravity::issuer
