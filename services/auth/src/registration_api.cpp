#include "registration_api.hpp"

#include "clients_api.hpp"
#include "oauth.hpp"
#include "registration_domain.hpp"

#include <optional>

namespace gravity::issuer::registration {

WebCreated register_client(Tx& tx, Caller caller, RawBody body) {
    std::optional<Registration> wanted;
    try {
        wanted = registration_of(body.content_type, body.bytes, caller);
    } catch (const oauth::Refused& refused) {
        return {oauth::error_answer(refused)};
    }
    const MadeClient made = clients::make(tx, caller, wanted->client);
    Web web = oauth::answer(registered(*wanted, made));
    web.status = 201;
    return {std::move(web)};
}

} // namespace gravity::issuer::registration
