#include "api.hpp"

#include "keys_api.hpp"
#include "metadata_api.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>

namespace gravity::issuer {
namespace {

void key_routes(Router& router) {
    namespace k = keys;
    auto keys = router.collection("/api/v1/signing-keys", "signing-keys");
    keys.get<k::list>("", {.summary = "List signing keys, newest first", .scope = "signing-keys:admin"});
    keys.post<k::create>("", {.summary = "Begin with an algorithm that is not in use", .problems = {algorithm_in_use}, .scope = "signing-keys:admin"});
    keys.get<k::get>("/{kid}", {.summary = "Read what is known of a signing key", .scope = "signing-keys:admin"});
    keys.post<k::rotate>("/rotate", {.summary = "Have the next keys sign as soon as verifiers know them", .scope = "signing-keys:admin"});
    keys.post<k::revoke>("/{kid}/revoke", {.summary = "Drop a key at once: it has been lost", .problems = {key_retired}, .scope = "signing-keys:admin"});
}

void public_routes(Router& router) {
    namespace w = well_known;
    auto surface = router.surface("oauth2");
    surface.get<w::authorization_server>("/.well-known/oauth-authorization-server",
                                         {.summary = "Metadata of the authorization server (RFC 8414)", .open = "clients begin with it"});
    surface.get<w::openid_configuration>("/.well-known/openid-configuration",
                                         {.summary = "Metadata of the OpenID provider (OpenID Connect Discovery 1.0)", .open = "clients begin with it"});
    surface.get<w::jwks>("/oauth2/jwks",
                         {.summary = "Public keys that tokens are verified with (RFC 7517)", .problems = {keys_not_ready}, .open = "they are public"});
}

} // namespace

void routes(Router& router) {
    key_routes(router);
    public_routes(router);
}

} // namespace gravity::issuer
